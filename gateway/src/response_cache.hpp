#pragma once

#include "cache_policy.hpp"

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace gravity::gateway {

struct CacheLimits {
    std::size_t bytes = std::size_t{64} << 20; // of all that is kept; 0: nothing is
    std::size_t entries = 100'000;
    std::size_t body = std::size_t{1} << 20; // of one answer; longer ones pass by
};

/// The answers that are kept, and who is fetching which. Shared by all cores: shards with a lock each, held for a look-up. Does no I/O.
///
/// What is asked for often stays: where room is needed, the answer used longest ago goes only if it has not been asked for more often than the new one
/// (TinyLFU).
class ResponseCache {
public:
    explicit ResponseCache(CacheLimits limits);
    ~ResponseCache();

    /// How a fetch that others waited for has ended.
    struct Landing {
        StoredPtr stored;    // the answer, if others may have it; or what is kept, stale, if the service has failed
        bool failed = false; // the service has
        bool again = false;  // nobody has answered: one of those who waited fetches now
    };
    using Waiter = std::function<void(const Landing&)>; // on the thread of whoever fetched

    struct Flight;
    /// The right and the duty to fetch for those who wait. Thrown away, one of them takes over.
    class Lead {
    public:
        Lead() = default;
        Lead(ResponseCache& cache, std::shared_ptr<Flight> flight) : cache_(&cache), flight_(std::move(flight)) {}
        Lead(Lead&&) noexcept = default;
        Lead& operator=(Lead&& other) noexcept {
            end({nullptr, false, true});
            cache_ = other.cache_;
            flight_ = std::move(other.flight_);
            return *this;
        }
        ~Lead() { end({nullptr, false, true}); }
        explicit operator bool() const { return flight_ != nullptr; }

        void land(StoredPtr stored) { end({std::move(stored), false, false}); }
        void fail(StoredPtr stale) { end({std::move(stale), true, false}); }
        /// Everybody asks for himself. `remember`: so will those who come in the next seconds, instead of waiting for what is not for them.
        void decline(bool remember);

    private:
        void end(Landing landing);
        ResponseCache* cache_ = nullptr;
        std::shared_ptr<Flight> flight_;
    };

    struct Sought {
        CacheStep step = CacheStep::fetch;
        StoredPtr stored;   // to be used, or to be validated
        Lead lead;          // this caller fetches, for whoever comes meanwhile; of use_and_refresh: he sees to the refreshing
        bool waits = false; // the waiter will be called
    };
    /// What is to be done for a request. `waiter` is kept only if the answer says so.
    Sought seek(const CacheRequest& request, std::string_view request_head, std::chrono::steady_clock::time_point now, const Waiter& waiter);

    /// Keeps it, unless it was asked for before something was said to be outdated that covers it, or what is kept is asked for more often.
    void store(const StoredPtr& stored, std::chrono::steady_clock::time_point asked);
    /// What is kept is no longer so.
    void forget(const Stored& stored);

    /// Each returns how many answers have gone; what is being fetched will not be kept.
    std::size_t purge_url(const std::string& url, std::chrono::steady_clock::time_point now);
    std::size_t purge_prefix(std::string_view prefix, std::chrono::steady_clock::time_point now);
    std::size_t purge_tag(std::string_view tag, std::chrono::steady_clock::time_point now);

    /// Room for an answer that is being received; false: there is none, let it pass by.
    class Room {
    public:
        Room() = default;
        Room(ResponseCache& cache, std::size_t bytes) : cache_(&cache), bytes_(bytes) {}
        Room(Room&& other) noexcept : cache_(std::exchange(other.cache_, nullptr)), bytes_(other.bytes_) {}
        Room& operator=(Room&& other) noexcept {
            release();
            cache_ = std::exchange(other.cache_, nullptr);
            bytes_ = other.bytes_;
            return *this;
        }
        ~Room() { release(); }
        explicit operator bool() const { return cache_ != nullptr; }

    private:
        void release() {
            if (cache_) std::exchange(cache_, nullptr)->receiving_.fetch_sub(bytes_, std::memory_order_relaxed);
        }
        ResponseCache* cache_ = nullptr;
        std::size_t bytes_ = 0;
    };
    Room room(std::size_t bytes);

    /// Somebody has asked for something.
    bool in_use() const { return in_use_.load(std::memory_order_relaxed); }
    const CacheLimits& limits() const { return limits_; }
    std::size_t bytes() const { return bytes_.load(std::memory_order_relaxed); }
    std::size_t entries() const { return entries_.load(std::memory_order_relaxed); }

private:
    struct Shard;
    Shard& shard_of(std::string_view url) const;
    template <class Goes>
    std::size_t purge(std::chrono::steady_clock::time_point now, Goes goes);

    CacheLimits limits_;
    std::vector<std::unique_ptr<Shard>> shards_;
    std::atomic<bool> in_use_{false};
    std::atomic<std::size_t> bytes_{0}, entries_{0}, receiving_{0};
};

} // namespace gravity::gateway
