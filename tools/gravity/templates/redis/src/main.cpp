#include "api.hpp"
#include "store.hpp"

#include <gravity/service.hpp>

int main(int argc, char** argv) {
    return gravity::Service{"@service@", @port@}.provision(gravity::@id@::provision).routes(gravity::@id@::routes).run(argc, argv);
}
