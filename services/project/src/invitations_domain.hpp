#pragma once

#include "invitations_model.hpp"

#include <gravity/base/secret.hpp>

#include <optional>
#include <string_view>

/// Rules of invitations: pure. A refusal is thrown.
namespace gravity::project {

/// `giv_<id of the invitation>_<43 digits of base64url>`: the second part has 256 random bits, the first finds the row.
Secret<> fresh_invitation_token(const InvitationId& id);
std::optional<InvitationId> invitation_of_token(std::string_view text);
/// What is stored of it: SHA-256, 32 bytes.
Bytes invitation_hash(std::string_view text);

/// Whether it is the token of this row: an unknown one costs the same work as a wrong one.
bool is_invitation(const std::optional<InvitationRow>& found, const Bytes& hash);

Invitation seen_at(const InvitationRow& row, Timestamp now);

/// Accepted once, by whom it was made for, while whoever made it may still make such a member (`inviter`: their role now, if they have one).
void check_acceptable(const InvitationRow& row, const Email& address, std::optional<MemberRole> inviter, Timestamp now);

} // namespace gravity::project
