#include "session.hpp"

#include <boost/asio/post.hpp>

namespace gravity::gateway {

namespace asio = boost::asio;

/// The request waits until its API key has been exchanged, and then is looked at anew: its head is copied, since what comes meanwhile takes its place.
void Session::await_key(std::string_view bytes, const RequestHead& head) {
    static constexpr Problem too_many{503, "too-many-key-exchanges", "Too many API keys are being exchanged at the moment"};
    if (key_awaited_) return refuse(Refusal(too_many).with_header("Retry-After", "1")); // it was driven out before it could be used
    key_awaited_ = true;
    waiting_head_.assign(bytes);
    phase_ = Phase::waiting;
    deadline_ = begun_ + core_.options().key_patience;
    const ApiKeys::Waiter waiter = [weak = weak_from_this(), &core = core_, ticket = ++key_ticket_] {
        if (weak.expired()) return; // and perhaps its core, when the process ends
        asio::post(core.io(), [weak, ticket] {
            if (const auto self = weak.lock()) self->key_is_known(ticket);
        });
    };
    if (!core_.shared().gate.keys()->exchange(head.value(Known::x_api_key, bytes), waiter, begun_)) {
        return refuse(Refusal(too_many).with_header("Retry-After", "1"));
    }
    read_client(); // to notice the client going away
}

void Session::key_is_known(std::uint64_t ticket) {
    if (phase_ != Phase::waiting || ticket != key_ticket_ || waiting_head_.empty()) return;
    const std::string bytes = std::exchange(waiting_head_, {});
    RequestHead& head = core_.request_head();
    if (const auto refusal = parse_request_head(bytes, head)) return refuse_wire(refusal); // never: it was read before
    admission_.extra_lines.clear();
    phase_ = Phase::replying;
    admit(bytes, head);
}

} // namespace gravity::gateway
