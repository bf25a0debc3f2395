#pragma once

#include "shelf.hpp"

#include <gravity/async/task.hpp>
#include <gravity/pg/tx.hpp>
#include <gravity/resilience/single_flight.hpp>

#include <functional>

namespace gravity::pg {
class Database;
}

/// What is read often is answered from memory: as it is, for as long as PostgreSQL is heard and has told of no change, and as it was, while PostgreSQL is away.
namespace gravity::config {

/// For whoever changes what is remembered of the running transaction's project: once it is committed, and before it is answered, nothing that was read before
/// is answered in this process any more. The other servers are told by NOTIFY.
void forget_remembered(Tx& tx);

/// PostgreSQL was not to be had, or not in time.
bool store_is_away(const Refusal& refusal);

struct Recalled {
    std::shared_ptr<const Kept> kept; // never null
    bool stale = false;               // the last that is known, while PostgreSQL is away
};

/// I/O thread only. What is read is kept, and read again when somebody asks for it after its project has changed, when it was read ten seconds ago (a broken
/// connection may go unnoticed), and by itself within seconds after a change, so that what is known is new when PostgreSQL goes away.
class Memory {
public:
    using Clock = Shelf::Clock;
    struct Limits {
        std::size_t most_bytes = 0;
        std::chrono::seconds stale_for{0}; // how long the last that is known is answered after it may have changed; 0: not at all
    };

    /// `listening`: whether changes are heard now. Both outlive it.
    Memory(pg::Database& database, std::function<bool()> listening, Limits limits)
        : database_(database), listening_(std::move(listening)), limits_(limits), shelf_(limits.most_bytes) {}

    /// Read by `read` in a transaction of the project, where it is not known: that refuses as it likes, and what it refuses is not kept. Refuses with 503 or
    /// 504 while PostgreSQL is away and nothing is known.
    Task<Recalled> recall(Place place, KeptReading read);
    /// What may be answered while PostgreSQL is away, although it might have changed; null where there is none.
    std::shared_ptr<const Kept> last_known(const Place& place);
    /// Something of a project has changed; or it is not known what has.
    void heard(const std::optional<ProjectId>& project);
    /// For the life of the process.
    Task<void> run();

private:
    bool listens();
    bool current(const Shelf::Item& item, const Place& place);
    Task<std::shared_ptr<const Kept>> read_once(Place place, KeptReading read);
    Task<std::shared_ptr<const Kept>> read_now(Place place, Moment at, KeptReading read);
    Task<void> refresh();

    pg::Database& database_;
    std::function<bool()> listening_;
    Limits limits_;
    Shelf shelf_;
    // Who comes after a change does not take what is being read since before it.
    resilience::SingleFlight<std::pair<Place, Moment>, std::shared_ptr<const Kept>> flights_;
    Clock::time_point last_heard_{}, away_until_{};
};

} // namespace gravity::config
