#include "known_keys.hpp"

#include <atomic>
#include <functional>
#include <utility>
#include <vector>

namespace gravity::project {
namespace {

const std::vector<std::string> key_channels{"project_keys"}; // as the triggers of migration 0011 name it

std::atomic<std::uint64_t> committed_key_changes;

constexpr std::size_t most_changes = 10'000;

} // namespace

void forget_known_keys(Tx& tx) {
    tx.after_commit([] { ++committed_key_changes; });
}

KeyMoment KeyMemory::moment() const { return {committed_key_changes, all_, tick_}; }

bool KeyMemory::holds(const KeyMoment& at) const { return at.committed == committed_key_changes && at.all == all_; }

KnownKeyPtr KeyMemory::find(const std::string& public_id, std::chrono::seconds at_most, Clock::time_point now) const {
    const auto found = entries_.find(public_id);
    return found != entries_.end() && holds(found->second.at) && now - found->second.read < at_most ? found->second.key : nullptr;
}

void KeyMemory::put(const std::string& public_id, KnownKeyPtr key, const KeyMoment& read_at, Clock::time_point now) {
    const auto change = changes_.find(public_id);
    if (!holds(read_at) || (change != changes_.end() && change->second > read_at.tick)) return;
    if (entries_.size() >= most) entries_.clear();
    entries_.insert_or_assign(public_id, Entry{std::move(key), read_at, now});
}

void KeyMemory::changed(const std::string& public_id) {
    ++tick_;
    if (public_id.empty() || changes_.size() >= most_changes) {
        ++all_;
        changes_.clear();
        entries_.clear();
        return;
    }
    changes_.insert_or_assign(public_id, tick_);
    entries_.erase(public_id);
}

KnownKeys::KnownKeys(boost::asio::io_context& io, std::string url) : listener_(io, std::move(url), key_channels, std::bind_front(&KnownKeys::heard, this)) {}

KnownKeyPtr KnownKeys::find(const std::string& public_id) {
    if (!std::exchange(started_, true)) listener_.start();
    if (KeyMemory::Clock::now() < away_until_)
        if (KnownKeyPtr known = unheard(public_id)) return known;
    return listener_.connected() ? memory_.find(public_id, KeyMemory::heard_for, KeyMemory::Clock::now()) : nullptr;
}

KnownKeyPtr KnownKeys::find_unheard(const std::string& public_id) {
    away_until_ = KeyMemory::Clock::now() + std::chrono::seconds(1);
    return unheard(public_id);
}

KnownKeyPtr KnownKeys::unheard(const std::string& public_id) const {
    return memory_.find(public_id, KeyMemory::unread_for, KeyMemory::Clock::now());
}

// What is read while the store is not heard is kept as well, for when it cannot be read either; it is answered from once it was heard again, anew.
void KnownKeys::put(const std::string& public_id, KnownKeyPtr key, const KeyMoment& read_at) {
    memory_.put(public_id, std::move(key), read_at, KeyMemory::Clock::now());
}

// Of an empty channel it is not known what was missed.
void KnownKeys::heard(const pg::Notification& notification) { memory_.changed(notification.channel.empty() ? std::string() : notification.payload); }

} // namespace gravity::project
