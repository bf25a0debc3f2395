#include "api_keys.hpp"

#include <gravity/base/clock.hpp>
#include <gravity/base/crypto.hpp>

#include <algorithm>
#include <limits>
#include <utility>

namespace gravity::gateway {
namespace {

using namespace std::chrono_literals;

constexpr auto least = 200ms;       // what has just been exchanged counts for who has waited for it
constexpr auto silence = 1s;        // after it nothing more is believed to be heard
constexpr auto of_before = 8s;      // an exchange that began before a change has ended by then, with what others remember for a second
constexpr std::size_t digest_bytes = 32;
constexpr std::size_t most_changed = 10'000;
constexpr std::int64_t never = std::numeric_limits<std::int64_t>::min();

/// Of the digest of a key, the name of what is so where it is shown from this address alone.
std::string shown_at(const std::string& digest, const boost::asio::ip::address& from) {
    const auto append = [&](const auto& bytes) { return digest + std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size()); };
    return from.is_v4() ? append(from.to_v4().to_bytes()) : append(from.to_v6().to_bytes());
}

metrics::Counter counter_of(std::string_view outcome) {
    return metrics::counter("gravity_gateway_key_exchanges_total", "API keys exchanged for tokens, by what became of it", {"outcome"}).with({outcome});
}

} // namespace

ApiKeys::ApiKeys(KeyLimits limits, Ask ask)
    : limits_(limits),
      ask_(std::move(ask)),
      heard_at_(never),
      good_(counter_of("good")),
      refused_(counter_of("refused")),
      unavailable_(counter_of("unavailable")),
      gauge_(metrics::gauge("gravity_gateway_keys_kept", "API keys that are remembered").with({})) {}

bool ApiKeys::plausible(std::string_view key) {
    return !key.empty() && key.size() <= longest && std::all_of(key.begin(), key.end(), [](char c) { return c > ' ' && c <= '~'; });
}

void ApiKeys::heard(Moment now) { heard_at_.store(now.time_since_epoch().count(), std::memory_order_relaxed); }

bool ApiKeys::hears(Moment now) const {
    const std::int64_t at = heard_at_.load(std::memory_order_relaxed);
    return at != never && now - Moment(Moment::duration(at)) < silence;
}

bool ApiKeys::counts(const Entry& entry, Moment now) const {
    if (now >= entry.until) return false;
    return entry.outcome != KeyOutcome::good || now < entry.landed + limits_.unheard || hears(now);
}

const ApiKeys::Entry* ApiKeys::counting(const Shard& shard, const std::string& name, Moment now) const {
    const auto found = shard.entries.find(name);
    return found != shard.entries.end() && counts(found->second, now) ? &found->second : nullptr;
}

ApiKeys::Sought ApiKeys::seek(std::string_view key, const Address& from, Moment now) {
    const std::string digest = sha256(key);
    Shard& shard = shard_of(digest);
    const std::lock_guard lock(shard.mutex);
    const Entry* known = counting(shard, digest, now);
    if (!known || known->outcome != KeyOutcome::good) { // what is good where it is shown goes before that nobody can say
        const Entry* const here = counting(shard, shown_at(digest, from), now);
        if (here || (known && known->depends)) known = here;
    }
    if (!known) return {};
    return {true, known->outcome, known->grant};
}

/// Whether it is known that what becomes of the key depends on where it is shown.
bool ApiKeys::depends(const std::string& digest, Moment now) {
    Shard& shard = shard_of(digest);
    const std::lock_guard lock(shard.mutex);
    const Entry* const known = counting(shard, digest, now);
    return known && known->depends;
}

bool ApiKeys::exchange(std::string_view key, const Address& from, Waiter waiter, Moment now) {
    const std::string digest = sha256(key);
    std::string flight;
    {
        const std::lock_guard lock(flights_mutex_);
        flight = depends(digest, now) ? shown_at(digest, from) : digest;
        if (const auto under_way = flights_.find(flight); under_way != flights_.end()) {
            under_way->second.push_back({from, std::move(waiter)});
            return true;
        }
        if (!seek(key, from, now).known) { // else it has landed since the caller looked
            const auto of_this_key = [&](const auto& each) { return each.first.starts_with(digest); };
            if (flights_.size() >= limits_.under_way) return false;
            if (std::count_if(flights_.begin(), flights_.end(), of_this_key) >= static_cast<std::ptrdiff_t>(limits_.of_one_key)) return false;
            flights_[flight].push_back({from, std::move(waiter)});
            waiter = nullptr;
        }
    }
    if (waiter) waiter();
    else ask_({std::move(flight), std::string(key), from});
    return true;
}

void ApiKeys::landed(const KeyQuestion& question, KeyOutcome outcome, KeyGrantPtr grant, Moment now) {
    (outcome == KeyOutcome::good ? good_ : outcome == KeyOutcome::refused ? refused_
                                                                          : unavailable_)
        .add();
    const std::string digest = question.flight.substr(0, digest_bytes);
    Entry entry{outcome, nullptr, now, now + limits_.refused};
    if (outcome == KeyOutcome::good) {
        entry.until = end_of(*grant->claims, now);
        entry.grant = std::move(grant);
    }
    const bool for_all = keep(digest, shown_at(digest, question.from), std::move(entry), now);
    gauge_.set(static_cast<double>(kept()));
    std::vector<Waiting> waiting;
    {
        const std::lock_guard lock(flights_mutex_);
        if (auto flight = flights_.extract(question.flight)) waiting = std::move(flight.mapped());
    }
    // Whoever shows it from elsewhere has waited for whether that matters. It does, so now they ask for themselves.
    for (const Waiting& each : waiting)
        if (for_all || each.from == question.from || !exchange(question.key, each.from, each.waiter, now)) each.waiter();
}

/// Remembers what became of a key that was shown in this place. True if that is so wherever it is shown: where it is good for all, or nobody could say.
bool ApiKeys::keep(const std::string& digest, const std::string& place, Entry entry, Moment now) {
    Shard& shard = shard_of(digest);
    const std::lock_guard lock(shard.mutex);
    if (entry.outcome == KeyOutcome::unavailable) entry = covered(shard, digest, place, now);
    const bool for_all = entry.grant ? entry.grant->anywhere : entry.outcome == KeyOutcome::unavailable;
    if (!for_all) remember(shard, digest, Entry{KeyOutcome::refused, nullptr, now, entry.until, true}, now); // in the place of what was good for all
    remember(shard, for_all ? digest : place, std::move(entry), now);
    return for_all;
}

/// Until when a new grant counts: of a key that has just been changed, only for a moment.
ApiKeys::Moment ApiKeys::end_of(const auth::Claims& claims, Moment now) {
    const std::int64_t left = claims.expires_at - gravity::now().unix_seconds() - 1;
    const auto most = std::max<std::chrono::milliseconds>(limits_.good, least);
    std::chrono::milliseconds hold = std::clamp<std::chrono::milliseconds>(std::chrono::seconds(left), least, most);
    const std::lock_guard lock(changed_mutex_);
    for (const std::string& name : {claims.subject, claims.project.to_string()})
        if (const auto change = changed_.find(name); change != changed_.end() && now < change->second) hold = std::min(hold, limits_.unheard);
    return now + hold;
}

/// Nobody can say what has become of the key: what it came to before counts on while its token is good and revocations are heard.
ApiKeys::Entry ApiKeys::covered(const Shard& shard, const std::string& digest, const std::string& place, Moment now) const {
    for (const std::string& name : {digest, place}) {
        const auto before = shard.entries.find(name);
        const bool covers = before != shard.entries.end() && before->second.outcome == KeyOutcome::good && hears(now) &&
                            before->second.grant->claims->expires_at > gravity::now().unix_seconds() + 1;
        if (covers) return {KeyOutcome::good, before->second.grant, now, now + limits_.unavailable};
    }
    return {KeyOutcome::unavailable, nullptr, now, now + limits_.unavailable};
}

void ApiKeys::remember(Shard& shard, const std::string& name, Entry entry, Moment now) {
    auto& entries = shard.entries;
    const std::size_t most = std::max<std::size_t>(limits_.kept / shards, 1);
    if (entries.size() >= most) std::erase_if(entries, [&](const auto& each) { return now >= each.second.until; });
    // Whoever guesses keys drives out other guesses before keys that are good.
    if (entries.size() >= most && entries.find(name) == entries.end())
        entries.erase(std::min_element(entries.begin(), entries.end(), [](const auto& a, const auto& b) {
            const auto rank = [](const Entry& each) { return std::make_pair(each.outcome == KeyOutcome::good, each.until); };
            return rank(a.second) < rank(b.second);
        }));
    entries.insert_or_assign(name, std::move(entry));
}

void ApiKeys::forget(const std::string& name, Moment now, const std::function<bool(const auth::Claims&)>& which) {
    {
        const std::lock_guard lock(changed_mutex_);
        if (changed_.size() >= most_changed) std::erase_if(changed_, [now](const auto& each) { return now >= each.second; });
        if (changed_.size() >= most_changed) changed_.erase(changed_.begin());
        changed_.insert_or_assign(name, now + of_before);
    }
    for (Shard& shard : shards_) {
        const std::lock_guard lock(shard.mutex);
        std::erase_if(shard.entries, [&](const auto& each) { return each.second.grant && which(*each.second.grant->claims); });
    }
    gauge_.set(static_cast<double>(kept()));
}

void ApiKeys::forget_subject(const std::string& subject, Moment now) {
    forget(subject, now, [&](const auth::Claims& claims) { return claims.subject == subject; });
}

void ApiKeys::forget_project(const ProjectId& project, Moment now) {
    forget(project.to_string(), now, [&](const auth::Claims& claims) { return claims.project == project; });
}

std::size_t ApiKeys::kept() const {
    std::size_t count = 0;
    for (const Shard& shard : shards_) {
        const std::lock_guard lock(shard.mutex);
        count += shard.entries.size();
    }
    return count;
}

} // namespace gravity::gateway
