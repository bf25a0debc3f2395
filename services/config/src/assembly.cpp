#include "assembly.hpp"

#include "api.hpp"
#include "attendance.hpp"
#include "config.hpp"
#include "config_migrations.hpp"
#include "departure.hpp"
#include "discovery_health.hpp"
#include "forget_audit_job.hpp"
#include "forget_job.hpp"
#include "git_job.hpp"
#include "memory.hpp"
#include "people.hpp"
#include "rollout_job.hpp"
#include "seal_anew_job.hpp"
#include "secrets.hpp"
#include "watching.hpp"

#include <gravity/async/coroutine.hpp>
#include <gravity/http/origin.hpp>

#include <stdexcept>

namespace gravity::config {

namespace {

/// Of its own, or else the platform's.
std::optional<auth::MasterKeys> master_keys(const app::Runtime& runtime) {
    const Settings& settings = runtime.resources.get<Settings>();
    const auth::MasterKeys* platforms = runtime.resources.find<auth::MasterKeys>();
    if (!settings.master_key) return platforms == nullptr ? std::nullopt : std::optional(*platforms);
    auto keys = auth::MasterKeys::parse(settings.master_key->reveal());
    if (!keys) throw std::invalid_argument("CONFIG_MASTER_KEY " + keys.why());
    return *std::move(keys);
}

std::shared_ptr<Memory> remembering(app::Runtime& runtime, Watching& watching) {
    const Settings& settings = runtime.resources.get<Settings>();
    const Memory::Limits limits{std::size_t(settings.memory_mib.value()) * 1024 * 1024, std::chrono::seconds(settings.serve_stale_seconds.value())};
    auto memory = std::make_shared<Memory>(*runtime.database, [&watching] { return watching.listening(); }, limits);
    watching.remember_in(memory);
    return memory;
}

/// The plain settings are served all the same, so nobody is sent elsewhere.
Task<std::optional<std::string>> secrets_probe(std::shared_ptr<Vault> vault) {
    if (!vault->found_closed()) co_return std::nullopt;
    co_return "secrets do not open: the master key (CONFIG_MASTER_KEY) is missing, or another";
}

void provide(app::Runtime& runtime) {
    const Settings& settings = runtime.resources.get<Settings>();
    auto vault = std::make_shared<Vault>(master_keys(runtime));
    runtime.resources.put(vault);
    runtime.health.add("secrets", app::Health::Kind::optional, [vault] { return secrets_probe(vault); });
    auto watching = std::make_shared<Watching>(runtime, *vault);
    runtime.resources.put(watching);
    runtime.resources.put(remembering(runtime, *watching));
    const bool asks = runtime.settings.discovery_mode == app::DiscoveryMode::consul;
    runtime.resources.put(std::make_shared<DiscoveryHealth>(runtime.io, asks ? runtime.settings.discovery_url : std::string(),
                                                            runtime.settings.discovery_token));
    runtime.resources.put(std::make_shared<Attendance>(*runtime.database));
    runtime.resources.put(std::make_shared<GitPuller>(settings));
    runtime.resources.put(std::make_shared<Departure>());
    runtime.resources.put(std::make_shared<http::TrustedProxies>(settings.trusted_proxies, "CONFIG_TRUSTED_PROXIES"));
}

Task<void> keep_memory(app::Runtime& runtime) { return runtime.resources.get<Memory>().run(); }
Task<void> keep_attendance(app::Runtime& runtime) { return runtime.resources.get<Attendance>().run(); }
Task<void> send_watchers_away(app::Runtime& runtime) {
    runtime.resources.get<Departure>().leave();
    co_return;
}
Task<void> write_attendance(app::Runtime& runtime) { return runtime.resources.get<Attendance>().write(); }

} // namespace

Service assemble(std::uint16_t port) {
    Service service{"config", port};
    service.settings<Settings>("CONFIG_")
        .postgres(config_migrations())
        .access_keys()
        .routes(routes)
        .job(forget_unseen)
        .job(forget_old_audit)
        .job(pull_git)
        .job(find_pulls)
        .job(seal_anew)
        .job(look)
        .job(find_rollouts)
        .schedule("*/5 * * * *", FindRollouts{}, {.each_project = true})
        .schedule("51 * * * *", FindPulls{}, {.each_project = true})
        .schedule("4 * * * *", SealAnew{}, {.each_project = true})
        .schedule("29 3 * * *", ForgetAudit{}, {.each_project = true})
        .schedule("17 * * * *", ForgetInstances{}, {.each_project = true})
        .provision(provide)
        .background(keep_memory)
        .background(keep_attendance)
        .on_drain(send_watchers_away)
        .on_drain(write_attendance);
    keeps_personal_data(service, {erase_person, nullptr, collect_person});
    return service;
}

} // namespace gravity::config
