#include "deletions_api.hpp"

#include "access.hpp"
#include "deletions_domain.hpp"
#include "deletions_store.hpp"
#include "projects_store.hpp"

#include <gravity/async/coroutine.hpp>
#include <gravity/json/json.hpp>

namespace gravity::project::deletions {

Deletion get(Tx& tx, Caller caller, Path<"id", ProjectId> id, Given<ProofKey> key) {
    const Project project = tx.one(get_project, *id);
    check_access(tx, caller, project.id, Right::administer);
    if (!project.delete_after) throw Refusal(problems::not_found);
    Deletion deletion = deletion_of(project, tx.all(tasks_of, project.id));
    if (deletion.finished_at && key->signer) deletion.proof = proof_of(deletion, *key->signer);
    return deletion;
}

Task<Json> proof_keys(Ctx&, Given<ProofKey> key) {
    if (!key->signer) co_return Json::object({{"keys", Json::array()}});
    co_return Json::parse(key->signer->jwks()).or_throw();
}

} // namespace gravity::project::deletions
