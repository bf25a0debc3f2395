#include "assembly.hpp"

int main(int argc, char** argv) { return gravity::issuer::assemble(8081).run(argc, argv); }
