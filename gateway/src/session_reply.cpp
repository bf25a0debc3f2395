#include "caching.hpp"
#include "compression.hpp"
#include "session.hpp"

#include <gravity/http/problem.hpp>

namespace gravity::gateway {

void Session::refuse(const Refusal& refusal) {
    if (caching_ && refusal.problem().status >= 500 && covered_by_cache()) return;
    if (refusal.problem().status >= 500) use_.end(Outcome::neutral); // no verdict beyond those that were passed before
    reply(http::problem_response(refusal, path_, trace_.trace_id_text()), refusal.problem().slug);
}

/// A message that is not understood: what follows it on the connection cannot be either.
void Session::refuse_wire(const http::WireRefusal& refusal) {
    core_.shared().telemetry.malformed.add();
    keep_alive_ = false;
    request_body_ = {};
    Refusal answer(Problem{refusal.status, refusal.slug, "The request cannot be taken"}, std::string(refusal.detail));
    if (refusal.status == 405) answer.with_header("Allow", "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS");
    refuse(answer);
}

/// What is here of a request that is answered without being passed on: if that is all of it, the connection can go on.
void Session::finish_request_body() {
    in_.consume(std::exchange(taken_, 0));
    while (keep_alive_ && !request_body_.done()) {
        const BodyRelay::Batch batch = request_body_.take(in_.view());
        in_.consume(batch.consumed);
        if (batch.malformed || batch.consumed == 0) break;
    }
    if (!request_body_.done()) keep_alive_ = false;
}

void Session::reply(http::Response response, std::string_view slug) {
    drop_upstream();
    drop_hedge();
    caching_.reset();
    compressing_.reset();
    use_.end(Outcome::neutral);
    // Another answer has begun: a second one cannot stand behind it.
    if (client_writing_ || response_head_sent_) return cut();
    phase_ = Phase::replying;
    finish_request_body();
    core_.shared().telemetry.count_own_answer(slug);

    const bool bodiless = response.status == 204 || response.status == 304;
    std::string& head = response_head_;
    head.assign("HTTP/1.1 ").append(std::to_string(response.status)).append(" ").append(http::reason_phrase(response.status)).append("\r\n");
    for (const auto& [name, value] : response.headers.entries()) head.append(name).append(": ").append(value).append("\r\n");
    head.append(admission_.route ? std::string_view(admission_.extra_lines) : std::string_view());
    head.append("Date: ").append(core_.date()).append("\r\n");
    if (!bodiless) head.append("Content-Length: ").append(std::to_string(response.body.size())).append("\r\n");
    if (!keep_alive_) head.append("Connection: close\r\n");
    else if (minor_version_ == 0) head.append("Connection: keep-alive\r\n");
    head.append("\r\n");
    reply_body_ = method_ == http::Method::head || bodiless ? std::string() : std::move(response.body);
    const std::string_view body = reply_body_;
    write_client({&body, 1}, true);
}

} // namespace gravity::gateway
