#include "new_password.hpp"

#include "credentials_store.hpp"
#include "identities_store.hpp"
#include "login_names.hpp"
#include "passwords.hpp"
#include "problems.hpp"
#include "trusted_devices_store.hpp"
#include "unicode.hpp"

namespace gravity::issuer {

void check_new_password(const Secret<>& password, const Identity& identity, const Settings& settings) {
    const Secret<> normal(unicode::nfkc(password.reveal()));
    std::vector<std::string> own_words = words_of(identity.login_names);
    for (const std::string& word : settings.words()) own_words.push_back(word);
    const auto fault = password_fault(normal.reveal(), own_words);
    if (!fault) return;
    const std::string why(explained(*fault));
    throw Refusal(password_refused, "The password " + why).with_faults({{"/password", why}});
}

Credential set_password(Tx& tx, IdentityId id, std::string hash) {
    const auto identity = tx.maybe(lock_identity, id);
    if (!identity) throw Refusal(no_such_identity);
    if (const auto before = tx.maybe(delete_password, id)) tx.emit(CredentialRemoved{before->id, before->identity_id, before->type});
    tx.exec(untrust_devices_of, id);
    Credential made = tx.one(insert_password, fresh_password(tx, id), hash);
    tx.emit(CredentialAdded{made.id, made.identity_id, made.type});
    return made;
}

} // namespace gravity::issuer
