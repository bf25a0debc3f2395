#include "projects_store.hpp"

#include "problems.hpp"

namespace gravity::project {

const Sql<Project(Project)> insert_project{
    "project.insert",
    R"sql(
    insert into project (id, organization_id, slug, name, created_at, updated_at) values ($id, $organization_id, $slug, $name, $created_at, $updated_at)
    returning *)sql",
    {{"project_slug_key", project_slug_taken}, {"project_organization_fkey", no_such_organization}}};
const Sql<Project(Project)> save_project{
    "project.save",
    R"sql(
    update project set slug = $slug, name = $name, suspended_at = $suspended_at, deletion_requested_at = $deletion_requested_at,
           delete_after = $delete_after, version = version + 1, updated_at = $updated_at
    where id = $id returning *)sql",
    {{"project_slug_key", project_slug_taken}}};
const Sql<Project(Project)> move_project{
    "project.move",
    "update project set organization_id = $organization_id, version = version + 1, updated_at = $updated_at where id = $id returning *",
    {{"project_slug_key", project_slug_taken}, {"project_organization_fkey", no_such_organization}}};
const Sql<Project(ProjectId)> get_project{"project.get", "select * from project where id = $1"};
const Sql<Project(ProjectId)> lock_project{"project.lock", "select * from project where id = $1 for update"};
const Sql<Project(ListProjects, std::string)> list_projects{"project.list", R"sql(
    select p.* from project p
    where p.id in (select o.id from project o join member m on m.organization_id = o.organization_id where m.subject = $5
                   union all select project_id from project_member where subject = $5)
      and ($organization_id::uuid is null or p.organization_id = $organization_id)
      and (case when $state::text is null then p.state <> 'deleted' else p.state = $state end)
      and $page(p.created_at desc, p.id desc))sql"};
const Sql<void(ProjectId)> list_project_in_directory{"project.list_in_directory", "insert into project_directory (project_id) values ($1)"};
const Sql<ProjectId(ProjectId)> home_of_project{"project.find_in_directory", "select project from project_directory where project_id = $1"};
const Sql<bool()> own_project_has_ended{"project.own_has_ended", "select project_has_ended()"};

const Sql<Environment(Environment)> insert_environment{
    "environment.insert",
    R"sql(
    insert into environment (project_id, name, kind, created_at, updated_at) values ($project_id, $name, $kind, $created_at, $updated_at)
    returning *)sql",
    {{"environment_pkey", environment_exists}}};
const Sql<Environment(Environment)> save_environment{"environment.save", R"sql(
    update environment set kind = $kind, version = version + 1, updated_at = $updated_at where project_id = $project_id and name = $name returning *)sql"};
const Sql<Environment(ProjectId, EnvironmentName)> get_environment{"environment.get", "select * from environment where project_id = $1 and name = $2"};
// Whoever makes a key in it refers to it, and waits here or is waited for.
const Sql<Environment(ProjectId, EnvironmentName)> lock_environment{"environment.lock",
                                                                    "select * from environment where project_id = $1 and name = $2 for update"};
const Sql<Environment(PageQuery, ProjectId)> list_environments{"environment.list", R"sql(
    select * from environment where project_id = $3 and $page(name))sql"};
const Sql<void(ProjectId, ProjectId, Timestamp)> copy_environments{"environment.copy", R"sql(
    insert into environment (project_id, name, kind, created_at, updated_at)
    select $2::uuid, name, kind, $3::timestamptz, $3::timestamptz from environment where project_id = $1)sql"};
const Sql<void(ProjectId, EnvironmentName)> delete_environment{"environment.delete", "delete from environment where project_id = $1 and name = $2"};

} // namespace gravity::project
