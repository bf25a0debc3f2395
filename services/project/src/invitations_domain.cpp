#include "invitations_domain.hpp"

#include "members_domain.hpp"
#include "problems.hpp"

#include <gravity/base/crypto.hpp>
#include <gravity/base/encoding.hpp>

namespace gravity::project {
namespace {

constexpr std::size_t id_characters = 36, secret_characters = 43;

std::string_view invitation_prefix(InvitedTo what) { return what == InvitedTo::project ? "gip_" : "giv_"; }

InvitationState invitation_state(const InvitationRow& row, Timestamp now) {
    if (row.accepted_at) return InvitationState::accepted;
    if (row.revoked_at) return InvitationState::revoked;
    return row.expires_at <= now ? InvitationState::expired : InvitationState::open;
}

void tell_invitation(const InvitationRow& row, Timestamp now, InvitationFacts& seen) {
    seen.id = row.id;
    seen.email = row.email;
    seen.role = row.role;
    seen.state = invitation_state(row, now);
    seen.invited_by = row.invited_by;
    seen.expires_at = row.expires_at;
    seen.accepted_at = row.accepted_at;
    seen.accepted_by = row.accepted_by;
    seen.revoked_at = row.revoked_at;
    seen.version = row.version;
    seen.created_at = row.created_at;
    seen.updated_at = row.updated_at;
}

} // namespace

Secret<> fresh_invitation_token(InvitedTo what, const InvitationId& id) {
    std::string bytes = random_bytes(32);
    Secret<> token(std::string(invitation_prefix(what)) + id.to_string() + "_" + base64url_encode(bytes));
    wipe(bytes);
    return token;
}

std::optional<InvitationId> invitation_of_token(InvitedTo what, std::string_view text) {
    const std::string_view prefix = invitation_prefix(what);
    const std::size_t before_secret = prefix.size() + id_characters + 1;
    if (text.size() != before_secret + secret_characters || !text.starts_with(prefix) || text[before_secret - 1] != '_') return std::nullopt;
    const auto id = InvitationId::parse(text.substr(prefix.size(), id_characters));
    if (!id) return std::nullopt;
    return *id;
}

Bytes invitation_hash(std::string_view text) { return Bytes(sha256(text)); }

bool is_invitation(const std::optional<InvitationRow>& found, const Bytes& hash) {
    const std::string nothing(hash.size(), '\0');
    return constant_time_equal(hash.view(), found ? found->token_hash.view() : std::string_view(nothing)) && found;
}

Invitation organization_invitation_at(const InvitationRow& row, Timestamp now) {
    Invitation seen;
    tell_invitation(row, now, seen);
    seen.organization_id = row.organization_id.value();
    return seen;
}

ProjectInvitation project_invitation_at(const InvitationRow& row, Timestamp now) {
    ProjectInvitation seen;
    tell_invitation(row, now, seen);
    seen.project_id = row.project_id.value();
    return seen;
}

InvitationRow new_invitation(InvitedTo what, const InvitationId& id, const NewInvitation& wanted, const std::string& by, Timestamp now, Secret<>& token) {
    InvitationRow row;
    row.id = id;
    row.email = wanted.email;
    row.role = wanted.role;
    row.invited_by = by;
    row.created_at = row.updated_at = now;
    row.expires_at = now + Duration::seconds(wanted.expires_in_seconds);
    token = fresh_invitation_token(what, id);
    row.token_hash = invitation_hash(token.reveal());
    return row;
}

bool revoke(InvitationRow& row, Timestamp now) {
    if (row.revoked_at) return false;
    if (row.accepted_at) throw Refusal(invitation_ended, "Who accepted it is a member: remove them");
    row.revoked_at = row.updated_at = now;
    return true;
}

void check_acceptable(const InvitationRow& row, const Email& address, std::optional<MemberRole> inviter, Timestamp now) {
    if (invitation_state(row, now) != InvitationState::open) throw Refusal(invitation_ended);
    if (row.email != address) throw Refusal(other_address);
    if (!inviter || !allows(*inviter, right_to_change({}, row.role))) throw Refusal(invitation_ended);
}

} // namespace gravity::project
