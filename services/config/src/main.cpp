#include "assembly.hpp"

int main(int argc, char** argv) { return gravity::config::assemble(8090).run(argc, argv); }
