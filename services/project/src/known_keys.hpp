#pragma once

#include "api_keys_model.hpp"

#include <gravity/pg/listener.hpp>
#include <gravity/pg/tx.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>

/// API keys are remembered as they are at the door as long as nobody has changed them, here or at another replica.
namespace gravity::project {

/// For whoever changes what is remembered of keys: once committed, and before it is answered, nothing that was read before is believed in this process.
/// Triggers tell the others.
void forget_known_keys(Tx& tx);

/// A key as it was read, and among whose rows. Shared: whoever answers from it copies nothing.
struct KnownKey {
    ProjectId home;
    ApiKeyAtDoor row;
    std::string introspection{}; // the answer of RFC 7662 while it is good, if that is the same for each use and from everywhere; else empty
};
using KnownKeyPtr = std::shared_ptr<const KnownKey>;

/// A moment between changes. What was read at one is good as long as no change has come after it.
struct KeyMoment {
    std::uint64_t committed = 0; // changes in this process
    std::uint64_t all = 0;       // changes that may be of any key
    std::uint64_t tick = 0;      // changes heard
};

/// What is known, and when it stopped to be so. Pure but for the changes in this process.
class KeyMemory {
public:
    using Clock = std::chrono::steady_clock;
    static constexpr std::size_t most = 100'000;
    static constexpr std::chrono::seconds heard_for{10};  // a connection that is broken may go unnoticed for as long
    static constexpr std::chrono::seconds unread_for{60}; // while the store is away

    KeyMoment moment() const;
    /// Null where there is none, where it is of before a change, or older than `at_most`.
    KnownKeyPtr find(const std::string& public_id, std::chrono::seconds at_most, Clock::time_point now) const;
    /// Not kept if a change of it came after it was read.
    void put(const std::string& public_id, KnownKeyPtr key, const KeyMoment& read_at, Clock::time_point now);
    /// A change of one key, or with an empty id of any.
    void changed(const std::string& public_id);

private:
    struct Entry {
        KnownKeyPtr key;
        KeyMoment at;
        Clock::time_point read;
    };
    bool holds(const KeyMoment& at) const;

    std::unordered_map<std::string, Entry> entries_;
    std::unordered_map<std::string, std::uint64_t> changes_; // when a key was last changed, by tick
    std::uint64_t all_ = 0, tick_ = 0;
};

/// The same kept current by LISTEN, from when it is first asked. I/O thread only.
class KnownKeys {
public:
    KnownKeys(boost::asio::io_context& io, std::string url);

    /// What was read within ten seconds and has not changed; null while the store is not heard: then changes would be missed.
    KnownKeyPtr find(const std::string& public_id);
    /// For when the store could not be read: what was read within a minute and is not known to have changed. Nobody revokes a key while the store is away. For
    /// a second `find` does not send anybody to the store for one of these either: it may take its time to say nothing.
    KnownKeyPtr find_unheard(const std::string& public_id);
    /// Before a read of what is then put.
    KeyMoment moment() const { return memory_.moment(); }
    void put(const std::string& public_id, KnownKeyPtr key, const KeyMoment& read_at);

private:
    void heard(const pg::Notification& notification);

    KnownKeyPtr unheard(const std::string& public_id) const;

    bool started_ = false;
    KeyMemory::Clock::time_point away_until_{};
    KeyMemory memory_;
    pg::Listener listener_;
};

} // namespace gravity::project
