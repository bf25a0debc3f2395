#include <gravity/resilience/backoff.hpp>
#include <gravity/resilience/breaker.hpp>

#include <stdexcept>

namespace gravity::resilience {

std::string_view to_string(Breaker::State state) {
    switch (state) {
    case Breaker::State::closed: return "closed";
    case Breaker::State::open: return "open";
    case Breaker::State::half_open: return "half_open";
    }
    return "unknown";
}

Breaker::Breaker(BreakerSettings settings, std::uint64_t seed) : settings_(settings), random_(seed) {
    const bool spans =
        settings.base > Span::zero() && settings.cap >= settings.base && settings.probe_timeout > Span::zero();
    if (!spans || settings.window < Span(bucket_count))
        throw std::invalid_argument("breaker: times must be positive, and cap not below base");
    if (settings.consecutive_failures == 0 || settings.minimum_calls == 0)
        throw std::invalid_argument("breaker: counts must be positive");
}

/// splitmix64 (Steele, Lea, Flood 2014): evenly spread, one word of state.
std::uint64_t Breaker::random() {
    std::uint64_t z = (random_ += 0x9E3779B97F4A7C15);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
    return z ^ (z >> 31);
}

std::int64_t Breaker::tick(Moment now) const {
    return now.time_since_epoch() / (settings_.window / static_cast<int>(bucket_count));
}

/// What time alone changes.
void Breaker::advance(Moment now) {
    if (state_ == State::half_open && probing_ && now >= probe_deadline_) open(now);
    if (state_ == State::open && now >= until_) {
        state_ = State::half_open;
        probing_ = false;
        ++generation_;
    }
}

void Breaker::open(Moment now) {
    state_ = State::open;
    ++generation_;
    ++times_opened_;
    const Span span = backoff_span(settings_.base, settings_.cap, reopened_);
    if (reopened_ < 63) ++reopened_;
    // 80 to 120 %: many callers of one target do not probe it together, and none does at once.
    until_ = now + span * 4 / 5 + full_jitter(span * 2 / 5, span * 2 / 5, 0, random());
}

void Breaker::close() {
    state_ = State::closed;
    ++generation_;
    buckets_ = {};
    consecutive_ = 0;
    reopened_ = 0;
}

std::optional<Breaker::Permit> Breaker::allow(Moment now) {
    advance(now);
    if (state_ == State::closed) return Permit{generation_, false};
    if (state_ == State::open || probing_) return std::nullopt;
    probing_ = true;
    probe_deadline_ = now + settings_.probe_timeout;
    return Permit{generation_, true};
}

bool Breaker::too_many_failures(Moment now) const {
    if (consecutive_ >= settings_.consecutive_failures) return true;
    std::uint64_t calls = 0;
    std::uint64_t failures = 0;
    const auto newest = tick(now);
    for (const auto& bucket : buckets_) {
        if (bucket.tick < 0 || newest - bucket.tick >= static_cast<std::int64_t>(bucket_count)) continue;
        calls += bucket.calls;
        failures += bucket.failures;
    }
    return calls >= settings_.minimum_calls && failures * 100 > calls * settings_.failure_percent;
}

void Breaker::record(Permit permit, bool success, Moment now) {
    advance(now);
    if (permit.generation != generation_) return;
    if (permit.probe) {
        probing_ = false;
        success ? close() : open(now);
        return;
    }
    const auto current = tick(now);
    auto& bucket = buckets_[static_cast<std::size_t>(current) % bucket_count];
    if (bucket.tick != current) bucket = {current, 0, 0};
    ++bucket.calls;
    if (success) {
        consecutive_ = 0;
        return;
    }
    ++bucket.failures;
    ++consecutive_;
    if (too_many_failures(now)) open(now);
}

void Breaker::withdraw(Permit permit, Moment now) {
    advance(now);
    if (permit.generation == generation_ && permit.probe) probing_ = false;
}

Breaker::State Breaker::state(Moment now) {
    advance(now);
    return state_;
}

Span Breaker::retry_after(Moment now) {
    advance(now);
    if (state_ == State::open) return until_ - now;
    if (state_ == State::half_open && probing_) return probe_deadline_ - now;
    return Span::zero();
}

} // namespace gravity::resilience
