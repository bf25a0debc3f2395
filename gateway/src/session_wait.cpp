#include "session.hpp"

#include <boost/asio/post.hpp>

namespace gravity::gateway {

namespace asio = boost::asio;

// What is asked about first is known on another thread. The request's head is copied, since what comes meanwhile takes its place; then it is looked at anew.

/// What ends it comes by a function of this thread, later.
void Session::wait(Time until) {
    phase_ = Phase::waiting;
    deadline_ = until;
    while_waiting_ = shared_from_this();
    read_client(); // to notice the client going away
}

/// Until its API key, shown from there, has been exchanged.
void Session::await_key(std::string_view bytes, const RequestHead& head, const asio::ip::address& from) {
    static constexpr Problem too_many{503, "too-many-key-exchanges", "Too many API keys are being exchanged at the moment"};
    if (key_awaited_) return refuse(Refusal(too_many).with_header("Retry-After", "1")); // it was driven out before it could be used
    key_awaited_ = true;
    waiting_head_.assign(bytes);
    const ApiKeys::Waiter waiter = [weak = weak_from_this(), &core = core_, ticket = ++wait_ticket_] {
        if (weak.expired()) return; // and perhaps its core, when the process ends
        asio::post(core.io(), [weak, ticket] {
            if (const auto self = weak.lock()) self->go_back_to_the_gate(ticket);
        });
    };
    if (!core_.shared().gate.keys()->exchange(head.value(Known::x_api_key, bytes), from, waiter, begun_)) {
        return refuse(Refusal(too_many).with_header("Retry-After", "1"));
    }
    wait(begun_ + core_.options().key_patience);
}

/// Until it is known whether its caller may have one more.
void Session::await_permit(std::string_view bytes) {
    waiting_head_.assign(bytes);
    const SharedLimits::Waiter waiter = [weak = weak_from_this(), &core = core_, ticket = ++wait_ticket_](std::optional<resilience::RateDecision> permit) {
        if (weak.expired()) return;
        asio::post(core.io(), [weak, ticket, permit] {
            const auto self = weak.lock();
            if (!self || self->wait_ticket_ != ticket) return;
            self->admission_.permit = permit;
            self->admission_.without_permit = !permit;
            self->go_back_to_the_gate(ticket);
        });
    };
    core_.shared().gate.shared_limits()->take(admission_.awaits_permit, waiter);
    wait(std::chrono::steady_clock::now() + core_.options().permit_patience);
}

void Session::go_back_to_the_gate(std::uint64_t ticket) {
    if (phase_ != Phase::waiting || ticket != wait_ticket_ || waiting_head_.empty()) return;
    const auto self = end_wait();
    const std::string bytes = std::exchange(waiting_head_, {});
    RequestHead& head = core_.request_head();
    if (const auto refusal = parse_request_head(bytes, head)) return refuse_wire(refusal); // never: it was read before
    admission_.extra_lines.clear();
    phase_ = Phase::replying;
    admit(bytes, head);
}

} // namespace gravity::gateway
