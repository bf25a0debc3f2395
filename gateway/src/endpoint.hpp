#pragma once

#include "outliers.hpp"
#include "service_spec.hpp"

#include <gravity/resilience/breaker.hpp>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace gravity::gateway {

class Telemetry;
struct ServiceMetrics;

/// How a request that was sent to an instance ended, as far as the instance's health goes.
enum class Outcome : std::uint8_t {
    success, // any answer below 500
    failure, // no connection, no answer, a broken answer, 5xx
    neutral, // the client went away, or the gateway did
    outrun,  // it was late, and another one answered: it took at least that long, and neither failed nor not
};

/// What an operator has said of an instance. No requests begin while it is not `none`.
enum class Hold : std::uint8_t {
    none,
    drained, // it is to be taken away
    ejected, // it is not trusted
};
std::string_view to_string(Hold hold);

/// Connections to the one are connections to the other.
inline bool same_target(const InstanceSpec& a, const InstanceSpec& b) { return a.id == b.id && a.address == b.address && a.port == b.port && a.tls == b.tls; }

/// An instance of a service: where it is, and what has been learnt about it. Any thread.
class Endpoint {
public:
    struct Health; // what has been learnt
    Endpoint(std::string service, InstanceSpec spec);
    /// The same target with other attributes (weight, zone ...), or come back: what was learnt is shared.
    Endpoint(std::string service, InstanceSpec spec, std::shared_ptr<Health> known);
    ~Endpoint();

    const std::string& service() const { return service_; }
    const InstanceSpec& spec() const { return spec_; }
    bool same_target(const InstanceSpec& spec) const { return gateway::same_target(spec, spec_); }
    const std::shared_ptr<Health>& health() const { return health_; }
    /// Equal for all objects of one target, as long as one of them lives.
    const void* identity() const { return health_.get(); }

    /// For the balancer: time of an answer (peak EWMA) times requests in flight, by weight. Lower is better. What has not been asked for long is asked again:
    /// a slow answer is forgotten with time, whether others came after it or not.
    double load(std::chrono::steady_clock::time_point now) const;
    /// False while the breaker is open, it is left out as an outlier, or an operator holds it. Asks only.
    bool may_try(std::chrono::steady_clock::time_point now) const;
    /// Takes a place for one request, among them the one probe of a half-open breaker. Nothing: refused after all.
    std::optional<resilience::Breaker::Permit> begin(std::chrono::steady_clock::time_point now);
    /// Once for each permit.
    void end(resilience::Breaker::Permit permit, Outcome outcome, std::chrono::steady_clock::duration took, std::chrono::steady_clock::time_point now);

    /// `none` also ends its being left out.
    void hold(Hold hold);
    Hold held() const;

    /// What has been answered since the last time that was said to be taken note of. One thread.
    InstanceRecord record(std::chrono::steady_clock::time_point now) const;
    void noted(bool well); // `well`: it was not left out, and need not have been
    /// No requests begin at it for a while, each time a longer one.
    void leave_out(std::chrono::steady_clock::time_point now);

    struct Figures { // for the admin interface
        std::string_view breaker; // "closed", "open", "half_open"
        std::uint64_t in_flight = 0, requests = 0, failures = 0;
        double ewma_seconds = 0;
        bool ejected = false; // left out as an outlier
        std::uint64_t ejections = 0, breaker_opened = 0; // how often
    };
    Figures figures(std::chrono::steady_clock::time_point now) const;
    /// How long the breaker refuses; zero if it does not.
    std::chrono::milliseconds retry_after(std::chrono::steady_clock::time_point now) const;

private:
    std::string service_;
    InstanceSpec spec_;
    std::shared_ptr<Health> health_;
};

/// What all instances of a service have in common over time. Any thread.
class ClusterState {
public:
    ClusterState();
    ~ClusterState();
    void count_request(std::chrono::steady_clock::time_point now);
    /// Takes a retry from the budget: a share of the requests and a few a second, so that retries cannot multiply an outage.
    bool take_retry(std::chrono::steady_clock::time_point now);
    /// Takes a second attempt beside a late one: of a hundred requests at most four have one.
    bool take_hedge(std::chrono::steady_clock::time_point now);
    /// The service's metrics, looked up the first time.
    const ServiceMetrics& metrics(Telemetry& telemetry, std::string_view name);

private:
    struct State;
    std::unique_ptr<State> state_;
};

/// One request at an instance: tells the endpoint how it ended, neutral if nobody said. Movable; one thread.
class Use {
public:
    Use() = default;
    Use(std::shared_ptr<Endpoint> endpoint, resilience::Breaker::Permit permit, std::chrono::steady_clock::time_point begun)
        : endpoint_(std::move(endpoint)), permit_(permit), begun_(begun) {}
    Use(Use&& other) noexcept : endpoint_(std::move(other.endpoint_)), permit_(other.permit_), begun_(other.begun_) {}
    Use& operator=(Use&& other) noexcept {
        end(Outcome::neutral);
        endpoint_ = std::move(other.endpoint_);
        permit_ = other.permit_;
        begun_ = other.begun_;
        return *this;
    }
    ~Use() { end(Outcome::neutral); }

    explicit operator bool() const { return endpoint_ != nullptr; }
    const std::shared_ptr<Endpoint>& endpoint() const { return endpoint_; }
    void end(Outcome outcome) {
        if (!endpoint_) return;
        const auto now = std::chrono::steady_clock::now();
        std::exchange(endpoint_, nullptr)->end(permit_, outcome, now - begun_, now);
    }

private:
    std::shared_ptr<Endpoint> endpoint_;
    resilience::Breaker::Permit permit_{};
    std::chrono::steady_clock::time_point begun_{};
};

} // namespace gravity::gateway
