#include "clones_api.hpp"

#include "access.hpp"
#include "api_keys.hpp"
#include "api_keys_domain.hpp"
#include "api_keys_store.hpp"
#include "audit.hpp"
#include "audit_store.hpp"
#include "members.hpp"
#include "meters_store.hpp"
#include "problems.hpp"
#include "projects_domain.hpp"
#include "projects_store.hpp"
#include "quotas_store.hpp"

#include <gravity/async/coroutine.hpp>

#include <exception>

namespace gravity::project::clones {
namespace {

constexpr int most_cloned_keys = 200;

// What the first project is at this moment: whoever changes it meanwhile changes it before or after.
Project checked(Tx& tx, const Caller& caller, const ProjectId& id) {
    const Project project = tx.one(get_project, id);
    check_access_beyond(tx, caller, project, Right::administer); // the new one is the organisation's
    check_stays(project);
    return project;
}

// As many as can be shown, and none that whoever asks could not make.
std::vector<ApiKey> reissuable(const Caller& caller, std::vector<ApiKey> keys) {
    if (keys.size() > most_cloned_keys) throw Refusal(too_many_keys);
    for (const ApiKey& key : keys) check_scopes(caller, key.scopes);
    return keys;
}

std::vector<ApiKey> keys_to_reissue(Tx& tx, const Caller& caller, const ProjectId& project) {
    return reissuable(caller, tx.all(live_keys, project, tx.now(), most_cloned_keys + 1));
}

ReissuedApiKey reissue(Tx& tx, const Actor& caller, const ApiKey& key, const ProjectId& project, const EnvironmentName& environment) {
    NewApiKey like = key;
    like.project_id = project;
    like.env = environment;
    ReissuedApiKey reissued;
    static_cast<MadeApiKey&>(reissued) = make_api_key(tx, caller, like);
    reissued.reissued_from = key.id;
    tx.emit(ApiKeyCreated{reissued.id, project, environment});
    record_of_key(tx, caller, "api_key.created", reissued, json::to_document(like));
    return reissued;
}

void look(Tx& tx, const Caller& caller, const ProjectId& id, bool keys) {
    checked(tx, caller, id);
    if (keys) keys_to_reissue(tx, caller, id);
}

MeasuredSetup setup_of(Tx& tx) {
    MeasuredSetup setup{tx.all(all_meters), {}};
    std::vector<MeterId> ids;
    for (const Meter& meter : setup.meters) ids.push_back(meter.id);
    setup.quotas = tx.all(quotas_of, ids);
    return setup;
}

void put_setup(Tx& tx, const Actor& by, const MeasuredSetup& setup) {
    for (Meter meter : setup.meters) {
        const MeterId first = meter.id;
        meter.id = tx.new_id<MeterId>();
        meter.created_at = meter.updated_at = tx.now();
        meter = tx.one(insert_meter, meter);
        record(tx, by, {.action = "meter.created", .project = tx.project(), .target = meter.slug.str(), .details = json::to_document<NewMeter>(meter)});
        for (QuotaRow quota : setup.quotas) {
            if (quota.meter_id != first) continue;
            quota.meter_id = meter.id;
            quota.created_at = quota.updated_at = tx.now();
            tx.one(save_quota, quota);
            record(tx, by, {.action = "quota.set", .project = tx.project(), .target = meter.slug.str(), .details = json::to_document<QuotaEdit>(quota)});
        }
    }
}

void remove_setup(Tx& tx, const MeasuredSetup& setup) {
    for (const Meter& meter : setup.meters)
        if (const auto present = tx.maybe(get_meter, meter.slug)) tx.exec(delete_meter, present->id);
    tx.one(forget_audit);
}

ClonedProject cloned(Tx& tx, const Actor& caller, const ProjectId& first_id, const CloneProject& wanted, const ProjectId& id) {
    const Project first = checked(tx, caller, first_id);
    const std::vector<ApiKey> keys = *wanted.keys ? keys_to_reissue(tx, caller, first_id) : std::vector<ApiKey>();
    Project row;
    static_cast<ProjectEdit&>(row) = wanted;
    row.organization_id = first.organization_id;
    row.id = id;
    row.created_at = row.updated_at = tx.now();
    ClonedProject made;
    static_cast<Project&>(made) = tx.one(insert_project, row);
    tx.exec(list_project_in_directory, id);
    tx.exec(copy_environments, first_id, id, tx.now());
    tx.emit(ProjectCreated{id, first.organization_id});
    Json details = json::to_document<ProjectEdit>(wanted);
    details["cloned_from"] = first_id.to_string();
    record(tx, caller, {.action = "project.created", .organization = first.organization_id, .project = id, .target = id.to_string(), .details = details});
    for (const ApiKey& key : keys) made.keys.push_back(reissue(tx, caller, key, id, key.env));
    return made;
}

} // namespace

// What is measured lies in another scope than the project itself (decision 67), so this is more than one transaction. The meters come first, under an id that
// nobody knows yet: there is no moment at which the new project counts without its limits.
Task<Created<ClonedProject>> create(Ctx& ctx, Actor caller, Path<"id", ProjectId> id, Body<CloneProject> in) {
    const ProjectId first = *id, made_id = ProjectId::fresh();
    const CloneProject wanted = *in;
    const bool keys = *wanted.keys;
    co_await ctx.transaction(look, caller, first, keys);
    const pg::Scope old_scope = pg::Scope::project(first, caller.subject), new_scope = pg::Scope::project(made_id, caller.subject);
    const MeasuredSetup setup = co_await ctx.in_scope(old_scope, setup_of);
    co_await ctx.in_scope(new_scope, put_setup, caller, setup);
    std::optional<ClonedProject> made;
    std::exception_ptr refused;
    try {
        made = co_await ctx.transaction(cloned, caller, first, wanted, made_id);
    } catch (const Refusal&) {
        refused = std::current_exception();
    }
    if (refused) {
        co_await ctx.in_scope(new_scope, remove_setup, setup);
        std::rethrow_exception(refused);
    }
    std::string location = "/api/v1/projects/" + made_id.to_string();
    co_return Created<ClonedProject>(*std::move(made), std::move(location));
}

Created<ClonedEnvironment> create_environment(Tx& tx, Actor caller, Path<"id", ProjectId> id, Path<"name", EnvironmentName> name, Body<CloneEnvironment> in) {
    const HeldProject held = project_behind_lock(tx, caller, *id);
    check_right(held.own, Right::administer);
    const Environment first = tx.one(lock_environment, *id, *name);
    if (held.project.state != ProjectState::active) throw Refusal(project_not_active); // no key is made for one that is not
    std::vector<ApiKey> keys;
    if (*in->keys) keys = reissuable(caller, tx.all(live_keys_in, *id, *name, tx.now(), most_cloned_keys + 1));
    Environment row;
    row.project_id = *id;
    row.name = in->name;
    row.kind = in->kind.value_or(first.kind);
    row.created_at = row.updated_at = tx.now();
    ClonedEnvironment made;
    static_cast<Environment&>(made) = tx.one(insert_environment, row);
    Json details = json::to_document<EnvironmentEdit>(row);
    details["cloned_from"] = name->str();
    record(tx, caller,
           {.action = "environment.created", .organization = held.project.organization_id, .project = *id, .target = row.name.str(), .details = details});
    for (const ApiKey& key : keys) made.keys.push_back(reissue(tx, caller, key, *id, row.name));
    std::string location = "/api/v1/projects/" + id->to_string() + "/environments/" + row.name.str();
    return {std::move(made), std::move(location)};
}

} // namespace gravity::project::clones
