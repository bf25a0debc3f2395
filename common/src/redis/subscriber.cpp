#include "redis/backend.hpp"
#include "redis/subscriber_loop.hpp"

#include <gravity/redis/client.hpp>
#include <gravity/redis/subscriber.hpp>

namespace gravity::redis {

namespace {
using What = SubscriptionMachine::What;
}

Subscriber::Subscriber(const Client& client, std::size_t queue_limit) : timeout_(client.options().timeout) {
    const auto& backend = client.backend();
    loop_ = SubscriberLoop::open(backend->io(), backend->link_settings(), backend->source({}), queue_limit);
}

Subscriber::~Subscriber() { close(); }

void Subscriber::close() { loop_->close(); }
bool Subscriber::connected() const { return loop_->is_connected(); }
std::uint64_t Subscriber::dropped() const { return loop_->dropped(); }

Task<void> Subscriber::subscribe(std::string channel, std::optional<TimePoint> deadline) {
    const TimePoint until = deadline.value_or(std::chrono::steady_clock::now() + timeout_);
    return loop_->confirm({What::channel, std::move(channel)}, until);
}

Task<void> Subscriber::psubscribe(std::string pattern, std::optional<TimePoint> deadline) {
    const TimePoint until = deadline.value_or(std::chrono::steady_clock::now() + timeout_);
    return loop_->confirm({What::pattern, std::move(pattern)}, until);
}

void Subscriber::unsubscribe(std::string_view channel) { loop_->forget({What::channel, std::string(channel)}); }
void Subscriber::punsubscribe(std::string_view pattern) { loop_->forget({What::pattern, std::string(pattern)}); }

Task<Message> Subscriber::next(std::optional<TimePoint> deadline) {
    return loop_->next(deadline.value_or(TimePoint::max()));
}

} // namespace gravity::redis
