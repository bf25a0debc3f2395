#include "proofs.hpp"

#include "tokens_store.hpp"

#include <gravity/async/coroutine.hpp>
#include <gravity/base/clock.hpp>

#include <charconv>

namespace gravity::issuer {
namespace {

using oauth::Refused;

constexpr oauth::ErrorCode use_dpop_nonce{"use_dpop_nonce"};

// What was wrong is for the operator; a client is told that its proof is not taken.
Refused bad_proof(std::string_view why) {
    return Refused(oauth::invalid_dpop_proof, "The DPoP proof is not valid").because(why);
}

bool note_proof(Tx& tx, std::string jkt, std::string jti, Timestamp until) { return tx.exec(use_proof, jkt, jti, until) == 1; }

} // namespace

std::string Nonces::fresh(std::int64_t now) const { return authenticator_.sign(std::to_string(now)); }

bool Nonces::good(std::string_view nonce, std::int64_t now) const {
    if (nonce.size() > 100) return false;
    const auto moment = authenticator_.verify(nonce);
    std::int64_t made = 0;
    if (!moment || std::from_chars(moment->data(), moment->data() + moment->size(), made).ec != std::errc{}) return false;
    return made <= now + auth::proof_seconds && now < made + good_seconds; // by another replica's clock
}

Proofs::Proofs(const auth::MasterKeys& keys, const Settings& settings)
    : nonces_(keys), address_(settings.public_url.str()), nonce_needed_(settings.dpop_nonce) {}

std::optional<auth::Proof> Proofs::read(const http::Request& request, std::string_view path) const {
    const auto count = request.headers.count("DPoP");
    if (count == 0) return std::nullopt;
    if (count > 1) throw bad_proof("more than one");
    const std::int64_t seconds = now().unix_seconds();
    const std::string endpoint = address_ + std::string(path);
    auto proof = auth::check_proof(*request.headers.get("DPoP"), {.method = request.method_text, .url = endpoint, .now = seconds});
    if (!proof) throw bad_proof(proof.why());
    if (proof->nonce.empty() ? nonce_needed_ : !nonces_.good(proof->nonce, seconds))
        throw Refused(use_dpop_nonce, "The DPoP proof must have the nonce of this answer").with_header("DPoP-Nonce", nonces_.fresh(seconds));
    return *std::move(proof);
}

// The primary key decides: of two requests with one proof, one has it.
Task<void> Proofs::use_once(Ctx& ctx, pg::Scope scope, auth::Proof proof) const {
    const Timestamp until = Timestamp::from_unix_seconds(proof.good_until);
    const bool first = co_await ctx.in_scope(std::move(scope), note_proof, proof.thumbprint, proof.id, until);
    if (!first) throw bad_proof("used before");
}

Task<std::string> Proofs::use(Ctx& ctx, const KnownClient& known, std::optional<auth::Proof> proof) const {
    if (!proof && known.client.require_dpop) throw Refused(oauth::invalid_dpop_proof, "The client's tokens are bound to a key: a DPoP proof is needed");
    if (!proof) co_return std::string();
    std::string thumbprint = proof->thumbprint;
    pg::Scope scope = scope_of(known);
    co_await use_once(ctx, std::move(scope), *std::move(proof));
    co_return thumbprint;
}

Task<void> Proofs::admit(Ctx& ctx, std::string path, std::string token, std::shared_ptr<const auth::Claims> claims) const {
    const http::Request& request = ctx.request();
    if (request.headers.count("DPoP") != 1) throw bad_proof("there is not one");
    const std::string url = address_ + path;
    auto proof = auth::check_proof(*request.headers.get("DPoP"),
                                   {.method = request.method_text, .url = url, .access_token = token, .now = now().unix_seconds()});
    if (!proof) throw bad_proof(proof.why());
    if (proof->thumbprint != claims->key_thumbprint) throw bad_proof("is of another key than the token's");
    pg::Scope scope = pg::Scope::project(claims->project, claims->client);
    co_await use_once(ctx, std::move(scope), *std::move(proof));
}

std::optional<std::string> Proofs::next_nonce() const {
    if (!nonce_needed_) return std::nullopt;
    return nonces_.fresh(now().unix_seconds());
}

} // namespace gravity::issuer
