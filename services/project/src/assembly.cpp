#include "assembly.hpp"

#include "actor.hpp"
#include "api.hpp"
#include "config.hpp"
#include "deletion_job.hpp"
#include "deletions_api.hpp"
#include "forget_usage.hpp"
#include "invitations_model.hpp"
#include "key_door.hpp"
#include "known_keys.hpp"
#include "last_uses.hpp"
#include "people.hpp"
#include "project_door.hpp"
#include "project_migrations.hpp"
#include "registered_services.hpp"
#include "report_keys.hpp"
#include "service_routes.hpp"
#include "usage_announced.hpp"
#include "usage_intake.hpp"

#include <gravity/async/coroutine.hpp>

#include <fstream>
#include <iterator>
#include <stdexcept>

namespace gravity::project {
namespace {

ProofKey proof_key(const Settings& settings) {
    if (!settings.proof_key_file) return {};
    std::ifstream in(*settings.proof_key_file);
    if (!in) throw std::invalid_argument("setting PROJECT_PROOF_KEY_FILE: cannot be read");
    const std::string pem{std::istreambuf_iterator<char>(in), {}};
    auto signer = auth::Signer::from_pem(pem);
    if (!signer) throw std::invalid_argument("setting PROJECT_PROOF_KEY_FILE: " + signer.why());
    return {*signer};
}

void provide(app::Runtime& runtime) {
    const Settings& settings = runtime.resources.get<Settings>();
    auto uses = std::make_shared<LastUses>(*runtime.database);
    auto known = std::make_shared<KnownKeys>(runtime.io, runtime.settings.database_url->reveal());
    runtime.resources.put(std::make_shared<KeyDoor>(*runtime.database, *uses, *known, settings));
    runtime.resources.put(std::move(known));
    runtime.resources.put(std::make_shared<ProjectDoor>(*runtime.database, settings));
    runtime.resources.put(std::make_shared<UsageIntake>(*runtime.database));
    runtime.resources.put(std::move(uses));
    runtime.resources.put(std::make_shared<OwnDatabase>(*runtime.database));
    auto registered = std::make_shared<RegisteredServices>(runtime.io, runtime.settings, settings);
    runtime.resources.put(std::make_shared<ServiceRoutes>(*registered, runtime.resources.get<discovery::Neighbours>()));
    runtime.resources.put(std::move(registered));
    runtime.resources.put(std::make_shared<ProofKey>(proof_key(settings)));
    runtime.resources.put(std::make_shared<TrustedProxies>(settings.trusted_proxies, "PROJECT_TRUSTED_PROXIES"));
    runtime.resources.put(std::make_shared<ReportKeySource>(runtime.io, settings));
}

Task<void> keep_last_uses(app::Runtime& runtime) { return runtime.resources.get<LastUses>().run(); }
Task<void> write_last_uses(app::Runtime& runtime) { return runtime.resources.get<LastUses>().write(); }

} // namespace

Service assemble(std::uint16_t port) {
    Service service{"project", port};
    service.settings<Settings>("PROJECT_")
        .postgres(project_migrations())
        .routes(routes)
        .calls<IdentityProvider>()
        .consume(count_announced)
        .job(forget_usage)
        .job(delete_projects)
        .schedule("41 3 * * *", ForgetUsage{}, {.each_project = true})
        .schedule("7,22,37,52 * * * *", DeleteProjects{}, {.each_project = true})
        .provision(provide)
        .background(keep_last_uses)
        .on_drain(write_last_uses);
    keeps_personal_data(service, {erase_person, nullptr, collect_person});
    return service;
}

} // namespace gravity::project
