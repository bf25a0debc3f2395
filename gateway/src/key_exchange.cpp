#include "key_exchange.hpp"

#include <gravity/async/coroutine.hpp>
#include <gravity/auth/token_source.hpp>
#include <gravity/base/clock.hpp>
#include <gravity/base/encoding.hpp>
#include <gravity/json/json.hpp>
#include <gravity/log/log.hpp>

#include <utility>

namespace gravity::gateway {
namespace {

using namespace std::chrono_literals;

constexpr auto patience = 5s;
constexpr std::size_t longest_answer = 256 * 1024;
constexpr std::string_view exchange_grant = "urn:ietf:params:oauth:grant-type:token-exchange";

/// RFC 6749 appendix B: both parts are form-encoded before they are joined.
std::string basic(const std::string& id, const Secret<>& secret) {
    return "Basic " + base64_encode(http::percent_encode(id) + ":" + http::percent_encode(secret.reveal()));
}

/// Without a zone, which is of this machine alone.
std::string address_text(boost::asio::ip::address from) {
    if (!from.is_v6()) return from.to_string();
    auto v6 = from.to_v6();
    v6.scope_id(0);
    return v6.to_string();
}

} // namespace

KeyOutcome outcome_of(int status, std::string_view body) {
    if (status == 200) return KeyOutcome::good;
    if (status != 400) return KeyOutcome::unavailable;
    const auto document = Json::parse(body);
    const Json* const error = document && document->is_object() ? document->find("error") : nullptr;
    const bool of_the_key = error && error->is_string() && (error->as_string() == "invalid_request" || error->as_string() == "invalid_grant");
    return of_the_key ? KeyOutcome::refused : KeyOutcome::unavailable;
}

KeyExchange::KeyExchange(std::shared_ptr<http::Client> client, std::string url, std::string client_id, Secret<> client_secret,
                         std::shared_ptr<auth::Verifier> verifier, std::function<void()> on_unknown_key)
    : client_(std::move(client)),
      url_(std::move(url)),
      authorization_(basic(client_id, client_secret)),
      verifier_(std::move(verifier)),
      on_unknown_key_(std::move(on_unknown_key)) {}

/// `network` is beyond the standard, which lets a server take further parameters (RFC 6749 section 8.2): where the key was shown from.
http::ClientRequest KeyExchange::request_for(const KeyQuestion& question) const {
    http::ClientRequest request;
    request.method = http::Method::post;
    request.url = url_;
    request.headers.set("Authorization", authorization_);
    request.headers.set("Content-Type", "application/x-www-form-urlencoded");
    request.headers.set("Accept", "application/json");
    request.body = "grant_type=" + http::percent_encode(exchange_grant) + "&subject_token_type=" + http::percent_encode(key_type) +
                   "&subject_token=" + http::percent_encode(question.key) + "&network=" + http::percent_encode(address_text(question.from));
    request.timeout = patience;
    request.max_response_bytes = longest_answer;
    return request;
}

/// Null with the reason: services would not take what is not taken here.
KeyGrantPtr KeyExchange::granted(const std::string& body, std::string& failure) {
    const auto issued = auth::parse_token_answer(body);
    if (!issued) {
        failure = "the token endpoint answered no bearer token";
        return nullptr;
    }
    const std::string token = issued->token.reveal();
    auto claims = verifier_->verify(token, now().unix_seconds());
    if (!claims) {
        if (claims.error() == auth::VerifyError::unknown_key) on_unknown_key_();
        failure = "what it came to is no token of the issuer that is trusted here";
        return nullptr;
    }
    const auto document = Json::parse(body);
    return std::make_shared<KeyGrant>(KeyGrant{"Bearer " + token, *std::move(claims), document && document->find("network") == nullptr});
}

Task<void> KeyExchange::run(std::shared_ptr<KeyExchange> self, ApiKeys& keys, KeyQuestion question) {
    KeyOutcome outcome = KeyOutcome::unavailable;
    KeyGrantPtr grant;
    std::string failure;
    try {
        http::ClientRequest request = self->request_for(question);
        const http::Response answer = co_await self->client_->send(std::move(request));
        outcome = outcome_of(answer.status, answer.body);
        if (outcome == KeyOutcome::good) grant = self->granted(answer.body, failure);
        else if (outcome == KeyOutcome::unavailable) failure = "the token endpoint answered " + std::to_string(answer.status);
    } catch (const std::exception& error) {
        failure = error.what();
    }
    if (!failure.empty()) {
        outcome = KeyOutcome::unavailable;
        log::warn("an API key cannot be exchanged", {{"reason", failure}});
    }
    keys.landed(question, outcome, std::move(grant), std::chrono::steady_clock::now());
}

} // namespace gravity::gateway
