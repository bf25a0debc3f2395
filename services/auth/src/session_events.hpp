#pragma once

#include "sign_in_model.hpp"

#include <gravity/events/received.hpp>

/// What the service `session` announces of sessions that have ended there. Without it nothing comes.
namespace gravity::issuer {

struct SessionRevoked {
    static constexpr Event event{"gravity.session.session.revoked"};
    std::string id; // the `sid` of tokens
};
BOOST_DESCRIBE_STRUCT(SessionRevoked, (), (id))

/// The session ends here too, where it is one of a browser of ours, and what was refreshed by it, wherever it is kept. Nothing happens the second time.
void end_revoked(Tx& tx, const Received<SessionRevoked>& event);

} // namespace gravity::issuer

GRAVITY_TABLES(issuer, SessionRevoked)
