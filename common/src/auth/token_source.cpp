#include <gravity/async/coroutine.hpp>
#include <gravity/auth/token_source.hpp>
#include <gravity/base/encoding.hpp>
#include <gravity/http/client.hpp>
#include <gravity/resilience/single_flight.hpp>

#include <map>
#include <stdexcept>

namespace gravity::auth {
namespace {

using namespace std::chrono_literals;
using Steady = std::chrono::steady_clock;

// RFC 6749 appendix B: both parts are form-encoded before they are joined.
std::string basic(const std::string& id, const Secret<>& secret) {
    return "Basic " + base64_encode(http::percent_encode(id) + ":" + http::percent_encode(secret.reveal()));
}

} // namespace

struct TokenSource::State {
    State(boost::asio::io_context& io, std::string to, std::string id, Secret<> secret)
        : client(io, {}), url(std::move(to)), client_id(std::move(id)), client_secret(std::move(secret)) {}

    struct Kept {
        Secret<> token;
        Steady::time_point renew_at, until;
    };
    http::Client client;
    std::string url, client_id;
    Secret<> client_secret;
    std::map<std::string, Kept> kept; // by scope
    resilience::SingleFlight<std::string, bool> flights;

    Task<bool> fetch(std::string scope) {
        http::ClientRequest request;
        request.method = http::Method::post;
        request.url = url;
        request.headers.set("Authorization", basic(client_id, client_secret));
        request.headers.set("Content-Type", "application/x-www-form-urlencoded");
        request.headers.set("Accept", "application/json");
        request.body = "grant_type=client_credentials";
        if (!scope.empty()) request.body += "&scope=" + http::percent_encode(scope);
        request.timeout = 5s;
        request.max_response_bytes = 256 * 1024;
        const http::Response answer = co_await client.send(std::move(request));
        if (answer.status != 200) throw std::runtime_error("the token endpoint answered " + std::to_string(answer.status));
        auto issued = parse_token_answer(answer.body);
        if (!issued) throw std::runtime_error("the token endpoint answered no bearer token");
        // Renewed when a fifth of its life is left: its receivers' clocks differ, and the endpoint may be away for a moment.
        const auto got = Steady::now();
        kept[scope] = {std::move(issued->token), got + issued->lives * 4 / 5, got + issued->lives - std::min<std::chrono::seconds>(issued->lives / 10, 10s)};
        co_return true;
    }
};

TokenSource::TokenSource(boost::asio::io_context& io, std::string url, std::string client_id, Secret<> client_secret)
    : state_(std::make_shared<State>(io, std::move(url), std::move(client_id), std::move(client_secret))) {}
TokenSource::~TokenSource() = default;

Task<std::string> TokenSource::token(std::string scope, std::chrono::steady_clock::time_point until) {
    const auto state = state_;
    const auto now = Steady::now();
    auto at = state->kept.find(scope);
    if (at == state->kept.end() || now >= at->second.renew_at) {
        std::string failure;
        try {
            std::function<Task<bool>()> work = [state, scope] { return state->fetch(scope); };
            co_await state->flights.run(scope, std::move(work), until);
        } catch (const std::exception& error) {
            failure = error.what();
        }
        at = state->kept.find(scope);
        if (at == state->kept.end() || now >= at->second.until) throw std::runtime_error(failure.empty() ? "the token is gone" : failure);
    }
    std::string token = at->second.token.reveal();
    co_return token;
}

void TokenSource::forget(const std::string& scope) { state_->kept.erase(scope); }

} // namespace gravity::auth
