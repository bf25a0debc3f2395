#include "own_credentials.hpp"

#include "credentials_store.hpp"
#include "identities_store.hpp"
#include "problems.hpp"
#include "second_factor.hpp"

namespace gravity::issuer {

// The identity's row is what those wait for who remove another at the same time.
bool remove_own_credential(Tx& tx, IdentityId identity, CredentialId credential, const std::string& domain) {
    if (!tx.maybe(lock_identity, identity)) return false;
    if (tx.one(is_last_way_in, identity, credential, domain)) throw Refusal(last_way_in);
    const auto gone = tx.maybe(delete_own_credential, credential, identity);
    if (gone) note_removal(tx, *gone);
    return gone.has_value();
}

} // namespace gravity::issuer
