#include "auth/token_cache.hpp"

#include <gravity/auth/jws.hpp>
#include <gravity/auth/verifier.hpp>
#include <gravity/base/ascii.hpp>
#include <gravity/base/encoding.hpp>

#include <algorithm>
#include <atomic>
#include <mutex>
#include <stdexcept>

namespace gravity::auth {
namespace {

constexpr std::int64_t remembered_seconds = 300;
constexpr std::size_t remembered_refusals = 512;

using Outcome = TokenCache::Outcome;

bool type_accepted(const Json& header, const std::vector<std::string>& types) {
    const Json* typ = header.find("typ");
    if (typ && !typ->is_string()) return false;
    std::string name = typ ? ascii::lower(typ->as_string()) : std::string();
    // A type without a slash means one under "application/" (RFC 7515 section 4.1.9).
    constexpr std::string_view prefix = "application/";
    if (name.starts_with(prefix)) name.erase(0, prefix.size());
    return std::find(types.begin(), types.end(), name) != types.end();
}

/// The key that must have signed a token with this header.
Result<const PublicKey*> choose_key(const Json& header, const KeySet& keys, const VerifierOptions& options) {
    if (!type_accepted(header, options.types)) return VerifyError::wrong_type;
    const Json* alg = header.find("alg");
    const Json* kid = header.find("kid");
    if (!alg || !alg->is_string() || !kid || !kid->is_string() || kid->as_string().empty())
        return VerifyError::malformed;
    // Before the key is looked up, so that a token with a refused algorithm and an unknown key does not cause a fetch.
    const auto algorithm = algorithm_from(alg->as_string());
    if (!algorithm || (*algorithm == Algorithm::rs256 && !options.allow_rs256)) return VerifyError::wrong_algorithm;
    if (const PublicKey* key = keys.find(kid->as_string(), *algorithm)) return key;
    return keys.has(kid->as_string()) ? VerifyError::wrong_algorithm : VerifyError::unknown_key;
}

std::optional<VerifyError> check(const Claims& claims, const VerifierOptions& options, std::int64_t now) {
    if (claims.issuer != options.issuer) return VerifyError::wrong_issuer;
    const auto ours = [&](const std::string& audience) {
        return std::find(options.audiences.begin(), options.audiences.end(), audience) != options.audiences.end();
    };
    if (std::none_of(claims.audience.begin(), claims.audience.end(), ours)) return VerifyError::wrong_audience;
    if (now >= claims.expires_at + options.skew_seconds) return VerifyError::expired;
    const std::int64_t latest = now + options.skew_seconds;
    if (claims.not_before > latest || claims.issued_at > latest) return VerifyError::not_yet_valid;
    return std::nullopt;
}

Outcome check_payload(std::string_view encoded, const VerifierOptions& options, std::int64_t now) {
    const auto payload = base64url_decode(encoded);
    if (!payload) return VerifyError::malformed;
    const auto json = Json::parse(*payload, {.max_depth = 16, .max_values = 2048});
    if (!json) return VerifyError::malformed;
    auto claims = claims_from(*json, options.places);
    if (!claims) return claims.error();
    if (const auto error = check(*claims, options, now)) return *error;
    return std::shared_ptr<const Claims>(std::make_shared<Claims>(*std::move(claims)));
}

} // namespace

struct Verifier::State {
    explicit State(VerifierOptions given)
        : options(std::move(given)), good(options.cached_tokens), refused(remembered_refusals) {}

    const VerifierOptions options;
    TokenCache good;
    TokenCache refused;
    std::atomic<std::uint64_t> generation{1}; // of the keys; changes after them
    mutable std::mutex mutex;
    std::shared_ptr<const KeySet> keys;
    std::atomic<std::uint64_t> hits{0};
    std::atomic<std::uint64_t> checked{0};
};

Verifier::Verifier(VerifierOptions options) {
    const auto empty = [](const std::string& text) { return text.empty(); };
    if (options.issuer.empty()) throw std::invalid_argument("a token verifier needs an issuer");
    if (options.audiences.empty() || std::any_of(options.audiences.begin(), options.audiences.end(), empty)) {
        throw std::invalid_argument("a token verifier needs an audience");
    }
    state_ = std::make_unique<State>(std::move(options));
}

Verifier::~Verifier() = default;

Outcome Verifier::verify(std::string_view token, std::int64_t now) {
    State& s = *state_;
    if (token.size() > max_token_bytes) return VerifyError::too_large;
    // Read before the keys: a swap in between stores the outcome under a generation that is already past.
    const std::uint64_t generation = s.generation.load();
    for (TokenCache* cache : {&s.good, &s.refused}) {
        if (auto known = cache->find(token, generation, now)) {
            s.hits.fetch_add(1, std::memory_order_relaxed);
            return *std::move(known);
        }
    }
    const auto keys = this->keys();
    if (!keys || keys->empty()) return VerifyError::no_keys;
    const auto jws = parse_jws(token);
    if (!jws) return jws.error();
    const auto key = choose_key(jws->header, *keys, s.options);
    if (!key) return key.error();

    s.checked.fetch_add(1, std::memory_order_relaxed);
    const bool signed_by_key = (*key)->verify(jws->signing_input, jws->signature);
    Outcome outcome = signed_by_key ? check_payload(jws->payload, s.options, now) : Outcome(VerifyError::bad_signature);
    if (outcome) {
        s.good.put(token, generation, now, std::min((*outcome)->expires_at, now + remembered_seconds), outcome);
    } else {
        s.refused.put(token, generation, now, now + 1, outcome);
    }
    return outcome;
}

void Verifier::set_keys(std::shared_ptr<const KeySet> keys) {
    const std::lock_guard lock(state_->mutex);
    const bool same = keys && state_->keys && keys->fingerprint() == state_->keys->fingerprint();
    state_->keys = std::move(keys);
    if (!same) ++state_->generation;
}

std::shared_ptr<const KeySet> Verifier::keys() const {
    const std::lock_guard lock(state_->mutex);
    return state_->keys;
}

const VerifierOptions& Verifier::options() const { return state_->options; }
Verifier::Counts Verifier::counts() const { return {state_->hits.load(), state_->checked.load()}; }

} // namespace gravity::auth
