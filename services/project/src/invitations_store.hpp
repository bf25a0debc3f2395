#pragma once

#include "invitations_model.hpp"

#include <gravity/pg/tx.hpp>

/// Statements of invitations, by name. Their text is in invitations_store.cpp and nowhere else.
namespace gravity::project {

extern const Sql<InvitationRow(InvitationRow)> insert_invitation, save_invitation;
extern const Sql<InvitationRow(InvitationId)> get_invitation, lock_invitation;
extern const Sql<InvitationRow(PageQuery, OrganizationId)> list_invitations;
extern const Sql<InvitationRow(PageQuery, ProjectId)> list_project_invitations;
extern const Sql<std::int64_t(OrganizationId, Timestamp)> count_open_invitations;
extern const Sql<std::int64_t(ProjectId, Timestamp)> count_open_project_invitations;
/// One to the same address that has expired makes room for another.
extern const Sql<void(OrganizationId, Email, Timestamp)> end_expired_invitation;
extern const Sql<void(ProjectId, Email, Timestamp)> end_expired_project_invitation;

} // namespace gravity::project
