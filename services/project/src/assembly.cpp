#include "assembly.hpp"

#include "api.hpp"
#include "config.hpp"
#include "key_door.hpp"
#include "project_migrations.hpp"

namespace gravity::project {
namespace {

void provide(app::Runtime& runtime) {
    runtime.resources.put(std::make_shared<KeyDoor>(*runtime.database, runtime.resources.get<Settings>()));
}

} // namespace

Service assemble(std::uint16_t port) {
    Service service{"project", port};
    service.settings<Settings>("PROJECT_").postgres(project_migrations()).routes(routes).provision(provide);
    return service;
}

} // namespace gravity::project
