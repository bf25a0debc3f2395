#pragma once

#include "config.hpp"
#include "identities_model.hpp"
#include "keys_model.hpp"
#include "sign_in_model.hpp"

#include <gravity/jobs/job.hpp>

/// OpenID Connect Back-Channel Logout 1.0, the provider's side: each client at which somebody signed in, in a session that has ended, is told so, if it says
/// where.
namespace gravity::issuer {

/// What a client is told. The token is made when it is sent: tried again later, it is a fresh one.
struct SendLogout {
    static constexpr JobKind job{"send-logout", 8};
    ClientId client_id;
    IdentityId identity_id;
    SessionId session_id;
};
BOOST_DESCRIBE_STRUCT(SendLogout, (), (client_id, identity_id, session_id))

/// Where a client is told of it, and what its tokens are signed with (section 2.4: as its ID tokens).
struct LogoutPlace {
    Url backchannel_logout_uri;
    SigningAlgorithm id_token_alg{};
};
BOOST_DESCRIBE_STRUCT(LogoutPlace, (), (backchannel_logout_uri, id_token_alg))

/// Leaves it to be told, for all clients of the session. Before the session's row goes.
void tell_clients(Tx& tx, SessionId session);

/// Section 2.4, but for `iat` and `exp` pure. `id`: the same each time it is sent.
Json logout_claims(const Settings& settings, const SendLogout& what, std::string_view id, Timestamp now);

/// Tried again while the client is away; not where it says that it does not take it, or where nobody may be sent to. I/O thread.
Task<void> send_logout(JobCtx& job, SendLogout what);

} // namespace gravity::issuer

GRAVITY_TABLES(issuer, SendLogout, LogoutPlace)
