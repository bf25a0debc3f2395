#include "@id@_migrations.hpp"
#include "api.hpp"

#include <gravity/service.hpp>

int main(int argc, char** argv) {
    return gravity::Service{"@service@", @port@}.postgres(gravity::@id@_migrations()).routes(gravity::@id@::routes).run(argc, argv);
}
