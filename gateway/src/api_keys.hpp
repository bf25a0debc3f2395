#pragma once

#include <gravity/auth/claims.hpp>
#include <gravity/metrics/metrics.hpp>

#include <boost/asio/ip/address.hpp>

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace gravity::gateway {

/// What an API key was exchanged for.
struct KeyGrant {
    std::string authorization; // "Bearer <token>", for services
    std::shared_ptr<const auth::Claims> claims;
    bool anywhere = true; // false: the key is bound to networks, so this is for the address that it was shown from alone
};
using KeyGrantPtr = std::shared_ptr<const KeyGrant>;

/// What became of exchanging a key.
enum class KeyOutcome : std::uint8_t {
    good,
    refused,     // it is none, or no longer
    unavailable, // nobody could say
};

struct KeyLimits {
    std::size_t kept = 10'000;   // keys that are remembered, good and refused
    std::size_t under_way = 256; // exchanges at a time
    std::size_t of_one_key = 64; // of these, of a key that depends on where it is shown: one that is refused everywhere must not keep others out
    std::chrono::milliseconds good{60'000}; // what was exchanged counts for so long, never longer than the token
    std::chrono::milliseconds unheard{500}; // the same while revocations cannot be heard
    std::chrono::milliseconds refused{5'000};
    std::chrono::milliseconds unavailable{1'000};
};

/// What is to be exchanged.
struct KeyQuestion {
    std::string flight; // by which it is told what became of it
    std::string key;
    boost::asio::ip::address from; // where it was shown
};

/// API keys and the tokens that they were exchanged for (RFC 8693), so that services see tokens alone. One exchange of a key at a time, whoever waits for it;
/// of one that may depend on where it is shown, one for each address. A key is remembered by its SHA-256: what is good for all who show it by that alone,
/// everything else with the address, since a refusal may be of the address. What is remembered is bounded, and forgotten when it is heard that it is no
/// longer so; while nothing can be heard it counts for a moment only. Any thread.
class ApiKeys {
public:
    using Moment = std::chrono::steady_clock::time_point;
    using Address = boost::asio::ip::address;
    using Waiter = std::function<void()>;
    /// Has the key exchanged, and `landed` called, on another thread or later.
    using Ask = std::function<void(KeyQuestion question)>;

    ApiKeys(KeyLimits limits, Ask ask);

    static constexpr std::size_t longest = 500;
    /// It may be a key: visible ASCII, not too long.
    static bool plausible(std::string_view key);

    struct Sought {
        bool known = false; // else it is to be exchanged
        KeyOutcome outcome = KeyOutcome::unavailable;
        KeyGrantPtr grant; // of a good one
    };
    Sought seek(std::string_view key, const Address& from, Moment now);
    /// Calls `waiter` once the key has been exchanged, or could not be: from another thread, perhaps before this returns. False: too many exchanges are under
    /// way, and it will not be called.
    bool exchange(std::string_view key, const Address& from, Waiter waiter, Moment now);
    /// `grant` of a good one.
    void landed(const KeyQuestion& question, KeyOutcome outcome, KeyGrantPtr grant, Moment now);

    /// Whatever is remembered of the key with this `sub`, or of all keys of this project, is no longer so.
    void forget_subject(const std::string& subject, Moment now);
    void forget_project(const ProjectId& project, Moment now);
    /// All that has been told of revocations until now is known.
    void heard(Moment now);

    std::size_t kept() const;

private:
    struct Entry {
        KeyOutcome outcome = KeyOutcome::unavailable;
        KeyGrantPtr grant;
        Moment landed, until;
        bool depends = false; // of a key alone: nothing, but that it depends on where it is shown
    };
    struct Shard {
        mutable std::mutex mutex;
        std::unordered_map<std::string, Entry> entries; // by digest, or by place: the digest and the address
    };
    struct Waiting {
        Address from;
        Waiter waiter;
    };
    static constexpr std::size_t shards = 16;
    Shard& shard_of(const std::string& digest) { return shards_[static_cast<unsigned char>(digest[0]) % shards]; }
    bool hears(Moment now) const;
    bool counts(const Entry& entry, Moment now) const;
    const Entry* counting(const Shard& shard, const std::string& name, Moment now) const;
    bool depends(const std::string& digest, Moment now);
    Moment end_of(const auth::Claims& claims, Moment now);
    Entry covered(const Shard& shard, const std::string& digest, const std::string& place, Moment now) const;
    bool keep(const std::string& digest, const std::string& place, Entry entry, Moment now);
    void remember(Shard& shard, const std::string& name, Entry entry, Moment now);
    void forget(const std::string& name, Moment now, const std::function<bool(const auth::Claims&)>& which);

    const KeyLimits limits_;
    const Ask ask_;
    std::array<Shard, shards> shards_;
    std::atomic<std::int64_t> heard_at_; // of the steady clock; none: never
    std::mutex flights_mutex_;
    std::unordered_map<std::string, std::vector<Waiting>> flights_; // by digest while nobody knows that it depends, else by place
    std::mutex changed_mutex_;
    std::map<std::string, Moment, std::less<>> changed_; // subjects and projects of late: until when what comes of their keys may be of before
    metrics::Counter good_, refused_, unavailable_;
    metrics::Gauge gauge_;
};

} // namespace gravity::gateway
