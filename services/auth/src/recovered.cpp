#include "recovered.hpp"

#include "regain_store.hpp"
#include "sessions.hpp"

namespace gravity::issuer {

Means means_of(Ctx& ctx) { return {&ctx.get<Settings>(), &ctx.get<Mails>(), address_of(ctx).network()}; }

void note_recovered(Tx& tx, IdentityId identity, const Means& by) {
    tx.emit(CredentialRecovered{identity}, identity.to_string());
    for (const StoredName& name : tx.all(names_to_reach, identity)) {
        const RecoveryCompleted event{identity, name.kind, name.value};
        if (name.kind == LoginKind::email)
            by.mails->send(tx, event, identity.to_string(), by.network);
        else
            by.mails->announce(tx, event, identity.to_string());
    }
}

} // namespace gravity::issuer
