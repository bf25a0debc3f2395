#include "credentials_api.hpp"

#include "config.hpp"
#include "credentials_store.hpp"
#include "identities_store.hpp"
#include "login_names.hpp"
#include "password_pool.hpp"
#include "password_sign_in.hpp"
#include "passwords.hpp"
#include "problems.hpp"
#include "reads.hpp"
#include "unicode.hpp"

#include <gravity/async/coroutine.hpp>

namespace gravity::issuer::credentials {
namespace {

void check_new_password(const Secret<>& password, const Identity& identity, const Settings& settings) {
    const Secret<> normal(unicode::nfkc(password.reveal()));
    std::vector<std::string> own_words = words_of(identity.login_names);
    for (const std::string& word : settings.words()) own_words.push_back(word);
    const auto fault = password_fault(normal.reveal(), own_words);
    if (!fault) return;
    const std::string why(explained(*fault));
    throw Refusal(password_refused, "The password " + why).with_faults({{"/password", why}});
}

void announce_removal(Tx& tx, const Credential& credential) {
    tx.emit(CredentialRemoved{credential.id, credential.identity_id, credential.type});
}

Credential set_password(Tx& tx, IdentityId id, std::string hash) {
    const auto identity = tx.maybe(lock_identity, id);
    if (!identity) throw Refusal(no_such_identity);
    if (const auto before = tx.maybe(delete_password, id)) announce_removal(tx, *before);
    Credential made = tx.one(insert_password, fresh_password(tx, id), hash);
    tx.emit(CredentialAdded{made.id, made.identity_id, made.type});
    return made;
}

} // namespace

// Hashed before there is a transaction: none is held while it waits for its turn.
Task<Created<Credential>> create(Ctx& ctx, Body<NewCredential> in) {
    std::optional<Identity> identity;
    std::function<void(Tx&)> work = [&](Tx& tx) { identity = tx.maybe(get_identity, in->identity_id); };
    pg::Scope scope = pg::Scope::caller(*ctx.caller());
    co_await ctx.get<Reads>().run(ctx, std::move(scope), std::move(work));
    if (!identity) throw Refusal(no_such_identity);
    check_new_password(in->password, *identity, ctx.get<Settings>());
    std::string hash = co_await ctx.get<PasswordPool>().hash(ctx.deadline(), in->password);
    Credential made = co_await ctx.transaction(set_password, in->identity_id, std::move(hash));
    co_return made;
}

Page<Credential> list(Tx& tx, Params<ListCredentials> query) { return tx.page(list_credentials, *query); }
Credential get(Tx& tx, Path<"id", CredentialId> id) { return tx.one(get_credential, *id); }

NoContent remove(Tx& tx, Path<"id", CredentialId> id, IfMatch expected) {
    const Credential credential = expected.check(tx.one(lock_credential, *id));
    tx.exec(delete_credential, credential.id);
    announce_removal(tx, credential);
    return {};
}

Task<PasswordAnswer> check_password(Ctx& ctx, Body<PasswordQuestion> in) {
    PasswordClaim claim{in->login_name.str(), in->password, in->address};
    pg::Scope scope = pg::Scope::caller(*ctx.caller());
    const auto signed_in = co_await sign_in_by_password(ctx, std::move(scope), std::move(claim));
    PasswordAnswer answer;
    answer.verified = signed_in.has_value();
    if (signed_in) answer.identity_id = signed_in->identity;
    co_return answer;
}

} // namespace gravity::issuer::credentials
