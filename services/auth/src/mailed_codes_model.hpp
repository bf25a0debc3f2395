#pragma once

#include "identities_model.hpp"

#include <gravity/base/bytes.hpp>

#include <optional>
#include <string>
#include <string_view>

/// Codes that somebody is sent by mail, and types in the flow that asked for it.
namespace gravity::issuer {

inline constexpr int most_codes_of_flow = 3, most_tries_of_code = 5;
inline constexpr std::int64_t most_mails = 3; // to one address, of flows that run: whoever asks for others fills no mailbox

enum class CodePurpose {
    registration,
    recovery
};
BOOST_DESCRIBE_ENUM(CodePurpose, registration, recovery)

struct MailedCode {
    Bytes flow;
    CodePurpose purpose{};
    std::string canonical; // the e-mail address
    std::string value;     // as it was typed
    std::optional<IdentityId> identity_id; // who forgot their password
    std::optional<std::string> password;   // a hash, of who signs up
    std::optional<std::string> code;       // an authentication code of it; absent: nothing was sent, and whatever is typed is wrong
    int sends = 1;
    int tries = 0;
    std::optional<Timestamp> proven_at;
    std::optional<Timestamp> factor_at; // a second factor was proven behind it, of who has passkeys alone
};
BOOST_DESCRIBE_STRUCT(MailedCode, (), (flow, purpose, canonical, value, identity_id, password, code, sends, tries, proven_at, factor_at))

/// Eight digits.
std::string fresh_mailed_code();
/// Without the blanks and hyphens that people type. "" if it can be none.
std::string typed_mailed_code(std::string_view text);

} // namespace gravity::issuer

GRAVITY_TABLES(issuer, MailedCode)
