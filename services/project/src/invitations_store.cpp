#include "invitations_store.hpp"

#include "problems.hpp"

namespace gravity::project {

const Sql<InvitationRow(InvitationRow)> insert_invitation{
    "invitation.insert",
    R"sql(
    insert into invitation (id, organization_id, project_id, email, role, token_hash, invited_by, expires_at, created_at, updated_at)
    values ($id, $organization_id, $project_id, $email, $role, $token_hash, $invited_by, $expires_at, $created_at, $updated_at) returning *)sql",
    {{"invitation_open", already_invited}, {"invitation_open_to_project", already_invited}}};
const Sql<InvitationRow(InvitationRow)> save_invitation{"invitation.save", R"sql(
    update invitation set accepted_at = $accepted_at, accepted_by = $accepted_by, revoked_at = $revoked_at, version = version + 1, updated_at = $updated_at
    where id = $id returning *)sql"};
const Sql<InvitationRow(InvitationId)> get_invitation{"invitation.get", "select * from invitation where id = $1"};
const Sql<InvitationRow(InvitationId)> lock_invitation{"invitation.lock", "select * from invitation where id = $1 for update"};
const Sql<InvitationRow(PageQuery, OrganizationId)> list_invitations{"invitation.list", R"sql(
    select * from invitation where organization_id = $3 and $page(created_at desc, id desc))sql"};
const Sql<InvitationRow(PageQuery, ProjectId)> list_project_invitations{"invitation.list_of_project", R"sql(
    select * from invitation where project_id = $3 and $page(created_at desc, id desc))sql"};
const Sql<std::int64_t(OrganizationId, Timestamp)> count_open_invitations{"invitation.count_open", R"sql(
    select count(*) from invitation where organization_id = $1 and accepted_at is null and revoked_at is null and expires_at > $2)sql"};
const Sql<std::int64_t(ProjectId, Timestamp)> count_open_project_invitations{"invitation.count_open_of_project", R"sql(
    select count(*) from invitation where project_id = $1 and accepted_at is null and revoked_at is null and expires_at > $2)sql"};
const Sql<void(OrganizationId, Email, Timestamp)> end_expired_invitation{"invitation.end_expired", R"sql(
    update invitation set revoked_at = $3, updated_at = $3, version = version + 1
    where organization_id = $1 and email = $2 and accepted_at is null and revoked_at is null and expires_at <= $3)sql"};
const Sql<void(ProjectId, Email, Timestamp)> end_expired_project_invitation{"invitation.end_expired_of_project", R"sql(
    update invitation set revoked_at = $3, updated_at = $3, version = version + 1
    where project_id = $1 and email = $2 and accepted_at is null and revoked_at is null and expires_at <= $3)sql"};

} // namespace gravity::project
