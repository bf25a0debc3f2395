#include "session_events.hpp"

#include "sessions.hpp"
#include "sign_in_store.hpp"

namespace gravity::issuer {

void end_revoked(Tx& tx, const Received<SessionRevoked>& event) {
    const auto id = SessionId::parse(event.data.id);
    if (!id) return; // of another issuer's tokens
    end_session_of(tx, *id);
    tx.exec(revoke_families_of_session, *id, tx.now());
}

} // namespace gravity::issuer
