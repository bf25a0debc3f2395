#include "project_members_store.hpp"

#include "problems.hpp"

namespace gravity::project {

const Sql<MemberRole(ProjectId, std::string)> role_in_project{"project_member.role", R"sql(
    select r.role
    from (select m.role from project p join member m on m.organization_id = p.organization_id where p.id = $1 and m.subject = $2
          union all
          select role from project_member where project_id = $1 and subject = $2) r
    order by array_position(array['owner', 'admin', 'developer', 'viewer', 'billing'], r.role) limit 1)sql"};
const Sql<ProjectMember(ProjectMember)> insert_project_member{
    "project_member.insert",
    R"sql(
    insert into project_member (project_id, subject, role, created_at, updated_at) values ($project_id, $subject, $role, $created_at, $updated_at)
    returning *)sql",
    {{"project_member_pkey", already_member}}};
const Sql<ProjectMember(ProjectMember)> save_project_member{"project_member.save", R"sql(
    update project_member set role = $role, version = version + 1, updated_at = $updated_at where project_id = $project_id and subject = $subject
    returning *)sql"};
const Sql<ProjectMember(ProjectId, Subject)> get_project_member{"project_member.get", "select * from project_member where project_id = $1 and subject = $2"};
const Sql<ProjectMember(PageQuery, ProjectId)> list_project_members{"project_member.list", R"sql(
    select * from project_member where project_id = $3 and $page(created_at, subject))sql"};
const Sql<void(ProjectId, Subject)> delete_project_member{"project_member.delete", "delete from project_member where project_id = $1 and subject = $2"};

} // namespace gravity::project
