#include "hedge.hpp"

namespace gravity::gateway {

using std::chrono::steady_clock;

bool may_be_hedged(http::Method method, const http::Framing& framing, bool websocket) {
    return (method == http::Method::get || method == http::Method::head) && !framing.has_body() && !websocket;
}

Hedge::Hedge(Core& core, std::shared_ptr<const Snapshot> snapshot, const Cluster& cluster, std::shared_ptr<Endpoint> first, std::string request_head,
             http::Method method, std::function<void()> changed)
    : SideRequest(core, std::move(snapshot), cluster),
      first_(std::move(first)),
      request_head_(std::move(request_head)),
      method_(method),
      changed_(std::move(changed)) {}

void Hedge::start(steady_clock::duration wait) { ring_at(steady_clock::now() + wait); }

void Hedge::rang() {
    const auto now = steady_clock::now();
    use_ = pick(cluster_, first_.get(), core_.choices(), now);
    if (!use_ || use_.endpoint()->identity() == first_->identity() || !cluster_.state->take_hedge(now)) return end(Outcome::neutral);
    core_.shared().telemetry.hedges.add();
    connect(core_.pool().take(*use_.endpoint()));
}

void Hedge::connected() { write(request_head_); }

void Hedge::written() { read(); }

/// The session reads the answer again.
void Hedge::received(bool ended) {
    if (ended) return failed();
    if (!answer_head(method_)) return;
    if (core_.response_head().status >= 500) return failed();
    answered_ = true;
    changed_();
}

void Hedge::failed() {
    end(Outcome::failure);
    changed_();
}

} // namespace gravity::gateway
