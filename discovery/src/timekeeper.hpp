#pragma once

#include "commands.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace gravity::registry {

/// An owner who has come, in one text that daemons can tell each other: one of these letters, and the key of the row.
namespace renewal {
inline constexpr char session = 'x', check = 'c', instance = 's';
} // namespace renewal

/// What happens because nobody came in time: TTL checks expire, leases and sessions end, critical services are reaped. Deadlines are on a clock that never goes
/// back (microseconds) and live in memory: after a restart each begins anew, but for how long a check has been critical, which is stored. Pure.
class Timekeeper {
public:
    /// Follows the model; also called for every row at the start. `unix_us` is the time of day, in which "critical since" is kept.
    void on_change(const Change& change, std::int64_t now_us, std::int64_t unix_us);

    /// A client has come: its TTL check begins anew. Nothing if it has no deadline now (unknown, or critical and yet to be set passing).
    void renew_check(const std::string& key, std::int64_t now_us);
    /// The instance has been registered again, or one of its TTL checks updated.
    void renew_lease(const std::string& key, std::int64_t now_us);
    void renew_session(const std::string& id, std::int64_t now_us);

    /// All of that as one: what an engine tells of an owner who has come (namespace renewal). For a check of an instance its lease too.
    void renew(std::string_view renewal, const Model& model, std::int64_t now_us);
    /// Nobody could come for a while, or it is not known who has: every TTL, lease and session gets its whole time again.
    void begin_anew(std::int64_t now_us);

    /// The commands that are due. Each comes again after `again_us` until the change it makes is seen, so that a store that fails loses none.
    std::vector<Command> due(std::int64_t now_us);
    /// The same, each with whether it is still so: its owner may come while it waits for its turn.
    struct Due {
        Command command;
        std::function<bool()> still;
    };
    std::vector<Due> due_with_doubt(std::int64_t now_us);
    /// When something is due next; INT64_MAX if nothing is.
    std::int64_t next() const;

    static constexpr std::int64_t again_us = 5'000'000;

private:
    enum class Kind : unsigned char {
        ttl,
        lease,
        reap,
        session
    };
    using Name = std::pair<Kind, std::string>;
    struct Entry {
        std::int64_t at = 0;
        std::int64_t length = 0;   // of the TTL, lease or session
        std::int64_t since_us = 0; // reap: which time of being critical
    };

    void follow(const ChangeOf<Check>& change, std::int64_t now_us, std::int64_t unix_us);
    void follow(const ChangeOf<Instance>& change, std::int64_t now_us);
    void follow(const ChangeOf<Session>& change, std::int64_t now_us);
    template <class Each>
    void each_due(std::int64_t now_us, Each each);
    void renew(Kind kind, const std::string& key, std::int64_t now_us);
    void set(const Name& name, Entry entry);
    void erase(const Name& name);

    std::map<Name, Entry> entries_;
    std::set<std::pair<std::int64_t, Name>> by_time_;
};

} // namespace gravity::registry
