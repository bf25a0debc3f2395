#include "issue.hpp"

#include "keyring.hpp"
#include "oauth.hpp"
#include "problems.hpp"
#include "proofs.hpp"
#include "tokens_domain.hpp"

#include <gravity/async/blocking.hpp>
#include <gravity/async/coroutine.hpp>
#include <gravity/http/ctx.hpp>

namespace gravity::issuer {
namespace {

std::string signed_text(auth::Signer signer, auth::Claims claims) { return signer.token(claims); }

// An RSA signature takes some twenty times what the others do: not on the I/O thread.
Task<std::string> signed_token(const Keyring& keyring, SigningAlgorithm alg, auth::Claims claims) {
    const auto keys = keyring.now();
    const auth::Signer* const found = keys ? keys->signer(alg) : nullptr;
    if (found == nullptr) throw Refusal(keys_not_ready).with_header("Retry-After", "1");
    const auth::Signer signer = *found;
    if (alg != SigningAlgorithm::rs256) co_return signer.token(claims);
    std::string text = co_await blocking(signed_text, signer, std::move(claims));
    co_return text;
}

} // namespace

Task<Web> issued(Ctx& ctx, SigningAlgorithm alg, auth::Claims claims, Json more) {
    if (!fits_token(claims))
        throw oauth::Refused(oauth::invalid_scope, "A token does not hold all that the client has; it must ask for less, or have fewer roles");
    Json document = std::move(more);
    document["token_type"] = token_type(claims);
    document["expires_in"] = claims.expires_at - claims.issued_at.value_or(claims.expires_at);
    document["scope"] = joined(claims.scopes);
    std::string text = co_await signed_token(ctx.get<Keyring>(), alg, std::move(claims));
    document["access_token"] = std::move(text);
    Web web = oauth::answer(document);
    if (auto nonce = ctx.get<Proofs>().next_nonce()) web.headers.emplace_back("DPoP-Nonce", *std::move(nonce));
    co_return web;
}

} // namespace gravity::issuer
