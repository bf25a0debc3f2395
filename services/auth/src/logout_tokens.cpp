#include "logout_tokens.hpp"

#include "clients_model.hpp"
#include "issue.hpp"
#include "logout_store.hpp"
#include "problems.hpp"

#include <gravity/async/coroutine.hpp>
#include <gravity/base/clock.hpp>
#include <gravity/http/fetcher.hpp>
#include <gravity/log/log.hpp>

#include <chrono>
#include <stdexcept>

namespace gravity::issuer {
namespace {

constexpr std::int64_t logout_token_seconds = 120; // section 2.4: two minutes at most
constexpr std::chrono::milliseconds logout_patience{10'000};
constexpr std::size_t longest_answer = 16 * 1024; // which is not read
constexpr std::string_view logout_event = "http://schemas.openid.net/event/backchannel-logout";

std::optional<LogoutPlace> where_to(Tx& tx, ClientId client) { return tx.maybe(logout_place, client); }

http::ClientRequest request_to(const Url& url, const std::string& token) {
    http::ClientRequest request;
    request.method = http::Method::post;
    request.url = url.str();
    request.headers.add("Content-Type", "application/x-www-form-urlencoded");
    request.body = "logout_token=" + token; // of characters that a form takes as they are
    request.timeout = logout_patience;
    request.max_response_bytes = longest_answer;
    return request;
}

// Nobody is where it would go, or may be: another time is no better.
bool is_hopeless(http::ClientFailure failure) { return failure == http::ClientFailure::refused || failure == http::ClientFailure::invalid_request; }

bool may_be_taken_later(int status) { return status >= 500 || status == 408 || status == 429; }

void check_taken(const SendLogout& what, int status) {
    if (status / 100 == 2) return;
    log::info("a client did not take that somebody has signed out", {{"client", what.client_id.to_string()}, {"status", std::to_string(status)}});
    if (may_be_taken_later(status)) throw std::runtime_error("the client answers " + std::to_string(status));
    throw Refusal(logout_not_taken, "The client answers " + std::to_string(status)); // section 2.8: 400, it was not valid to it
}

} // namespace

void tell_clients(Tx& tx, SessionId session) {
    for (const SendLogout& one : tx.all(logouts_to_send, session)) tx.enqueue(one);
}

Json logout_claims(const Settings& settings, const SendLogout& what, std::string_view id, Timestamp now) {
    Json claims = Json::object();
    claims["iss"] = settings.public_url.str();
    claims["sub"] = what.identity_id.to_string();
    claims["aud"] = what.client_id.to_string();
    claims["iat"] = now.unix_seconds();
    claims["exp"] = now.unix_seconds() + logout_token_seconds;
    claims["jti"] = std::string(id);
    claims["sid"] = what.session_id.to_string();
    claims["events"] = Json::object({{std::string(logout_event), Json::object()}});
    return claims;
}

Task<void> send_logout(JobCtx& job, SendLogout what) {
    const auto place = co_await job.transaction(where_to, what.client_id);
    if (!place) co_return; // it wants to know no more, or is no more
    const Json claims = logout_claims(job.get<Settings>(), what, job.id().to_string(), now());
    const std::string token = co_await signed_text(job.get<Keyring>(), place->id_token_alg, claims.dump(), "logout+jwt");
    http::ClientRequest request = request_to(place->backchannel_logout_uri, token);
    std::optional<http::ClientError> hopeless;
    int status = 0;
    try {
        const http::Response response = co_await job.get<http::Fetcher>().send(std::move(request));
        status = response.status;
    } catch (const http::ClientError& error) {
        if (!is_hopeless(error.failure())) throw;
        hopeless = error;
    }
    if (hopeless) throw Refusal(logout_not_taken, hopeless->what());
    check_taken(what, status);
}

} // namespace gravity::issuer
