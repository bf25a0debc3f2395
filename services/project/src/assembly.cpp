#include "assembly.hpp"

#include "api.hpp"
#include "config.hpp"
#include "forget_usage.hpp"
#include "invitations_model.hpp"
#include "key_door.hpp"
#include "project_door.hpp"
#include "project_migrations.hpp"

namespace gravity::project {
namespace {

void provide(app::Runtime& runtime) {
    const Settings& settings = runtime.resources.get<Settings>();
    runtime.resources.put(std::make_shared<KeyDoor>(*runtime.database, settings));
    runtime.resources.put(std::make_shared<ProjectDoor>(*runtime.database, settings));
}

} // namespace

Service assemble(std::uint16_t port) {
    Service service{"project", port};
    service.settings<Settings>("PROJECT_")
        .postgres(project_migrations())
        .routes(routes)
        .calls<IdentityProvider>()
        .job(forget_usage)
        .schedule("41 3 * * *", ForgetUsage{}, {.each_project = true})
        .provision(provide);
    return service;
}

} // namespace gravity::project
