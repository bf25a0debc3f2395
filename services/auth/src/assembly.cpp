#include "assembly.hpp"

#include "api.hpp"
#include "auth_migrations.hpp"
#include "config.hpp"
#include "keyring.hpp"
#include "keys_schedule.hpp"
#include "metadata.hpp"

#include <gravity/async/coroutine.hpp>

#include <stdexcept>

namespace gravity::issuer {
namespace {

void provide(app::Runtime& runtime) {
    if (!runtime.settings.master_key) throw std::invalid_argument("setting MASTER_KEY is required: signing keys are sealed under it");
    const Settings& settings = runtime.resources.get<Settings>();
    runtime.resources.put(std::make_shared<Metadata>(metadata_of(settings)));
    auto keyring = std::make_shared<Keyring>(runtime.resources.get<auth::MasterKeys>());
    auto schedule = std::make_shared<KeySchedule>(*runtime.database, *keyring, settings);
    runtime.health.add("signing-keys", app::Health::Kind::required, [schedule] { return schedule->probe(); });
    runtime.resources.put(std::move(keyring));
    runtime.resources.put(std::move(schedule));
}

Task<void> keep_keys(app::Runtime& runtime) { return runtime.resources.get<KeySchedule>().run(); }

} // namespace

Service assemble(std::uint16_t port) {
    Service service{"auth", port};
    service.settings<Settings>("AUTH_").postgres(auth_migrations()).routes(routes).provision(provide).background(keep_keys);
    return service;
}

} // namespace gravity::issuer
