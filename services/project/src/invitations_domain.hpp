#pragma once

#include "invitations_model.hpp"

#include <gravity/base/secret.hpp>

#include <optional>
#include <string_view>

/// Rules of invitations: pure. A refusal is thrown.
namespace gravity::project {

/// What somebody is invited to; a token says it by how it begins, so that whoever has one knows where it is accepted.
enum class InvitedTo {
    organization, // giv_
    project       // gip_
};

/// `giv_<id of the invitation>_<43 digits of base64url>`: the second part has 256 random bits, the first finds the row.
Secret<> fresh_invitation_token(InvitedTo what, const InvitationId& id);
std::optional<InvitationId> invitation_of_token(InvitedTo what, std::string_view text);
/// What is stored of it: SHA-256, 32 bytes.
Bytes invitation_hash(std::string_view text);

/// Whether it is the token of this row: an unknown one costs the same work as a wrong one.
bool is_invitation(const std::optional<InvitationRow>& found, const Bytes& hash);

/// As they are now. The row is of one to an organisation, and to a project.
Invitation organization_invitation_at(const InvitationRow& row, Timestamp now);
ProjectInvitation project_invitation_at(const InvitationRow& row, Timestamp now);

/// One that somebody makes now, and its token; it still has to be said of what.
InvitationRow new_invitation(InvitedTo what, const InvitationId& id, const NewInvitation& wanted, const std::string& by, Timestamp now, Secret<>& token);

/// Accepted once, by whom it was made for, while whoever made it may still make such a member (`inviter`: their role now, if they have one).
void check_acceptable(const InvitationRow& row, const Email& address, std::optional<MemberRole> inviter, Timestamp now);
/// Marks it, and tells whether that changes anything. One that was accepted is refused: who did is a member.
bool revoke(InvitationRow& row, Timestamp now);

} // namespace gravity::project
