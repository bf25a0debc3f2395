#include "auth/token_cache.hpp"

#include <algorithm>
#include <bit>
#include <functional>

namespace gravity::auth {

namespace {
std::size_t standard_hash(std::string_view token) { return std::hash<std::string_view>{}(token); }
} // namespace

TokenCache::TokenCache(std::size_t tokens, Hash hash)
    : hash_(hash ? hash : &standard_hash), sets_(std::bit_ceil(std::max(tokens, ways)) / ways) {}

TokenCache::Set TokenCache::set_of(std::size_t hash) {
    const std::size_t index = hash & (sets_.size() - 1);
    return {sets_[index], locks_[index % lock_count]};
}

std::optional<TokenCache::Outcome> TokenCache::find(std::string_view token, std::uint64_t generation,
                                                    std::int64_t now) {
    const std::size_t hash = hash_(token);
    const Set set = set_of(hash);
    const std::lock_guard lock(set.lock.mutex);
    if (!set.places) return std::nullopt;
    for (Place& place : *set.places) {
        if (place.hash != hash || place.generation != generation || now < place.from || now >= place.until ||
            place.token != token)
            continue;
        place.used = ++set.lock.uses;
        return place.outcome;
    }
    return std::nullopt;
}

void TokenCache::put(std::string_view token, std::uint64_t generation, std::int64_t from, std::int64_t until,
                     Outcome outcome) {
    if (until <= from) return;
    const std::size_t hash = hash_(token);
    const Set set = set_of(hash);
    const std::lock_guard lock(set.lock.mutex);
    if (!set.places) set.places = std::make_unique<Places>();
    Place* chosen = set.places->data();
    // Higher: rather overwritten. The same token before all, then what can no longer be found, then what was used
    // longest ago.
    const auto rank = [&](const Place& place) {
        if (place.hash == hash && place.token == token) return 2;
        return place.until <= from || place.generation != generation ? 1 : 0;
    };
    for (Place& place : *set.places) {
        const int better = rank(place) - rank(*chosen);
        if (better > 0 || (better == 0 && place.used < chosen->used)) chosen = &place;
    }
    *chosen = Place{hash, generation, from, until, ++set.lock.uses, std::string(token), std::move(outcome)};
}

} // namespace gravity::auth
