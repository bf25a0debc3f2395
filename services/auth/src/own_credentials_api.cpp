#include "own_credentials_api.hpp"

#include "acr.hpp"
#include "credentials_store.hpp"
#include "own_credentials.hpp"
#include "person_of.hpp"
#include "problems.hpp"
#include "second_factor_store.hpp"
#include "sign_in_store.hpp"
#include "webauthn.hpp"

#include <gravity/async/coroutine.hpp>
#include <gravity/http/ctx.hpp>

namespace gravity::issuer::own_credentials {
namespace {

constexpr std::int64_t fresh_seconds = 300; // as long as a proof is good at the page

Refusal sign_in_again(bool two) {
    std::string challenge = "Bearer error=\"insufficient_user_authentication\", error_description=\"A sign-in of just now is required\", max_age=\"" +
                            std::to_string(fresh_seconds) + "\"";
    if (two) challenge += ", acr_values=\"" + std::string(acr_two) + "\"";
    return Refusal(sign_in_not_fresh).with_header("WWW-Authenticate", std::move(challenge));
}

// What the page has proven anew, a token tells by the session that it comes of: it began a short while ago, by both factors where there are two.
void check_fresh_sign_in(Tx& tx, const Caller& caller, IdentityId identity) {
    const bool two = tx.one(second_factors_of, identity).any();
    const auto id = SessionId::parse(caller.session);
    if (!id) throw sign_in_again(two);
    const auto session = tx.maybe(session_of_identity, *id, identity, tx.now());
    const bool fresh = session && tx.now() - session->auth_time <= Duration::seconds(fresh_seconds);
    if (!fresh || (two && acr_of(session->amr) != acr_two)) throw sign_in_again(two);
}

void removed_by_owner(Tx& tx, Caller caller, CredentialId id, IfMatch expected, std::string domain) {
    const auto own = person_of(caller);
    const auto credential = own ? tx.maybe(lock_own_credential, id, *own) : std::nullopt;
    if (!credential) throw Refusal(problems::not_found);
    expected.check_version(credential->version.value());
    check_fresh_sign_in(tx, caller, *own);
    if (!remove_own_credential(tx, *own, id, domain)) throw Refusal(problems::not_found);
}

} // namespace

// Nobody's are none.
Page<Credential> list(Tx& tx, Caller caller, Params<ListOwnCredentials> query) {
    ListCredentials find;
    static_cast<PageQuery&>(find) = *query;
    find.type = query->type;
    find.identity_id = person_of(caller).value_or(IdentityId());
    return tx.page(list_credentials, find);
}

Credential get(Tx& tx, Caller caller, Path<"id", CredentialId> id) {
    const auto own = person_of(caller);
    auto credential = own ? tx.maybe(own_credential, *id, *own) : std::nullopt;
    if (!credential) throw Refusal(problems::not_found);
    return *std::move(credential);
}

Task<NoContent> remove(Ctx& ctx, Caller caller, Path<"id", CredentialId> id, IfMatch expected) {
    const webauthn::RelyingParty* const party = ctx.find<webauthn::RelyingParty>();
    std::string domain = party != nullptr ? party->id : std::string();
    const CredentialId wanted = *id;
    co_await ctx.transaction(removed_by_owner, caller, wanted, expected, std::move(domain));
    co_return NoContent{};
}

} // namespace gravity::issuer::own_credentials
