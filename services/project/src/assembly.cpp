#include "assembly.hpp"

#include "api.hpp"
#include "config.hpp"
#include "deletion_job.hpp"
#include "deletions_api.hpp"
#include "forget_usage.hpp"
#include "invitations_model.hpp"
#include "key_door.hpp"
#include "project_door.hpp"
#include "project_migrations.hpp"
#include "registered_services.hpp"

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
    runtime.resources.put(std::make_shared<KeyDoor>(*runtime.database, settings));
    runtime.resources.put(std::make_shared<ProjectDoor>(*runtime.database, settings));
    runtime.resources.put(std::make_shared<OwnDatabase>(*runtime.database));
    runtime.resources.put(std::make_shared<RegisteredServices>(runtime.io, runtime.settings, settings));
    runtime.resources.put(std::make_shared<ProofKey>(proof_key(settings)));
}

} // namespace

Service assemble(std::uint16_t port) {
    Service service{"project", port};
    service.settings<Settings>("PROJECT_")
        .postgres(project_migrations())
        .routes(routes)
        .calls<IdentityProvider>()
        .job(forget_usage)
        .job(delete_projects)
        .schedule("41 3 * * *", ForgetUsage{}, {.each_project = true})
        .schedule("7,22,37,52 * * * *", DeleteProjects{}, {.each_project = true})
        .provision(provide);
    return service;
}

} // namespace gravity::project
