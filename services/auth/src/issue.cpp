#include "issue.hpp"

#include "oauth.hpp"
#include "problems.hpp"
#include "proofs.hpp"
#include "tokens_domain.hpp"

#include <gravity/async/blocking.hpp>
#include <gravity/async/coroutine.hpp>
#include <gravity/base/encoding.hpp>
#include <gravity/http/ctx.hpp>

namespace gravity::issuer {
namespace {

std::string token_of(auth::Signer signer, auth::Claims claims) { return signer.token(claims); }
std::string text_of(auth::Signer signer, std::string payload, std::string type) { return signer.token(payload, type); }

auth::Signer signer_of(const Keyring& keyring, SigningAlgorithm alg) {
    const auto keys = keyring.now();
    const auth::Signer* const found = keys ? keys->signer(alg) : nullptr;
    if (found == nullptr) throw Refusal(keys_not_ready).with_header("Retry-After", "1");
    return *found;
}

} // namespace

// An RSA signature takes some twenty times what the others do: not on the I/O thread.
Task<std::string> signed_token(const Keyring& keyring, SigningAlgorithm alg, auth::Claims claims) {
    const auth::Signer signer = signer_of(keyring, alg);
    if (alg != SigningAlgorithm::rs256) co_return signer.token(claims);
    std::string text = co_await blocking(token_of, signer, std::move(claims));
    co_return text;
}

Task<std::string> signed_text(const Keyring& keyring, SigningAlgorithm alg, std::string payload, std::string type) {
    const auth::Signer signer = signer_of(keyring, alg);
    if (alg != SigningAlgorithm::rs256) co_return signer.token(payload, type);
    std::string text = co_await blocking(text_of, signer, std::move(payload), std::move(type));
    co_return text;
}

Web answer_with(Ctx& ctx, const auth::Claims& claims, const std::string& access_token, const Json& more) {
    std::string document = R"({"access_token":")";
    document += access_token; // base64url and dots
    document += R"(","expires_in":)" + std::to_string(claims.expires_at - claims.issued_at.value_or(claims.expires_at));
    document += R"(,"scope":)";
    append_json_string(document, joined(claims.scopes));
    document += R"(,"token_type":")";
    document += token_type(claims);
    document += '"';
    const std::string others = more.as_object().empty() ? "}" : ',' + more.dump().substr(1);
    Web web = oauth::answer(document + others);
    if (auto nonce = ctx.get<Proofs>().next_nonce()) web.headers.emplace_back("DPoP-Nonce", *std::move(nonce));
    return web;
}

Task<Web> issued(Ctx& ctx, SigningAlgorithm alg, auth::Claims claims, Json more) {
    auto payload = token_payload(claims);
    if (!payload) throw oauth::Refused(oauth::invalid_scope, "A token does not hold all that the client has; it must ask for less, or have fewer roles");
    std::string type(access_token_jwt);
    const std::string text = co_await signed_text(ctx.get<Keyring>(), alg, *std::move(payload), std::move(type));
    co_return answer_with(ctx, claims, text, more);
}

} // namespace gravity::issuer
