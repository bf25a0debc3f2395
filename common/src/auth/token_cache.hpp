#pragma once

#include <gravity/auth/claims.hpp>
#include <gravity/auth/result.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gravity::auth {

/// Remembers what became of tokens, in fixed room: sets of eight places chosen by a hash. However an attacker picks
/// tokens, a look-up compares at most eight, and all it can do is drive out what shares a set. Any thread; a lock
/// covers a sixteenth of the sets.
class TokenCache {
public:
    using Outcome = Result<std::shared_ptr<const Claims>>;

    using Hash = std::size_t (*)(std::string_view);

    /// Room for `tokens`, rounded up to a power of two, at least 8. The hash may be given by a test, which cannot find
    /// two tokens of one hash.
    explicit TokenCache(std::size_t tokens, Hash hash = nullptr);

    /// The outcome stored for exactly this token and key generation, if `now` is within its time.
    std::optional<Outcome> find(std::string_view token, std::uint64_t generation, std::int64_t now);
    /// Valid for from <= now < until. Takes the place of the same token, an empty or expired place, or the one used
    /// longest ago.
    void put(std::string_view token, std::uint64_t generation, std::int64_t from, std::int64_t until, Outcome outcome);

private:
    static constexpr std::size_t ways = 8;
    static constexpr std::size_t lock_count = 16;

    struct Place {
        std::size_t hash = 0;
        std::uint64_t generation = 0;
        std::int64_t from = 0;
        std::int64_t until = 0; // 0: empty
        std::uint64_t used = 0; // by the clock of its lock
        std::string token;
        std::optional<Outcome> outcome;
    };
    struct Lock {
        std::mutex mutex;
        std::uint64_t uses = 0;
    };
    using Places = std::array<Place, ways>;
    struct Set {
        std::unique_ptr<Places>& places; // null until a token falls into it: a daemon that sees few callers keeps little
        Lock& lock;
    };

    Set set_of(std::size_t hash);

    const Hash hash_;
    std::vector<std::unique_ptr<Places>> sets_;
    std::array<Lock, lock_count> locks_;
};

} // namespace gravity::auth
