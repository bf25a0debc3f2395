#include "people_store.hpp"

#include "problems.hpp"

namespace gravity::project {

// Two owners who are erased at once may both see the other: then the trigger lets one of them go, and the second is done anew.
const Sql<OrganizationId(std::string)> leave_organizations{
    "person.leave_organizations",
    R"sql(
    delete from member m where m.subject = $1
       and (m.role <> 'owner' or exists (select from member o where o.organization_id = m.organization_id and o.role = 'owner' and o.subject <> m.subject))
    returning m.organization_id)sql",
    {{"member_last_owner", last_owner}}};
const Sql<LeftProject(std::string)> leave_projects{"person.leave_projects", R"sql(
    delete from project_member m using project p where p.id = m.project_id and m.subject = $1 returning m.project_id, p.organization_id)sql"};
const Sql<void(std::string)> delete_invitations_of{"person.delete_invitations", R"sql(
    delete from invitation where accepted_by = $1 or lower(email) in (select lower(email) from invitation where accepted_by = $1))sql"};
const Sql<std::int64_t(std::string)> count_last_ownerships{"person.count_last_ownerships", "select count(*) from member where subject = $1"};
const Sql<std::int64_t(std::string)> count_deeds{"person.count_deeds", R"sql(
    select (select count(*) from invitation where invited_by = $1) + (select count(*) from api_key where created_by = $1))sql"};

const Sql<std::int64_t(std::string)> forget_addresses{"person.forget_addresses", "select audit_forget_person($1)"};
const Sql<std::int64_t(std::string)> count_rows_of_person{"person.count", R"sql(
    select (select count(*) from member where subject = $1)
         + (select count(*) from project_member where subject = $1)
         + (select count(*) from invitation where invited_by = $1 or accepted_by = $1
               or lower(email) in (select lower(email) from invitation where accepted_by = $1))
         + (select count(*) from api_key where created_by = $1)
         + (select count(*) from audit where subject = $1 and address is not null))sql"};
// Whom they invited is not theirs to see: an address of somebody else.
const Sql<PersonItem(std::string, int, std::string, int)> items_of_person{"person.items", R"sql(
    select i.section, i.id::text as id, i.item
    from (select 1 as section, o.id, jsonb_build_object('organization_id', o.id, 'organization', o.name, 'role', m.role, 'since', m.created_at) as item
          from member m join organization o on o.id = m.organization_id where m.subject = $1
          union all
          select 2, p.id, jsonb_build_object('project_id', p.id, 'project', p.name, 'role', m.role, 'since', m.created_at)
          from project_member m join project p on p.id = m.project_id where m.subject = $1
          union all
          select 3, id,
                 jsonb_strip_nulls(jsonb_build_object('organization_id', organization_id, 'project_id', project_id, 'email', email, 'role', role,
                                                      'invited_at', created_at, 'accepted_at', accepted_at))
          from invitation where accepted_by = $1
          union all
          select 4, id, jsonb_strip_nulls(jsonb_build_object('organization_id', organization_id, 'project_id', project_id, 'role', role, 'at', created_at))
          from invitation where invited_by = $1
          union all
          select 5, id, jsonb_build_object('id', id, 'project_id', project_id, 'name', name, 'created_at', created_at) from api_key where created_by = $1
          union all
          select 6, id, jsonb_build_object('action', action, 'at', occurred_at, 'address', address) from audit where subject = $1) i
    where (i.section, i.id) > ($2::int, $3::text::uuid) order by i.section, i.id limit $4)sql"};

} // namespace gravity::project
