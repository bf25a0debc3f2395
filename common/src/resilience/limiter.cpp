#include <gravity/resilience/limiter.hpp>

#include <algorithm>
#include <cmath>
#include <stdexcept>

namespace gravity::resilience {

struct Limiter::Permit::State {
    LimiterSettings settings;
    double limit = 0;
    double long_term = 0; // average latency in seconds; 0: none seen
    double sum = 0;       // of this round's latencies
    std::uint32_t count = 0;
    std::uint32_t peak = 0; // most calls in flight in this round
    std::uint32_t in_flight = 0;

    void finished(double latency, bool dropped) {
        if (!settings.adaptive) return;
        if (dropped) {
            limit = std::max<double>(settings.minimum, limit * 0.9);
            return;
        }
        sum += latency;
        ++count;
        peak = std::max(peak, in_flight);
        // A round is about as many calls as may run at a time. Learning from each call alone would teach the long-term
        // average an overload within one round of it.
        if (count < std::max(10.0, limit)) return;
        const double average = sum / count;
        const bool used = peak * 2.0 >= limit;
        sum = 0;
        count = peak = 0;
        if (average > 0) learn(average, used);
    }

    /// The gradient of long-term to present latency moves the limit, with the square root of it as head-room for a
    /// queue (after Netflix' concurrency-limits, "Gradient2").
    void learn(double latency, bool used) {
        long_term = long_term == 0 ? latency : long_term + (latency - long_term) * 0.01;
        // An overload drives the average up; once it is over it must come down faster than it went.
        if (long_term > latency * 2) long_term *= 0.95;
        if (!used) return; // a limit that nobody reached says nothing about the target
        const double gradient = std::clamp(1.5 * long_term / latency, 0.5, 1.0);
        const double wanted = limit * gradient + std::sqrt(limit);
        limit = std::clamp<double>(limit * 0.8 + wanted * 0.2, settings.minimum, settings.maximum);
    }
};

Limiter::Limiter(LimiterSettings settings) : state_(std::make_shared<Permit::State>()) {
    const bool ordered =
        settings.minimum > 0 && settings.minimum <= settings.limit && settings.limit <= settings.maximum;
    if (settings.limit == 0 || (settings.adaptive && !ordered))
        throw std::invalid_argument("limiter: 0 < minimum <= limit <= maximum is needed");
    state_->settings = settings;
    state_->limit = settings.limit;
}

Limiter::Permit::Permit(std::shared_ptr<State> state) : state_(std::move(state)) { ++state_->in_flight; }

Limiter::Permit& Limiter::Permit::operator=(Permit&& other) noexcept {
    if (this != &other) {
        if (state_) --state_->in_flight;
        state_ = std::move(other.state_);
    }
    return *this;
}

Limiter::Permit::~Permit() {
    if (state_) --state_->in_flight;
}

void Limiter::Permit::finish(Span latency, bool dropped) {
    if (state_) state_->finished(std::chrono::duration<double>(latency).count(), dropped);
}

std::optional<Limiter::Permit> Limiter::try_acquire() {
    if (in_flight() >= limit()) return std::nullopt;
    return Permit(state_);
}

std::uint32_t Limiter::limit() const { return static_cast<std::uint32_t>(state_->limit); }
std::uint32_t Limiter::in_flight() const { return state_->in_flight; }

} // namespace gravity::resilience
