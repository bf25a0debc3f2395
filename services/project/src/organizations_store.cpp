#include "organizations_store.hpp"

#include "problems.hpp"

namespace gravity::project {

const Sql<Organization(Organization)> insert_organization{
    "organization.insert",
    "insert into organization (id, slug, name, created_at, updated_at) values ($id, $slug, $name, $created_at, $updated_at) returning *",
    {{"organization_slug_key", organization_slug_taken}}};
const Sql<Organization(Organization)> save_organization{
    "organization.save",
    "update organization set slug = $slug, name = $name, plan = $plan, version = version + 1, updated_at = $updated_at where id = $id returning *",
    {{"organization_slug_key", organization_slug_taken}}};
const Sql<Organization(OrganizationId)> get_organization{"organization.get", "select * from organization where id = $1"};
// Rows that refer to it may come meanwhile: what they look at, its id, does not change. Whoever changes members waits here.
const Sql<Organization(OrganizationId)> lock_organization{"organization.lock", "select * from organization where id = $1 for no key update"};
const Sql<Organization(ListOrganizations, std::string)> list_organizations{"organization.list", R"sql(
    select o.* from organization o join member m on m.organization_id = o.id where m.subject = $3 and $page(o.created_at desc, o.id desc))sql"};
const Sql<void(OrganizationId)> delete_organization{
    "organization.delete", "delete from organization where id = $1", {{"project_organization_fkey", has_projects}}};

const Sql<MemberRole(OrganizationId, std::string)> role_of{"member.role", "select role from member where organization_id = $1 and subject = $2"};
const Sql<Member(Member)> insert_member{
    "member.insert",
    R"sql(
    insert into member (organization_id, subject, role, created_at, updated_at) values ($organization_id, $subject, $role, $created_at, $updated_at)
    returning *)sql",
    {{"member_pkey", already_member}}};
const Sql<Member(Member)> save_member{
    "member.save",
    R"sql(
    update member set role = $role, version = version + 1, updated_at = $updated_at where organization_id = $organization_id and subject = $subject
    returning *)sql",
    {{"member_last_owner", last_owner}}};
const Sql<Member(OrganizationId, Subject)> get_member{"member.get", "select * from member where organization_id = $1 and subject = $2"};
const Sql<Member(PageQuery, OrganizationId)> list_members{"member.list", R"sql(
    select * from member where organization_id = $3 and $page(created_at, subject))sql"};
const Sql<void(OrganizationId, Subject)> delete_member{
    "member.delete", "delete from member where organization_id = $1 and subject = $2", {{"member_last_owner", last_owner}}};

} // namespace gravity::project
