#include "response_cache.hpp"

#include "frequency_sketch.hpp"

#include <algorithm>
#include <array>
#include <list>
#include <mutex>
#include <optional>
#include <unordered_map>

namespace gravity::gateway {

using Time = std::chrono::steady_clock::time_point;

namespace {

constexpr std::chrono::seconds apart{10};      // so long nobody waits for an answer that was not for others
constexpr std::size_t most_apart = 4096;       // a shard
constexpr std::size_t most_variants = 64;      // of one URL
constexpr std::size_t outdated_known = 256;    // a shard; older ones count for everything

std::uint64_t hash_of(std::string_view text) { return std::hash<std::string_view>{}(text); }
std::string flight_key(const CacheRequest& request) { return request.url + '\n' + request.space + '\n' + request.authorization; }

} // namespace

struct ResponseCache::Flight {
    Shard* shard = nullptr;
    std::string url, key;
    std::vector<Waiter> waiters; // under the shard's lock
};

struct ResponseCache::Shard {
    using List = std::list<StoredPtr>; // the one used last in front
    std::mutex mutex;
    List used;
    std::unordered_map<std::string, std::vector<List::iterator>> by_url;
    std::size_t bytes = 0;
    std::unordered_map<std::string, std::shared_ptr<Flight>> flights;
    std::unordered_map<std::uint64_t, Time> apart_until;
    std::array<std::pair<std::uint64_t, Time>, outdated_known> outdated{}; // a ring: what was said to be outdated, and when
    std::size_t next_outdated = 0;
    Time all_outdated{}; // everything asked for until then
    std::optional<FrequencySketch> frequency; // made when it is first needed

    void remove(ResponseCache& cache, List::iterator at) {
        const auto found = by_url.find((*at)->url);
        std::erase(found->second, at);
        if (found->second.empty()) by_url.erase(found);
        bytes -= (*at)->size();
        cache.bytes_.fetch_sub((*at)->size(), std::memory_order_relaxed);
        cache.entries_.fetch_sub(1, std::memory_order_relaxed);
        used.erase(at);
    }
    void note_outdated(std::uint64_t url, Time now) {
        auto& place = outdated[next_outdated++ % outdated_known];
        all_outdated = std::max(all_outdated, place.second);
        place = {url, now};
    }
    bool is_outdated(std::uint64_t url, Time asked) const {
        return asked <= all_outdated || std::any_of(outdated.begin(), outdated.end(), [&](const auto& said) {
                   return said.first == url && said.second != Time() && asked <= said.second;
               });
    }
    /// Who comes from now on does not wait for what was asked for before.
    void part_from_flights(std::string_view url) {
        std::erase_if(flights, [&](const auto& flight) { return flight.second->url == url; });
    }
    bool is_apart(std::uint64_t key, Time now) {
        const auto found = apart_until.find(key);
        if (found == apart_until.end()) return false;
        if (now < found->second) return true;
        apart_until.erase(found);
        return false;
    }
};

ResponseCache::ResponseCache(CacheLimits limits) : limits_(limits) {
    // Each has room for some of the largest answers.
    const std::size_t count = std::clamp<std::size_t>(limits.bytes / (8 * std::max<std::size_t>(limits.body, 1)), 1, 16);
    for (std::size_t i = 0; i < count; ++i) shards_.push_back(std::make_unique<Shard>());
}

ResponseCache::~ResponseCache() = default;

ResponseCache::Shard& ResponseCache::shard_of(std::string_view url) const { return *shards_[hash_of(url) % shards_.size()]; }

ResponseCache::Sought ResponseCache::seek(const CacheRequest& request, std::string_view request_head, Time now, const Waiter& waiter) {
    Shard& shard = shard_of(request.url);
    Sought sought;
    const std::lock_guard lock(shard.mutex);
    if (!in_use()) in_use_.store(true, std::memory_order_relaxed);
    if (!shard.frequency) shard.frequency.emplace(limits_.entries / shards_.size());
    shard.frequency->add(hash_of(request.url));
    if (const auto found = shard.by_url.find(request.url); found != shard.by_url.end()) {
        const Shard::List::iterator* newest = nullptr;
        for (const auto& at : found->second)
            if (selects(**at, request, request_head) && (!newest || (*at)->received > (**newest)->received)) newest = &at;
        if (newest) {
            sought.stored = **newest;
            shard.used.splice(shard.used.begin(), shard.used, *newest);
        }
    }
    sought.step = decide(request, sought.stored.get(), now);
    if (sought.step == CacheStep::use || sought.step == CacheStep::give_up || !request.collapses()) return sought;
    // What has to be validated for everybody anew is nothing to wait for.
    if (sought.stored && (sought.stored->always_validate || sought.stored->lifetime.count() == 0) && sought.step != CacheStep::use_and_refresh) return sought;

    std::string key = flight_key(request);
    if (const auto under_way = shard.flights.find(key); under_way != shard.flights.end()) {
        if (sought.step == CacheStep::use_and_refresh) return sought;
        under_way->second->waiters.push_back(waiter);
        sought.waits = true;
        return sought;
    }
    if (shard.is_apart(hash_of(key), now)) return sought;
    auto flight = std::make_shared<Flight>();
    flight->shard = &shard;
    flight->url = request.url;
    flight->key = key;
    shard.flights.emplace(std::move(key), flight);
    sought.lead = Lead(*this, std::move(flight));
    return sought;
}

void ResponseCache::Lead::decline(bool remember) {
    if (!flight_) return;
    if (remember) {
        Shard& shard = *flight_->shard;
        const std::lock_guard lock(shard.mutex);
        if (shard.apart_until.size() >= most_apart) shard.apart_until.clear();
        shard.apart_until[hash_of(flight_->key)] = std::chrono::steady_clock::now() + apart;
    }
    end({});
}

void ResponseCache::Lead::end(Landing landing) {
    if (!flight_) return;
    const std::shared_ptr<Flight> flight = std::exchange(flight_, nullptr);
    std::vector<Waiter> waiters;
    {
        const std::lock_guard lock(flight->shard->mutex);
        const auto found = flight->shard->flights.find(flight->key);
        if (found != flight->shard->flights.end() && found->second == flight) flight->shard->flights.erase(found);
        waiters.swap(flight->waiters);
    }
    for (const Waiter& waiter : waiters) waiter(landing);
}

void ResponseCache::store(const StoredPtr& stored, Time asked) {
    const std::uint64_t hash = hash_of(stored->url);
    const std::size_t size = stored->size(), most = limits_.bytes / shards_.size(), most_entries = std::max<std::size_t>(limits_.entries / shards_.size(), 1);
    Shard& shard = shard_of(stored->url);
    const std::lock_guard lock(shard.mutex);
    if (shard.is_outdated(hash, asked)) return;
    if (const auto found = shard.by_url.find(stored->url); found != shard.by_url.end()) {
        const auto same = [&](const auto& at) {
            const Stored& other = **at;
            return other.space == stored->space && other.owner == stored->owner && other.selecting == stored->selecting;
        };
        auto& variants = found->second;
        auto gone = std::find_if(variants.begin(), variants.end(), same);
        if (gone == variants.end() && variants.size() >= most_variants) gone = variants.begin();
        if (gone != variants.end()) shard.remove(*this, *gone);
    }
    if (size > most) return;
    if (!shard.frequency) shard.frequency.emplace(limits_.entries / shards_.size());
    while (shard.bytes + size > most || shard.used.size() + 1 > most_entries) {
        const Stored& last = *shard.used.back();
        const bool spent = last.age(stored->received) >= last.lifetime + std::max(last.while_revalidate, last.if_error) && !last.has_validator();
        if (!spent && shard.frequency->estimate(hash_of(last.url)) > shard.frequency->estimate(hash)) return;
        shard.remove(*this, std::prev(shard.used.end()));
    }
    shard.used.push_front(stored);
    shard.by_url[stored->url].push_back(shard.used.begin());
    shard.bytes += size;
    bytes_.fetch_add(size, std::memory_order_relaxed);
    entries_.fetch_add(1, std::memory_order_relaxed);
}

void ResponseCache::forget(const Stored& stored) {
    Shard& shard = shard_of(stored.url);
    const std::lock_guard lock(shard.mutex);
    const auto found = shard.by_url.find(stored.url);
    if (found == shard.by_url.end()) return;
    const auto at = std::find_if(found->second.begin(), found->second.end(), [&](const auto& kept) { return kept->get() == &stored; });
    if (at != found->second.end()) shard.remove(*this, *at);
}

std::size_t ResponseCache::purge_url(const std::string& url, Time now) {
    Shard& shard = shard_of(url);
    const std::lock_guard lock(shard.mutex);
    shard.note_outdated(hash_of(url), now);
    shard.part_from_flights(url);
    std::size_t gone = 0;
    for (auto found = shard.by_url.find(url); found != shard.by_url.end(); found = shard.by_url.find(url), ++gone) shard.remove(*this, found->second.back());
    return gone;
}

template <class Goes>
std::size_t ResponseCache::purge(Time now, Goes goes) {
    std::size_t gone = 0;
    for (const auto& shard : shards_) {
        const std::lock_guard lock(shard->mutex);
        shard->all_outdated = now; // what is under way may be what is meant
        shard->flights.clear();
        for (auto at = shard->used.begin(); at != shard->used.end();) {
            const auto next = std::next(at);
            if (goes(**at)) {
                shard->remove(*this, at);
                ++gone;
            }
            at = next;
        }
    }
    return gone;
}

std::size_t ResponseCache::purge_prefix(std::string_view prefix, Time now) {
    return purge(now, [&](const Stored& stored) { return stored.url.starts_with(prefix); });
}

std::size_t ResponseCache::purge_tag(std::string_view tag, Time now) {
    return purge(now, [&](const Stored& stored) { return std::find(stored.tags.begin(), stored.tags.end(), tag) != stored.tags.end(); });
}

ResponseCache::Room ResponseCache::room(std::size_t bytes) {
    if (receiving_.fetch_add(bytes, std::memory_order_relaxed) + bytes <= limits_.bytes) return Room(*this, bytes);
    receiving_.fetch_sub(bytes, std::memory_order_relaxed);
    return {};
}

} // namespace gravity::gateway
