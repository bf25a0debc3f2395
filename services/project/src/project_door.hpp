#pragma once

#include "config.hpp"
#include "members_domain.hpp"
#include "quotas_model.hpp"

#include <gravity/async/task.hpp>
#include <gravity/http/ctx.hpp>

namespace gravity::project {

/// What somebody wants of the usage and the limits of a project.
enum class Access {
    see,       // how much is used, and how much may be
    measure,   // use, reserve
    administer // set its limits
};

/// What is known of a project, and of whoever asks about it, when they may.
struct Standing {
    bool active = true;              // neither suspended nor to be deleted
    bool administers = false;        // the caller belongs to those who administer it, or to the operator's project
    std::vector<PlanQuota> plan{};   // what its organisation's plan gives
};

/// Says who may see and set what is measured of a project (decision 67). Tokens of the project itself may, by their scopes; those of the operator's project
/// too; and its members and those of its organisation by their role, all but measuring. The database outlives it.
class ProjectDoor {
public:
    ProjectDoor(pg::Database& database, const Settings& settings) : database_(database), operator_(settings.operator_project) {}

    /// Refuses with 404 whoever is none of these, and with 403 members whose role does not do. Throws Refusal where the store is away.
    Task<Standing> enter(Ctx& ctx, const Caller& caller, const ProjectId& project, Access access) const;

private:
    pg::Database& database_;
    std::optional<ProjectId> operator_;
};

} // namespace gravity::project
