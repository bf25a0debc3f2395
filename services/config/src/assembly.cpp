#include "assembly.hpp"

#include "api.hpp"
#include "attendance.hpp"
#include "config.hpp"
#include "config_migrations.hpp"
#include "forget_job.hpp"
#include "people.hpp"
#include "rollout_job.hpp"
#include "secrets.hpp"
#include "watching.hpp"

#include <gravity/async/coroutine.hpp>

#include <stdexcept>

namespace gravity::config {

namespace {

std::optional<auth::MasterKeys> master_keys(const Settings& settings) {
    if (!settings.master_key) return std::nullopt;
    auto keys = auth::MasterKeys::parse(settings.master_key->reveal());
    if (!keys) throw std::invalid_argument("CONFIG_MASTER_KEY " + keys.why());
    return *std::move(keys);
}

void provide(app::Runtime& runtime) {
    auto vault = std::make_shared<Vault>(master_keys(runtime.resources.get<Settings>()));
    runtime.resources.put(vault);
    runtime.resources.put(std::make_shared<Watching>(runtime, *vault));
    runtime.resources.put(std::make_shared<Attendance>(*runtime.database));
}

Task<void> keep_attendance(app::Runtime& runtime) { return runtime.resources.get<Attendance>().run(); }
Task<void> write_attendance(app::Runtime& runtime) { return runtime.resources.get<Attendance>().write(); }

} // namespace

Service assemble(std::uint16_t port) {
    Service service{"config", port};
    service.settings<Settings>("CONFIG_")
        .postgres(config_migrations())
        .access_keys()
        .routes(routes)
        .job(forget_unseen)
        .job(look)
        .job(find_rollouts)
        .schedule("*/5 * * * *", FindRollouts{}, {.each_project = true})
        .schedule("17 * * * *", ForgetInstances{}, {.each_project = true})
        .provision(provide)
        .background(keep_attendance)
        .on_drain(write_attendance);
    keeps_personal_data(service, {erase_person, collect_person});
    return service;
}

} // namespace gravity::config
