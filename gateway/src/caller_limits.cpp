#include "caller_limits.hpp"

#include <gravity/base/crypto.hpp>

#include <algorithm>
#include <bit>
#include <cstring>
#include <mutex>
#include <optional>
#include <vector>

namespace gravity::gateway {
namespace {

__extension__ using Wide = unsigned __int128;

std::uint64_t mix(std::uint64_t a, std::uint64_t b) { // the product, folded
    const Wide product = static_cast<Wide>(a) * b;
    return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}

/// A keyed hash in the manner of wyhash: not cryptographic, but not to be steered without the secrets.
std::uint64_t keyed_hash(std::string_view key, const std::array<std::uint64_t, 3>& secrets) {
    std::uint64_t hash = secrets[0] ^ key.size();
    while (!key.empty()) {
        std::uint64_t word[2] = {};
        const std::size_t size = std::min(key.size(), sizeof word);
        std::memcpy(word, key.data(), size);
        key.remove_prefix(size);
        hash = mix(word[0] ^ secrets[1], word[1] ^ hash);
    }
    return mix(hash ^ secrets[2], secrets[1]);
}

} // namespace

struct CallerLimits::Table {
    static constexpr std::size_t ways = 8;
    static constexpr std::size_t lock_count = 64;
    struct Place {
        std::uint64_t hash = 0; // 64 keyed bits stand for the caller: two that meet share a limit, once in 2^64
        std::optional<resilience::RateLimiter> limit;
    };
    struct alignas(64) Lock {
        std::mutex mutex;
    };

    Table(std::uint32_t rate, std::uint32_t most, std::size_t callers)
        : per_second(rate), burst(most), sets(std::bit_ceil(std::max<std::size_t>(callers / ways, 1))) {
        fill_random(secrets.data(), sizeof secrets);
    }

    std::size_t set_of(std::uint64_t hash) const { return static_cast<std::size_t>(hash >> 32) & (sets.size() - 1); }

    /// The caller's place, or the one he gets.
    Place& place_of(std::uint64_t hash, std::size_t set, resilience::Moment now) {
        std::array<Place, ways>& places = sets[set];
        for (Place& place : places)
            if (place.limit && place.hash == hash) return place;
        const auto used = [now](const Place& place) { return place.limit ? place.limit->peek(now).reset_after : resilience::Span::min(); };
        Place& place = *std::min_element(places.begin(), places.end(), [&](const Place& a, const Place& b) { return used(a) < used(b); });
        place.hash = hash;
        place.limit.emplace(per_second, std::chrono::seconds(1), burst);
        return place;
    }

    std::uint32_t per_second, burst;
    std::vector<std::array<Place, ways>> sets;
    std::array<Lock, lock_count> locks;
    std::array<std::uint64_t, 3> secrets{};
};

CallerLimits::CallerLimits(std::uint32_t per_second, std::uint32_t burst, std::size_t callers) {
    const resilience::RateLimiter sensible(per_second, std::chrono::seconds(1), burst); // throws if it is not
    table_ = std::make_unique<Table>(per_second, burst, callers);
}

CallerLimits::~CallerLimits() = default;

resilience::RateDecision CallerLimits::peek(std::string_view caller, resilience::Moment now) const {
    const std::uint64_t hash = keyed_hash(caller, table_->secrets);
    const std::size_t set = table_->set_of(hash);
    const std::lock_guard lock(table_->locks[set % Table::lock_count].mutex);
    for (const Table::Place& place : table_->sets[set])
        if (place.limit && place.hash == hash) return place.limit->peek(now);
    return resilience::RateLimiter(table_->per_second, std::chrono::seconds(1), table_->burst).peek(now);
}

resilience::RateDecision CallerLimits::take(std::string_view caller, resilience::Moment now) {
    const std::uint64_t hash = keyed_hash(caller, table_->secrets);
    const std::size_t set = table_->set_of(hash);
    const std::lock_guard lock(table_->locks[set % Table::lock_count].mutex);
    return table_->place_of(hash, set, now).limit->take(now);
}

} // namespace gravity::gateway
