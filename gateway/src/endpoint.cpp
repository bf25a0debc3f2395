#include "endpoint.hpp"

#include "telemetry.hpp"

#include <gravity/resilience/retry_budget.hpp>

#include <algorithm>
#include <cmath>
#include <functional>
#include <mutex>

namespace gravity::gateway {

using Time = std::chrono::steady_clock::time_point;

namespace {

/// How much of a time that was measured still counts.
double kept_after(std::chrono::steady_clock::duration time) { return std::exp(-std::chrono::duration<double>(time).count() / 10.0); }

} // namespace

struct Endpoint::Health {
    Health(const std::string& service, std::uint64_t seed)
        : breaker({}, seed),
          opened(metrics::counter("gravity_gateway_breaker_opened_total", "Times a breaker of an instance has opened", {"service"}).with({service})) {}

    // What the balancer reads for every request is read without the lock.
    std::atomic<std::uint64_t> in_flight{0}, requests{0}, failures{0};
    std::atomic<double> ewma_seconds{0};
    std::atomic<bool> tripped{false}; // the breaker is not closed: ask it
    std::atomic<Hold> held{Hold::none};
    std::atomic<Time> out_until{Time()};

    // Of the outliers.
    std::atomic<std::uint64_t> answered{0}, ejections{0};
    std::atomic<std::uint32_t> times_out{0}; // in a row
    std::uint64_t noted_answered = 0, noted_failures = 0; // of the thread that takes note

    std::mutex mutex;
    resilience::Breaker breaker;
    metrics::Counter opened;
    std::uint64_t told_opened = 0; // so many of them
    std::atomic<Time> updated{Time()};
};

Endpoint::Endpoint(std::string service, InstanceSpec spec)
    : service_(std::move(service)),
      spec_(std::move(spec)),
      health_(std::make_shared<Health>(service_, std::hash<std::string>{}(spec_.id + spec_.address) + spec_.port)) {}

Endpoint::Endpoint(std::string service, InstanceSpec spec, std::shared_ptr<Health> known)
    : service_(std::move(service)), spec_(std::move(spec)), health_(std::move(known)) {}

Endpoint::~Endpoint() = default;

double Endpoint::load(Time now) const {
    double seconds = health_->ewma_seconds.load(std::memory_order_relaxed);
    const auto unasked = now - health_->updated.load(std::memory_order_relaxed);
    if (unasked > std::chrono::seconds(1)) seconds *= kept_after(unasked);
    // A new instance has no time yet: it counts as fast, so that it gets its share at once.
    seconds = std::max(seconds, 1e-4);
    return seconds * static_cast<double>(health_->in_flight.load(std::memory_order_relaxed) + 1) / spec_.weight;
}

bool Endpoint::may_try(Time now) const {
    if (health_->held.load(std::memory_order_relaxed) != Hold::none) return false;
    if (now < health_->out_until.load(std::memory_order_relaxed)) return false;
    if (!health_->tripped.load(std::memory_order_acquire)) return true;
    const std::lock_guard lock(health_->mutex);
    return health_->breaker.retry_after(now).count() == 0;
}

std::optional<resilience::Breaker::Permit> Endpoint::begin(Time now) {
    std::optional<resilience::Breaker::Permit> permit;
    {
        const std::lock_guard lock(health_->mutex);
        permit = health_->breaker.allow(now);
    }
    if (!permit) return std::nullopt;
    health_->in_flight.fetch_add(1, std::memory_order_relaxed);
    health_->requests.fetch_add(1, std::memory_order_relaxed);
    return permit;
}

void Endpoint::end(resilience::Breaker::Permit permit, Outcome outcome, std::chrono::steady_clock::duration took, Time now) {
    health_->in_flight.fetch_sub(1, std::memory_order_relaxed);
    const bool verdict = outcome == Outcome::success || outcome == Outcome::failure;
    if (verdict) health_->answered.fetch_add(1, std::memory_order_relaxed);
    if (outcome == Outcome::failure) health_->failures.fetch_add(1, std::memory_order_release);
    const std::lock_guard lock(health_->mutex);
    resilience::Breaker& breaker = health_->breaker;
    if (verdict) breaker.record(permit, outcome == Outcome::success, now);
    else breaker.withdraw(permit, now);
    health_->opened.add(static_cast<double>(breaker.times_opened() - std::exchange(health_->told_opened, breaker.times_opened())));
    health_->tripped.store(breaker.state(now) != resilience::Breaker::State::closed, std::memory_order_release);
    if (outcome == Outcome::neutral) return;

    // Peak EWMA: a slower answer counts at once, a faster one over ten seconds.
    const double seconds = std::chrono::duration<double>(took).count();
    const double before = health_->ewma_seconds.load(std::memory_order_relaxed);
    const Time updated = health_->updated.load(std::memory_order_relaxed);
    const double keep = kept_after(now - updated);
    health_->ewma_seconds.store(seconds > before ? seconds : before * keep + seconds * (1 - keep), std::memory_order_relaxed);
    health_->updated.store(std::max(updated, now), std::memory_order_relaxed);
}

void Endpoint::hold(Hold hold) {
    health_->held.store(hold, std::memory_order_relaxed);
    if (hold != Hold::none) return;
    health_->out_until.store(Time(), std::memory_order_relaxed);
    health_->times_out.store(0, std::memory_order_relaxed);
}

InstanceRecord Endpoint::record(Time now) const {
    // Failures are counted after answers: read before them there are never more.
    const std::uint64_t failures = health_->failures.load(std::memory_order_acquire), answered = health_->answered.load(std::memory_order_relaxed);
    return {answered - health_->noted_answered, failures - health_->noted_failures, !may_try(now)};
}

void Endpoint::noted(bool well) {
    health_->noted_failures = health_->failures.load(std::memory_order_relaxed);
    health_->noted_answered = health_->answered.load(std::memory_order_relaxed);
    if (std::uint32_t times = health_->times_out.load(std::memory_order_relaxed); well && times != 0)
        health_->times_out.store(times - 1, std::memory_order_relaxed);
}

void Endpoint::leave_out(Time now) {
    const std::uint32_t times = health_->times_out.load(std::memory_order_relaxed) + 1;
    health_->times_out.store(times, std::memory_order_relaxed);
    health_->ejections.fetch_add(1, std::memory_order_relaxed);
    health_->out_until.store(now + time_out(times), std::memory_order_relaxed);
}

Hold Endpoint::held() const { return health_->held.load(std::memory_order_relaxed); }

std::string_view to_string(Hold hold) {
    switch (hold) {
    case Hold::drained: return "drained";
    case Hold::ejected: return "ejected";
    default: return "none";
    }
}

Endpoint::Figures Endpoint::figures(Time now) const {
    const std::lock_guard lock(health_->mutex);
    return {resilience::to_string(health_->breaker.state(now)), health_->in_flight.load(), health_->requests.load(), health_->failures.load(),
            health_->ewma_seconds.load(), now < health_->out_until.load(), health_->ejections.load(), health_->breaker.times_opened()};
}

std::chrono::milliseconds Endpoint::retry_after(Time now) const {
    const std::lock_guard lock(health_->mutex);
    return std::chrono::ceil<std::chrono::milliseconds>(health_->breaker.retry_after(now));
}

struct ClusterState::State {
    std::mutex mutex;
    resilience::RetryBudget budget{{.percent = 20, .per_second = 10, .burst = 100}, std::chrono::steady_clock::now()};
    resilience::RetryBudget hedges{{.percent = 4, .per_second = 0, .burst = 100}, std::chrono::steady_clock::now()};
    std::atomic<const ServiceMetrics*> metrics{nullptr};
};

ClusterState::ClusterState() : state_(std::make_unique<State>()) {}
ClusterState::~ClusterState() = default;

void ClusterState::count_request(Time now) {
    const std::lock_guard lock(state_->mutex);
    state_->budget.on_request(now);
    state_->hedges.on_request(now);
}

bool ClusterState::take_hedge(Time now) {
    const std::lock_guard lock(state_->mutex);
    return state_->hedges.try_retry(now);
}

bool ClusterState::take_retry(Time now) {
    const std::lock_guard lock(state_->mutex);
    return state_->budget.try_retry(now);
}

const ServiceMetrics& ClusterState::metrics(Telemetry& telemetry, std::string_view name) {
    const ServiceMetrics* found = state_->metrics.load(std::memory_order_acquire);
    if (!found) {
        found = &telemetry.service(name);
        state_->metrics.store(found, std::memory_order_release);
    }
    return *found;
}

} // namespace gravity::gateway
