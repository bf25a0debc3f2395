#include "assembly.hpp"

int main(int argc, char** argv) { return gravity::project::assemble(8080).run(argc, argv); }
