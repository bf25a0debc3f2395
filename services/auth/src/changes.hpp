#pragma once

#include <gravity/pg/listener.hpp>
#include <gravity/pg/tx.hpp>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <optional>
#include <unordered_map>
#include <utility>

/// What tokens are decided by is remembered as long as nobody has changed it, here or at another replica (decision 71).
namespace gravity::issuer {

/// Clients with their secrets and roles; access tokens that are good no more.
enum class Changing : std::uint8_t {
    clients,
    tokens
};

/// For whoever changes such rows: once committed, and before it is answered, nothing that was read before is believed in this process. Triggers tell the
/// others.
void changes(Tx& tx, Changing what);

/// A moment between changes: what was read at one is good at another that is equal.
struct Moment {
    std::uint64_t committed = 0; // in this process
    std::uint64_t heard = 0;     // from the store, of all processes

    friend bool operator==(const Moment&, const Moment&) = default;
};

/// Hears of changes by LISTEN, from when it is first asked. I/O thread only.
class Changes {
public:
    Changes(boost::asio::io_context& io, std::string url);

    /// Nothing while the store cannot tell what changes: then nothing may be remembered.
    std::optional<Moment> now(Changing what);

private:
    void heard(const pg::Notification& notification);

    bool started_ = false;
    std::uint64_t heard_[2] = {0, 0};
    pg::Listener listener_;
};

/// Values as they were at a moment; forgotten all at once when there are too many. I/O thread only.
template <class Key, class Value, class At>
class Remembered {
public:
    /// Null where there is none, where it is of another moment than `now`, or older than a connection that is broken may go unnoticed.
    const Value* find(const Key& key, const At& now) const {
        const auto found = entries_.find(key);
        if (found == entries_.end() || found->second.at != now || std::chrono::steady_clock::now() > found->second.until) return nullptr;
        return &found->second.value;
    }
    void put(const Key& key, Value value, const At& at) {
        if (entries_.size() >= most) entries_.clear();
        entries_.insert_or_assign(key, Entry{std::move(value), at, std::chrono::steady_clock::now() + longest});
    }

private:
    static constexpr std::size_t most = 10'000;
    static constexpr std::chrono::seconds longest{10};

    struct Entry {
        Value value;
        At at;
        std::chrono::steady_clock::time_point until;
    };
    std::unordered_map<Key, Entry> entries_;
};

} // namespace gravity::issuer
