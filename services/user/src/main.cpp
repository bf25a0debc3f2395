#include "assembly.hpp"

int main(int argc, char** argv) { return gravity::user::assemble(8082).run(argc, argv); }
