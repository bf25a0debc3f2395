#include "app/authentication.hpp"

#include <gravity/async/coroutine.hpp>
#include <gravity/async/sleep.hpp>
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
    return Refusal(problems::unauthenticated).with_header("WWW-Authenticate", sent ? "Bearer error=\"invalid_token\"" : "Bearer");
}

} // namespace

struct Authentication::State {
    State(boost::asio::io_context& context, const PlatformSettings& settings) : io(context), client(context, {}) {
        auth::VerifierOptions options;
        options.issuer = settings.auth_issuer.value_or("");
        for (const auto audience : ascii::split(settings.auth_audience, ',')) options.audiences.emplace_back(ascii::trim(audience));
        verifier = std::make_shared<auth::Verifier>(std::move(options));
        auth::JwksFetch fetch = [this](std::string url) { return fetch_document(std::move(url)); };
        source = std::make_unique<auth::JwksSource>(io, *settings.auth_jwks_url, verifier, std::move(fetch));
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
    const auto field = request.headers.get("Authorization");
    if (!field) co_return std::nullopt;
    const auto blank = field->find(' ');
    if (blank == std::string_view::npos || !ascii::iequals(field->substr(0, blank), "Bearer") || request.headers.count("Authorization") != 1)
        throw unauthenticated(true);
    std::string token(ascii::trim(field->substr(blank)));
    Caller caller = co_await caller_of_token(std::move(token));
    co_return caller;
}

Task<Caller> Authentication::caller_of_token(std::string token) {
    if (!state_) throw Refusal(problems::unauthenticated, "No keys are configured: set AUTH_JWKS_URL").with_header("WWW-Authenticate", "Bearer");
    const auto state = state_;
    auto verified = state->verifier->verify(token, now().unix_seconds());
    if (!verified && verified.error() == auth::VerifyError::unknown_key) {
        const bool fresh = co_await state->source->refresh_for_unknown_key();
        if (fresh) verified = state->verifier->verify(token, now().unix_seconds());
    }
    if (verified) co_return auth::caller_of(**verified);
    if (verified.error() == auth::VerifyError::no_keys) throw Refusal(keys_unavailable).with_header("Retry-After", "1");
    log::debug("token refused", {{"reason", auth::to_string(verified.error())}});
    throw unauthenticated(true);
}

} // namespace gravity::app
