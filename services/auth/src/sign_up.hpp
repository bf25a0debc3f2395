#pragma once

#include "config.hpp"
#include "mailed_codes_model.hpp"
#include "sessions.hpp"

#include <optional>
#include <set>
#include <string>

/// Signing up by oneself: an identity is made once whoever wants it has typed the code that was sent to their address, and not before. By the pages and by the
/// flow API. There is no link that would do it: who opens a mail about an account that somebody else has begun would confirm that one's password.
namespace gravity::issuer {

/// Where people may.
class SignUpPolicy {
public:
    /// Throws std::invalid_argument for projects that are none, and where mail is neither asked for by events nor sent from here.
    explicit SignUpPolicy(const Settings& settings, bool mail_is_sent = false);
    bool offered(ProjectId project) const { return all_ || projects_.contains(project); }

private:
    bool all_ = false;
    std::set<ProjectId> projects_;
};

/// A code goes to the address; or, if somebody has it already, word of this. Nobody can tell which from here, by the answer or by how long it took. Throws
/// Refusal: it is no address, the password is too easily guessed, this was asked for too often (429, by address and network).
Task<void> ask_to_sign_up(Ctx& ctx, const RunningFlow& flow, std::string address, Secret<> password);

/// Who they are from now on. Nothing if the code is not right: it is good once, and nothing is after five that were wrong. Throws Refusal: somebody was given
/// the address meanwhile (409), too many codes were wrong (429).
Task<std::optional<IdentityId>> sign_up(Ctx& ctx, const RunningFlow& flow, std::string code);

/// For whoever sends mail: the code is in it.
struct RegistrationRequested {
    static constexpr Event event{"gravity.auth.registration.requested"};
    std::string address;
    std::string code;
    Timestamp expires_at;
};
BOOST_DESCRIBE_STRUCT(RegistrationRequested, (), (address, code, expires_at))

/// For whoever sends mail: somebody, themselves perhaps, wanted to sign up by an address that they have.
struct RegistrationRepeated {
    static constexpr Event event{"gravity.auth.registration.repeated"};
    IdentityId identity_id;
    std::string address;
};
BOOST_DESCRIBE_STRUCT(RegistrationRepeated, (), (identity_id, address))

} // namespace gravity::issuer

GRAVITY_TABLES(issuer, RegistrationRequested, RegistrationRepeated)
