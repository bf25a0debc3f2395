#include "projects_api.hpp"

#include "access.hpp"
#include "api_keys_store.hpp"
#include "audit.hpp"
#include "known_keys.hpp"
#include "organizations_store.hpp"
#include "problems.hpp"
#include "projects_domain.hpp"
#include "projects_store.hpp"

namespace gravity::project {
namespace {

Project seen(Tx& tx, const Caller& caller, const ProjectId& id, Right right) {
    Project project = tx.one(get_project, id);
    check_access(tx, caller, id, right);
    return project;
}

// Access first: a stranger makes nobody wait. It is looked at again behind the lock, for the project may be another organisation's by then.
Project locked(Tx& tx, const Caller& caller, const ProjectId& id, Right right, const IfMatch& expected) {
    seen(tx, caller, id, right);
    Project project = tx.one(lock_project, id);
    check_access(tx, caller, id, right);
    return expected.check(std::move(project));
}

Project save(Tx& tx, Project project) {
    project.updated_at = tx.now();
    return tx.one(save_project, project);
}

void note_project(Tx& tx, const Actor& by, std::string_view action, const Project& project, Json details = Json::object()) {
    forget_known_keys(tx); // whether they are good, and on which plan, is their project's
    record(tx, by,
           {.action = action, .organization = project.organization_id, .project = project.id, .target = project.id.to_string(), .details = std::move(details)});
}

void note_environment(Tx& tx, const Actor& by, std::string_view action, const Project& of, const EnvironmentName& environment, Json details = Json::object()) {
    record(tx, by, {.action = action, .organization = of.organization_id, .project = of.id, .target = environment.str(), .details = std::move(details)});
}

Environment add(Tx& tx, const ProjectId& project, const NewEnvironment& wanted) {
    Environment row;
    static_cast<NewEnvironment&>(row) = wanted;
    row.project_id = project;
    row.created_at = row.updated_at = tx.now();
    return tx.one(insert_environment, row);
}

} // namespace

namespace projects {

Created<Project> create(Tx& tx, Actor caller, Body<NewProject> in) {
    const auto role = tx.maybe(role_of, in->organization_id, caller.subject);
    if (!role) throw Refusal(no_such_organization);
    check_right(*role, Right::administer);
    Project row;
    static_cast<NewProject&>(row) = *in;
    row.id = tx.new_id<ProjectId>();
    row.created_at = row.updated_at = tx.now();
    row = tx.one(insert_project, row);
    tx.exec(list_project_in_directory, row.id);
    add(tx, row.id, {{EnvironmentKind::development}, "development"});
    add(tx, row.id, {{EnvironmentKind::staging}, "staging"});
    add(tx, row.id, {{EnvironmentKind::production}, "production"});
    tx.emit(ProjectCreated{row.id, row.organization_id});
    note_project(tx, caller, "project.created", row, json::to_document(*in));
    return row;
}

Page<Project> list(Tx& tx, Caller caller, Params<ListProjects> query) { return tx.page(list_projects, *query, caller.subject); }
Project get(Tx& tx, Caller caller, Path<"id", ProjectId> id) { return seen(tx, caller, *id, Right::see); }

Project update(Tx& tx, Actor caller, Path<"id", ProjectId> id, Patch<ProjectEdit> patch, IfMatch expected) {
    Project project = locked(tx, caller, *id, Right::administer, expected);
    check_not_deleted(project);
    static_cast<ProjectEdit&>(project) = patch.apply(project);
    note_project(tx, caller, "project.changed", project, patch.document());
    return save(tx, std::move(project));
}

Project suspend(Tx& tx, Actor caller, Path<"id", ProjectId> id, IfMatch expected) {
    Project project = locked(tx, caller, *id, Right::administer, expected);
    if (!project::suspend(project, tx.now())) return project;
    tx.emit(ProjectSuspended{project.id});
    note_project(tx, caller, "project.suspended", project);
    return save(tx, std::move(project));
}

Project resume(Tx& tx, Actor caller, Path<"id", ProjectId> id, IfMatch expected) {
    Project project = locked(tx, caller, *id, Right::administer, expected);
    if (!project::resume(project)) return project;
    tx.emit(ProjectResumed{project.id});
    note_project(tx, caller, "project.resumed", project);
    return save(tx, std::move(project));
}

NoContent remove(Tx& tx, Actor caller, Path<"id", ProjectId> id, IfMatch expected, Given<Settings> settings) {
    Project project = locked(tx, caller, *id, Right::own, expected);
    if (!request_deletion(project, tx.now(), settings->undo_days)) return {};
    tx.emit(ProjectDeletionRequested{project.id, *project.delete_after});
    note_project(tx, caller, "project.deletion_requested", project);
    save(tx, std::move(project));
    return {};
}

Project restore(Tx& tx, Actor caller, Path<"id", ProjectId> id, IfMatch expected) {
    Project project = locked(tx, caller, *id, Right::own, expected);
    project::restore(project, tx.now());
    project = save(tx, std::move(project));
    tx.emit(ProjectRestored{project.id, project.state});
    note_project(tx, caller, "project.restored", project);
    return project;
}

Project transfer(Tx& tx, Actor caller, Path<"id", ProjectId> id, Body<TransferProject> in, IfMatch expected) {
    Project project = locked(tx, caller, *id, Right::own, expected);
    check_access_beyond(tx, caller, project, Right::own); // it is the organisation that gives it away
    const auto role = tx.maybe(role_of, in->organization_id, caller.subject);
    if (!role) throw Refusal(no_such_organization);
    check_right(*role, Right::administer);
    check_stays(project);
    if (project.organization_id == in->organization_id) return project;
    tx.emit(ProjectTransferred{project.id, project.organization_id, in->organization_id});
    const Json to = json::to_document(*in);
    note_project(tx, caller, "project.transferred", project, to); // both read of it: who gives, and who is given
    project.organization_id = in->organization_id;
    note_project(tx, caller, "project.transferred", project, to);
    project.updated_at = tx.now();
    return tx.one(move_project, project);
}

} // namespace projects

namespace environments {

Created<Environment> create(Tx& tx, Actor caller, Path<"id", ProjectId> id, Body<NewEnvironment> in) {
    const Project project = seen(tx, caller, *id, Right::administer);
    check_not_deleted(project);
    Environment made = add(tx, *id, *in);
    check_access(tx, caller, *id, Right::administer); // whoever changes the project is waited for: it may have been given away
    note_environment(tx, caller, "environment.created", project, made.name, json::to_document(*in));
    std::string location = "/api/v1/projects/" + id->to_string() + "/environments/" + made.name.str();
    return {std::move(made), std::move(location)};
}

Page<Environment> list(Tx& tx, Caller caller, Path<"id", ProjectId> id, Params<PageQuery> query) {
    seen(tx, caller, *id, Right::see);
    return tx.page(list_environments, *query, *id);
}

Environment get(Tx& tx, Caller caller, Path<"id", ProjectId> id, Path<"name", EnvironmentName> name) {
    seen(tx, caller, *id, Right::see);
    return tx.one(get_environment, *id, *name);
}

Environment update(Tx& tx, Actor caller, Path<"id", ProjectId> id, Path<"name", EnvironmentName> name, Patch<EnvironmentEdit> patch, IfMatch expected) {
    const Project project = seen(tx, caller, *id, Right::administer);
    Environment environment = expected.check(tx.one(lock_environment, *id, *name));
    static_cast<EnvironmentEdit&>(environment) = patch.apply(environment);
    note_environment(tx, caller, "environment.changed", project, *name, patch.document());
    environment.updated_at = tx.now();
    return tx.one(save_environment, environment);
}

NoContent remove(Tx& tx, Actor caller, Path<"id", ProjectId> id, Path<"name", EnvironmentName> name, IfMatch expected) {
    const Project project = seen(tx, caller, *id, Right::administer);
    expected.check(tx.one(lock_environment, *id, *name));
    if (tx.one(has_live_key, *id, *name, tx.now())) throw Refusal(has_live_keys);
    tx.exec(delete_environment, *id, *name);
    forget_known_keys(tx);
    note_environment(tx, caller, "environment.deleted", project, *name);
    return {};
}

} // namespace environments
} // namespace gravity::project
