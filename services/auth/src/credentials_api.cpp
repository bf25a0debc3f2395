#include "credentials_api.hpp"

#include "config.hpp"
#include "credentials_store.hpp"
#include "identities_store.hpp"
#include "new_password.hpp"
#include "password_pool.hpp"
#include "password_sign_in.hpp"
#include "problems.hpp"
#include "reads.hpp"
#include "second_factor.hpp"
#include "second_factor_store.hpp"

#include <gravity/async/coroutine.hpp>

namespace gravity::issuer::credentials {
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
    note_removal(tx, credential);
    return {};
}

// Who has a second factor is who they are by both, and by a password alone nobody. A passkey cannot be shown here: in its place stands a recovery code.
Task<PasswordAnswer> check_password(Ctx& ctx, Body<PasswordQuestion> in) {
    PasswordClaim claim{in->login_name.str(), in->password, in->address};
    pg::Scope scope = pg::Scope::caller(*ctx.caller());
    const auto signed_in = co_await sign_in_by_password(ctx, scope, std::move(claim));
    PasswordAnswer answer;
    if (!signed_in) co_return answer;
    bool two = false;
    std::function<void(Tx&)> work = [&](Tx& tx) { two = tx.one(second_factors_of, signed_in->identity).any(); };
    co_await ctx.get<Reads>().run(ctx, scope, std::move(work));
    answer.verified = !two;
    if (two && in->code) {
        CodeClaim code{signed_in->identity, in->code->str(), in->address};
        const auto proven = co_await prove_by_code(ctx, std::move(scope), std::move(code));
        answer.verified = proven.has_value();
    }
    answer.code_needed = two && !in->code;
    if (answer.verified) answer.identity_id = signed_in->identity;
    co_return answer;
}

} // namespace gravity::issuer::credentials
