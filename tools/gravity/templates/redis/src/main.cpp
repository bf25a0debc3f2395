#include "api.hpp"

#include <gravity/service.hpp>

int main(int argc, char** argv) { return gravity::Service{"@service@", @port@}.redis().routes(gravity::@id@::routes).run(argc, argv); }
