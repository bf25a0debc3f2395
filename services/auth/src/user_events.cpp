#include "user_events.hpp"

#include "departures.hpp"
#include "identities_store.hpp"
#include "user_events_store.hpp"

#include <gravity/http/ctx.hpp>

namespace gravity::issuer {

void disable_deactivated(Tx& tx, const Received<UserDeactivated>& event) {
    const auto id = IdentityId::parse(event.data.subject);
    const auto identity = id ? tx.maybe(lock_identity, *id) : std::nullopt;
    if (!identity) return; // somebody who signs in elsewhere
    tx.exec(note_user, event.data.id, identity->id);
    disable_identity(tx, *identity);
}

void delete_erased(Tx& tx, const Received<UserErased>& event) {
    const auto id = tx.maybe(identity_of_user, event.data.id);
    if (!id || !tx.maybe(lock_identity, *id)) return;
    erase_identity(tx, *id);
}

} // namespace gravity::issuer
