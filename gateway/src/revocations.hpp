#pragma once

#include <gravity/auth/claims.hpp>

#include <atomic>
#include <cstdint>
#include <map>
#include <shared_mutex>
#include <string>

namespace gravity::gateway {

/// Tokens that no longer count though they are signed and not expired. Bounded: an entry lasts a day, as long as any token here may; the oldest goes when
/// there are too many. Any thread; while there are none, asking costs one load.
class Revocations {
public:
    static constexpr std::int64_t lifetime_seconds = 86'400;
    static constexpr std::size_t most = 100'000; // of each kind

    /// Times in Unix seconds.
    void revoke_token(const std::string& id, std::int64_t now);
    /// All tokens with this `sid`.
    void revoke_session(const std::string& id, std::int64_t now);
    /// All tokens of the subject that were issued before, or do not say when.
    void revoke_subject(const std::string& subject, std::int64_t before, std::int64_t now);
    bool covers(const auth::Claims& claims) const;
    std::size_t size() const;

private:
    struct Entry {
        std::int64_t before = 0;
        std::int64_t until = 0;
    };
    using Entries = std::map<std::string, Entry, std::less<>>;
    void add(Entries& entries, const std::string& key, Entry entry, std::int64_t now);
    void forget_old(std::int64_t now);

    mutable std::shared_mutex mutex_;
    std::atomic<bool> any_{false};
    Entries tokens_, sessions_, subjects_;
    std::int64_t looked_through_ = 0; // when the old ones were last forgotten
};

} // namespace gravity::gateway
