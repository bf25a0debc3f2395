#include "hedge.hpp"
#include "session.hpp"

namespace gravity::gateway {

using std::chrono::steady_clock;

/// The request is on its way for the first time: if its answer will be late, another instance is asked as well.
void Session::begin_hedge() {
    const std::shared_ptr<Pace>& pace = admission_.route->pace;
    if (!pace || attempts_ != 1 || !may_be_hedged(method_, request_framing_, websocket_)) return;
    asked_at_ = steady_clock::now();
    const auto late = cluster_->endpoints.size() > 1 ? pace->late_after() : std::nullopt;
    if (!late) return;
    hedge_ = std::make_shared<Hedge>(core_, snapshot_, *cluster_, upstream_->endpoint, request_head_, method_, [weak = weak_from_this()] {
        if (const auto self = weak.lock()) self->hedge_changed();
    });
    hedge_->start(*late);
}

void Session::drop_hedge() {
    if (hedge_) std::exchange(hedge_, nullptr)->cancel();
}

/// Its answer begins, or there will be none.
void Session::hedge_changed() {
    if (phase_ == Phase::closed || !hedge_) return;
    if (hedge_->answered()) return hear_hedge();
    hedge_.reset();
    if (std::exchange(only_hedge_, false)) first_and_last_failed();
}

/// It was faster: from here on the session is its.
void Session::hear_hedge() {
    auto [use, upstream] = std::exchange(hedge_, nullptr)->take();
    core_.shared().telemetry.hedges_won.add();
    only_hedge_ = false;
    use_.end(Outcome::outrun);
    drop_upstream();
    use_ = std::move(use);
    upstream_ = std::move(upstream);
    phase_ = Phase::forwarding;
    last_activity_ = steady_clock::now();
    request_broken_ = false;
    if (!request_sent_) request_is_sent();
    try_response_head();
}

/// The first attempt has failed while the second is under way: it is that one's answer now.
bool Session::left_to_hedge() {
    if (!hedge_ || !hedge_->under_way()) return false;
    failed_ = upstream_->endpoint;
    use_.end(Outcome::failure);
    drop_upstream();
    phase_ = Phase::waiting;
    deadline_ = deadline_total_;
    only_hedge_ = true;
    ++attempts_;
    read_client(); // to notice the client going away
    return true;
}

void Session::first_and_last_failed() {
    const auto now = steady_clock::now();
    if (attempts_ < core_.options().max_attempts && now < deadline_total_ && cluster_->state->take_retry(now)) {
        core_.shared().telemetry.retries.add();
        request_body_ = whole_request();
        request_sent_ = request_broken_ = replayable_ = false;
        return try_instance();
    }
    no_answer();
}

/// How long it took, for when others are late.
void Session::note_pace() {
    if (admission_.route->pace && status_ < 500 && may_be_hedged(method_, request_framing_, websocket_))
        admission_.route->pace->record(steady_clock::now() - asked_at_);
}

} // namespace gravity::gateway
