#pragma once

#include <gravity/async/task.hpp>
#include <gravity/metrics/metrics.hpp>
#include <gravity/resilience/rate_limiter.hpp>

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace boost::asio {
class io_context;
}
namespace gravity::redis {
class Client;
}

namespace gravity::gateway {

/// What the store grants a caller of the requests that were asked for.
struct RateGrant {
    std::uint64_t granted = 0;
    std::uint64_t remaining = 0;    // that would be granted besides
    resilience::Span retry_after{}; // until another one would be, where some were not
    resilience::Span reset_after{}; // until all would be
};

/// One rate limit, for each caller by himself, that all gateways on one store share: exact, since the store alone decides. The requests of a caller that come
/// while he is being asked about are asked about together, so there is one question for each caller at a time, however many requests he has. Whom it has told
/// to wait it need not be asked about until then. Where it does not answer nobody is kept waiting for it: `working` is false for a second. Any thread.
class SharedLimits {
public:
    using Moment = std::chrono::steady_clock::time_point;
    /// Nothing: the store did not answer. From another thread.
    using Waiter = std::function<void(std::optional<resilience::RateDecision>)>;
    /// Has the store asked for so many, and `landed` called, later or on another thread.
    using Ask = std::function<void(std::string caller, std::uint64_t wanted)>;

    explicit SharedLimits(Ask ask);

    bool working(Moment now) const;
    /// That he must wait, if it is known without asking.
    std::optional<resilience::RateDecision> denied(const std::string& caller, Moment now);
    void take(const std::string& caller, Waiter waiter);
    /// Nothing: no answer.
    void landed(const std::string& caller, std::optional<RateGrant> grant, Moment now);

private:
    struct Caller {
        std::vector<Waiter> asked, next; // those of the question that is under way, and those that came since
        Moment wait_until{}, reset_at{};
    };
    struct Shard {
        std::mutex mutex;
        std::unordered_map<std::string, Caller> callers;
    };
    static constexpr std::size_t shards = 16, most_waiting = 1024; // callers of a shard that are known to have to wait
    Shard& shard_of(const std::string& caller) { return shards_[std::hash<std::string>()(caller) % shards]; }
    static void forget_idle(Shard& shard, Moment now);

    const Ask ask_;
    std::array<Shard, shards> shards_;
    std::atomic<std::int64_t> failed_at_; // of the steady clock; none: never
    metrics::Counter questions_, failures_;
};

/// The store: a Redis, which keeps one number for each caller and has the clock that counts. I/O thread, but for `ask`.
class RateStore : public std::enable_shared_from_this<RateStore> {
public:
    static constexpr std::chrono::milliseconds patience{200};

    /// Throws std::invalid_argument for a URL that is none, and for a limit of nothing.
    RateStore(boost::asio::io_context& io, std::string_view url, std::uint32_t per_second, std::uint32_t burst);
    ~RateStore();

    /// Any thread.
    void ask(SharedLimits& limits, std::string caller, std::uint64_t wanted);
    /// Why it does not answer; nothing if it does.
    std::optional<std::string> problem() const;

private:
    static Task<void> run(std::shared_ptr<RateStore> self, SharedLimits& limits, std::string caller, std::uint64_t wanted);

    boost::asio::io_context& io_;
    std::unique_ptr<redis::Client> client_;
    std::string interval_, burst_;
};

} // namespace gravity::gateway
