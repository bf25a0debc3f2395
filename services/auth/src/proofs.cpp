#include "proofs.hpp"

#include "tokens_store.hpp"

#include <gravity/async/coroutine.hpp>
#include <gravity/base/clock.hpp>
#include <gravity/log/log.hpp>

#include <charconv>

namespace gravity::issuer {
namespace {

using oauth::Refused;

constexpr oauth::ErrorCode use_dpop_nonce{"use_dpop_nonce"};

// What was wrong is for the operator; a client is told that its proof is not taken.
Refused bad_proof(std::string_view why) {
    log::debug("DPoP proof refused", {{"reason", why}});
    return Refused(oauth::invalid_dpop_proof, "The DPoP proof is not valid");
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
    : nonces_(keys), token_endpoint_(settings.at("/oauth2/token")), nonce_needed_(settings.dpop_nonce) {}

std::optional<auth::Proof> Proofs::read(const http::Request& request) const {
    const auto count = request.headers.count("DPoP");
    if (count == 0) return std::nullopt;
    if (count > 1) throw bad_proof("more than one");
    const std::int64_t seconds = now().unix_seconds();
    auto proof = auth::check_proof(*request.headers.get("DPoP"), {.method = request.method_text, .url = token_endpoint_, .now = seconds});
    if (!proof) throw bad_proof(proof.why());
    if (proof->nonce.empty() ? nonce_needed_ : !nonces_.good(proof->nonce, seconds))
        throw Refused(use_dpop_nonce, "The DPoP proof must have the nonce of this answer").with_header("DPoP-Nonce", nonces_.fresh(seconds));
    return *std::move(proof);
}

// The primary key decides: of two requests with one proof, one has it.
Task<std::string> Proofs::use(Ctx& ctx, const KnownClient& known, std::optional<auth::Proof> proof) const {
    if (!proof && known.client.require_dpop) throw Refused(oauth::invalid_dpop_proof, "The client's tokens are bound to a key: a DPoP proof is needed");
    if (!proof) co_return std::string();
    pg::Scope scope = pg::Scope::project(known.project, known.client.id.to_string());
    const Timestamp until = Timestamp::from_unix_seconds(proof->good_until);
    const bool first = co_await ctx.in_scope(std::move(scope), note_proof, proof->thumbprint, proof->id, until);
    if (!first) throw bad_proof("used before");
    co_return std::move(proof->thumbprint);
}

std::optional<std::string> Proofs::next_nonce() const {
    if (!nonce_needed_) return std::nullopt;
    return nonces_.fresh(now().unix_seconds());
}

} // namespace gravity::issuer
