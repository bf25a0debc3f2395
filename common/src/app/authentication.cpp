#include "app/authentication.hpp"

#include "http/challenge.hpp"

#include <gravity/async/coroutine.hpp>
#include <gravity/async/sleep.hpp>
#include <gravity/auth/dpop.hpp>
#include <gravity/auth/jwks_source.hpp>
#include <gravity/auth/keys.hpp>
#include <gravity/auth/verifier.hpp>
#include <gravity/base/ascii.hpp>
#include <gravity/base/clock.hpp>
#include <gravity/base/problem.hpp>
#include <gravity/http/client.hpp>
#include <gravity/log/log.hpp>

#include <boost/asio/io_context.hpp>

#include <stdexcept>

namespace gravity::app {
namespace {

constexpr Problem keys_unavailable{503, "keys-unavailable", "Tokens cannot be verified at the moment"};

// RFC 6750 section 3: the scheme, and an error code only where a token was sent.
Refusal unauthenticated(bool sent) {
    return Refusal(problems::unauthenticated).with_header("WWW-Authenticate", sent ? "Bearer error=\"invalid_token\"" : std::string(http::bearer_challenge));
}

} // namespace

struct Authentication::State {
    State(boost::asio::io_context& context, const PlatformSettings& settings) : io(context), client(context, {}) {
        auth::VerifierOptions options;
        options.issuer = settings.auth_issuer.value_or("");
        for (const auto audience : ascii::split(settings.auth_audience, ',')) options.audiences.emplace_back(ascii::trim(audience));
        verifier = std::make_shared<auth::Verifier>(std::move(options));
        gate.emplace(origins_of(settings));
        auth::JwksFetch fetch = [this](std::string url) { return fetch_document(std::move(url)); };
        source = std::make_unique<auth::JwksSource>(io, *settings.auth_jwks_url, verifier, std::move(fetch));
    }

    static std::vector<std::string> origins_of(const PlatformSettings& settings) {
        std::vector<std::string> origins;
        if (!settings.auth_dpop_origins) return origins;
        for (const auto origin : ascii::split(*settings.auth_dpop_origins, ',')) origins.emplace_back(ascii::trim(origin));
        return origins;
    }

    Task<std::string> fetch_document(std::string url) {
        http::ClientRequest request;
        request.url = std::move(url);
        request.timeout = std::chrono::seconds(5);
        request.max_response_bytes = auth::KeySet::max_document_bytes;
        http::Response response = co_await client.send(std::move(request));
        if (response.status != 200) throw std::runtime_error("the key server answered " + std::to_string(response.status));
        co_return std::move(response.body);
    }

    boost::asio::io_context& io;
    http::Client client;
    std::shared_ptr<auth::Verifier> verifier;
    std::unique_ptr<auth::JwksSource> source;
    std::optional<auth::ProofGate> gate;
};

Authentication::Authentication(boost::asio::io_context& io, const PlatformSettings& settings, auth::AccessKeys* keys) : keys_(keys) {
    if (settings.auth_jwks_url) state_ = std::make_shared<State>(io, settings);
}

Authentication::~Authentication() {
    if (state_) state_->source->stop();
}

void Authentication::start() {
    if (!state_) return;
    const auto state = state_;
    spawn(state->io, "jwks", [state] { return state->source->run(); });
}

std::optional<std::string> Authentication::problem() const {
    if (!state_) return std::nullopt;
    const auto status = state_->source->status();
    if (status.loaded) return std::nullopt;
    return "no keys yet: " + status.last_error;
}

Task<std::optional<Caller>> Authentication::caller_of(const http::Request& request, AcceptKeys accept) {
    if (accept != AcceptKeys::no && keys_ != nullptr) {
        if (auto key = auth::presented_key(request)) {
            Caller caller = co_await keys_->caller_of(*std::move(key), accept);
            co_return caller;
        }
    }
    if (!request.headers.has("Authorization")) co_return std::nullopt;
    const auto presented = auth::presented_token(request);
    if (!presented) throw unauthenticated(true);
    std::string token(presented->token);
    const std::shared_ptr<const auth::Claims> claims = co_await verified(std::move(token));
    state_->gate->admit(request, *presented, *claims, now().unix_seconds());
    co_return auth::caller_of(*claims);
}

Task<Caller> Authentication::caller_of_token(std::string token) {
    const std::shared_ptr<const auth::Claims> claims = co_await verified(std::move(token));
    if (!claims->key_thumbprint.empty()) throw unauthenticated(true); // nothing comes with it that could prove whose it is
    co_return auth::caller_of(*claims);
}

Task<std::shared_ptr<const auth::Claims>> Authentication::verified(std::string token) {
    if (!state_) {
        std::string challenge(http::bearer_challenge);
        throw Refusal(problems::unauthenticated, "No keys are configured: set AUTH_JWKS_URL").with_header("WWW-Authenticate", std::move(challenge));
    }
    const auto state = state_;
    auto claims = state->verifier->verify(token, now().unix_seconds());
    if (!claims && claims.error() == auth::VerifyError::unknown_key) {
        const bool fresh = co_await state->source->refresh_for_unknown_key();
        if (fresh) claims = state->verifier->verify(token, now().unix_seconds());
    }
    if (claims) co_return *std::move(claims);
    if (claims.error() == auth::VerifyError::no_keys) throw Refusal(keys_unavailable).with_header("Retry-After", "1");
    log::debug("token refused", {{"reason", auth::to_string(claims.error())}});
    throw unauthenticated(true);
}

} // namespace gravity::app
