#include "assembly.hpp"

#include "api.hpp"
#include "config.hpp"
#include "config_migrations.hpp"
#include "people.hpp"
#include "secrets.hpp"
#include "watching.hpp"

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
}

} // namespace

Service assemble(std::uint16_t port) {
    Service service{"config", port};
    service.settings<Settings>("CONFIG_").postgres(config_migrations()).access_keys().routes(routes).provision(provide);
    keeps_personal_data(service, {erase_person, collect_person});
    return service;
}

} // namespace gravity::config
