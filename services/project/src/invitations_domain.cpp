#include "invitations_domain.hpp"

#include "members_domain.hpp"
#include "problems.hpp"

#include <gravity/base/crypto.hpp>
#include <gravity/base/encoding.hpp>

namespace gravity::project {
namespace {

constexpr std::string_view invitation_prefix = "giv_";
constexpr std::size_t id_characters = 36, secret_characters = 43;

} // namespace

Secret<> fresh_invitation_token(const InvitationId& id) {
    std::string bytes = random_bytes(32);
    Secret<> token(std::string(invitation_prefix) + id.to_string() + "_" + base64url_encode(bytes));
    wipe(bytes);
    return token;
}

std::optional<InvitationId> invitation_of_token(std::string_view text) {
    const std::size_t before_secret = invitation_prefix.size() + id_characters + 1;
    if (text.size() != before_secret + secret_characters || !text.starts_with(invitation_prefix) || text[before_secret - 1] != '_') return std::nullopt;
    const auto id = InvitationId::parse(text.substr(invitation_prefix.size(), id_characters));
    if (!id) return std::nullopt;
    return *id;
}

Bytes invitation_hash(std::string_view text) { return Bytes(sha256(text)); }

bool is_invitation(const std::optional<InvitationRow>& found, const Bytes& hash) {
    const std::string nothing(hash.size(), '\0');
    return constant_time_equal(hash.view(), found ? found->token_hash.view() : std::string_view(nothing)) && found;
}

Invitation seen_at(const InvitationRow& row, Timestamp now) {
    Invitation seen;
    seen.id = row.id;
    seen.organization_id = row.organization_id;
    seen.email = row.email;
    seen.role = row.role;
    seen.state = row.accepted_at         ? InvitationState::accepted
                 : row.revoked_at        ? InvitationState::revoked
                 : row.expires_at <= now ? InvitationState::expired
                                         : InvitationState::open;
    seen.invited_by = row.invited_by;
    seen.expires_at = row.expires_at;
    seen.accepted_at = row.accepted_at;
    seen.accepted_by = row.accepted_by;
    seen.revoked_at = row.revoked_at;
    seen.version = row.version;
    seen.created_at = row.created_at;
    seen.updated_at = row.updated_at;
    return seen;
}

void check_acceptable(const InvitationRow& row, const Email& address, std::optional<MemberRole> inviter, Timestamp now) {
    if (seen_at(row, now).state != InvitationState::open) throw Refusal(invitation_ended);
    if (row.email != address) throw Refusal(other_address);
    if (!inviter || !allows(*inviter, right_to_change({}, row.role))) throw Refusal(invitation_ended);
}

} // namespace gravity::project
