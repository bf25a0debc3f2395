#pragma once

#include <gravity/async/task.hpp>
#include <gravity/auth/token_source.hpp>
#include <gravity/discovery/neighbour.hpp>
#include <gravity/discovery/resolver.hpp>
#include <gravity/http/client.hpp>
#include <gravity/resilience/breaker.hpp>
#include <gravity/resilience/limiter.hpp>
#include <gravity/resilience/retry_budget.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace gravity::discovery {

/// One call as it goes out; made by Client<Contract>.
struct Outgoing {
    http::Method method = http::Method::get;
    std::string target; // path and query
    std::string body;
    std::string content_type;
    bool idempotent = true;             // may be sent again
    std::string idempotency_key;        // sent with a POST that may be sent again
    std::chrono::milliseconds attempt_timeout{5'000};

    std::chrono::steady_clock::time_point deadline{}; // of the request this call is made for
    std::string traceparent;
    std::string user_token;             // "Bearer ..." of the caller, passed on; empty: this service's own
};

/// What became of it: an answer, or why there is none.
struct Incoming {
    std::optional<http::Response> response;
    std::string absence; // one clause
    bool maybe_executed = false;
};

struct NeighbourOptions {
    resilience::BreakerSettings breaker{};
    resilience::LimiterSettings limiter{};
    resilience::RetryBudgetSettings budget{};
    unsigned max_attempts = 3;
    std::chrono::milliseconds backoff_base{25}, backoff_cap{1'000};
};

/// Calls to other services: of their instances the less busy of two drawn at random, then deadline, limiter, retry budget, a breaker for each
/// instance, a time for each attempt. I/O thread only. Outlives its calls.
class Neighbours {
public:
    /// `tokens` may be null: then only the caller's own token is passed on.
    Neighbours(boost::asio::io_context& io, std::shared_ptr<Resolver> resolver, std::shared_ptr<auth::TokenSource> tokens, NeighbourOptions options = {});
    ~Neighbours();
    Neighbours(const Neighbours&) = delete;
    Neighbours& operator=(const Neighbours&) = delete;

    /// Never throws for what the network or the other side does.
    Task<Incoming> send(Neighbour to, Outgoing call);
    /// Why a neighbour cannot be called at present, for /health/ready; nothing if it can.
    Task<std::optional<std::string>> failure(Neighbour of);

private:
    struct State;
    std::shared_ptr<State> state_;
};

} // namespace gravity::discovery
