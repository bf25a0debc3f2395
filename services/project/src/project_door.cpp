#include "project_door.hpp"

#include "problems.hpp"
#include "project_members_store.hpp"
#include "projects_store.hpp"
#include "quotas_store.hpp"
#include "reads.hpp"

#include <gravity/async/coroutine.hpp>

namespace gravity::project {
namespace {

Right right_for(Access access) { return access == Access::administer ? Right::administer : Right::see; }

/// What is read among the rows of those who administer.
struct Found {
    std::optional<Project> project;
    std::optional<MemberRole> role;
    std::vector<PlanQuota> plan;
};

// Whoever measures asks with each report: their role, which decides nothing then, is not looked for.
Found found_of(Tx& tx, const ProjectId& id, const std::optional<std::string>& member) {
    Found found;
    found.project = tx.maybe(get_project, id);
    if (!found.project) return found;
    if (member) found.role = tx.maybe(role_in_project, id, *member);
    found.plan = tx.all(plan_of_project, id);
    return found;
}

} // namespace

Task<Standing> ProjectDoor::enter(Ctx& ctx, const Caller& caller, const ProjectId& project, Access access) const {
    std::optional<ProjectId> home;
    std::function<void(Tx&)> find = [&](Tx& tx) { home = tx.maybe(home_of_project, project); };
    pg::Scope everybody = pg::Scope::system("who administers a project");
    co_await look_up(database_, ctx, std::move(everybody), std::move(find));

    const bool own = caller.project == project, operates = operator_ == caller.project;
    if (!home) { // nobody administers it here: tokens of another issuer, or of a platform without organisations
        if (!own) throw Refusal(problems::not_found);
        co_return Standing{};
    }
    std::optional<std::string> as_member;
    if (!own && !operates && home == caller.project && access != Access::measure) as_member = caller.subject;
    Found found;
    std::function<void(Tx&)> read = [&](Tx& tx) { found = found_of(tx, project, as_member); };
    pg::Scope of_home = pg::Scope::project(*home, caller.subject);
    co_await look_up(database_, ctx, std::move(of_home), std::move(read));

    if (!found.project || !(own || operates || found.role)) throw Refusal(problems::not_found);
    if (found.project->deleting_at && access != Access::see) throw Refusal(project_not_active);
    if (!own && !operates) check_right(*found.role, right_for(access));
    Standing standing;
    standing.active = found.project->state == ProjectState::active;
    standing.administers = operates || home == caller.project;
    standing.plan = std::move(found.plan);
    co_return standing;
}

} // namespace gravity::project
