#include "departures.hpp"

#include "identities_store.hpp"
#include "regain.hpp"
#include "sessions.hpp"
#include "trusted_devices_store.hpp"

namespace gravity::issuer {

void end_all_sign_ins(Tx& tx, IdentityId identity) {
    end_other_sessions(tx, identity, std::nullopt);
    tx.exec(untrust_devices_of, identity);
    regain::cancel(tx, identity);
}

void disable_identity(Tx& tx, const Identity& identity) {
    end_all_sign_ins(tx, identity.id);
    if (identity.state == IdentityState::disabled) return;
    tx.exec(save_identity, identity.id, IdentityState::disabled, tx.now());
    tx.emit(IdentityDisabled{identity.id});
}

// Sessions first: of those that go with the row nobody is told.
void erase_identity(Tx& tx, IdentityId identity) {
    end_all_sign_ins(tx, identity);
    tx.exec(delete_identity, identity);
    tx.emit(IdentityDeleted{identity});
}

} // namespace gravity::issuer
