#pragma once

#include "effective.hpp"
#include "frames.hpp"
#include "layers.hpp"
#include "secrets.hpp"

#include <gravity/app/service.hpp>
#include <gravity/pg/listener.hpp>
#include <gravity/resilience/single_flight.hpp>

#include <chrono>
#include <map>
#include <memory>
#include <set>
#include <utility>

/// Who hears of publications. I/O thread only.
namespace gravity::config {

class Memory;

/// What somebody watches.
struct Watched {
    ProjectId project;
    std::vector<std::string> applications;
    std::vector<std::string> profiles;
    LabelName label;
    SecretsSeen secrets = SecretsSeen::none;
    auto operator<=>(const Watched&) const = default;
};

/// Told when what a topic shows has changed. Not called while it is being made or joined.
class Follower {
public:
    virtual ~Follower() = default;
    virtual void changed() = 0;
};

/// What all who watch the same share: what is in force, read once for all of them. Of a rollout it has both sides; who sees the same shares that as well.
class Topic {
public:
    explicit Topic(Watched watched) : watched_(std::move(watched)) {}
    const Watched& watched() const { return watched_; }
    /// What an instance sees, or who has no name. Null until it has been read for the first time.
    std::shared_ptr<const Snapshot> current(const std::optional<std::string>& instance);
    /// What leads from one to another, as it is sent; the same for all who go that way.
    const std::string& change(const std::shared_ptr<const Snapshot>& from, const std::shared_ptr<const Snapshot>& to);

private:
    friend class Watching;
    friend class Seat;
    void take(View view);

    using Way = std::pair<std::shared_ptr<const Snapshot>, std::shared_ptr<const Snapshot>>;
    static constexpr std::size_t most_changes = 8;

    Watched watched_;
    std::optional<View> view_; // without the sets where nothing is rolled out: then there is one snapshot for all
    std::map<std::vector<int>, std::shared_ptr<const Snapshot>> snapshots_; // by cohort
    std::set<Follower*> followers_;
    bool stale_ = true;    // there may be something newer
    bool reading_ = false;
    std::map<Way, std::string> changes_; // to what is seen now
};

/// A follower's place; it leaves with it.
class Seat {
public:
    Seat(std::shared_ptr<Topic> topic, Follower& follower) : topic_(std::move(topic)), follower_(follower) { topic_->followers_.insert(&follower_); }
    ~Seat() { topic_->followers_.erase(&follower_); }
    Seat(const Seat&) = delete;
    Seat& operator=(const Seat&) = delete;
    Topic& topic() const { return *topic_; }

private:
    std::shared_ptr<Topic> topic_;
    Follower& follower_;
};

/// Hears of publications by LISTEN and reads what is in force anew where somebody watches it. It listens first and reads then, and reads all of it again
/// whenever the connection had been lost, so that nothing is missed; a publication between two readings is in the second.
class Watching {
public:
    Watching(app::Runtime& runtime, const Vault& vault);

    /// Whether changes are heard now.
    bool listening() const { return listener_.connected(); }
    /// What is remembered is told of each change as well, and tells in turn, while PostgreSQL is away, what was in force.
    void remember_in(std::shared_ptr<Memory> memory) { memory_ = std::move(memory); }

    /// Shared by all who watch the same; it is read from here on.
    std::shared_ptr<Topic> topic(const Watched& watched);
    /// What was in force for an instance at a version; null if that is none of this selection's.
    Task<std::shared_ptr<const Snapshot>> at(Watched watched, std::int64_t version, std::optional<std::string> instance);
    /// The same for who can do without: null as well while PostgreSQL is away.
    Task<std::shared_ptr<const Snapshot>> at_if_known(Watched watched, std::int64_t version, std::optional<std::string> instance);
    /// Waits until another version than this is in force for the instance, or the time has come.
    Task<void> until_other(Watched watched, std::int64_t version, std::optional<std::string> instance, std::chrono::steady_clock::time_point end);

private:
    void heard(const pg::Notification& notification);
    void refresh(const std::shared_ptr<Topic>& topic);
    Task<void> read_until_fresh(std::shared_ptr<Topic> topic);
    Task<View> read(Watched watched, std::optional<std::int64_t> version);
    Task<std::shared_ptr<const View>> read_at(Watched watched, std::int64_t version);

    boost::asio::io_context& io_;
    pg::Database& database_;
    const Vault& vault_;
    std::map<Watched, std::weak_ptr<Topic>> topics_;
    // All who come back with the same version at the same time, as they do when a server has ended, are told from one reading.
    resilience::SingleFlight<std::pair<Watched, std::int64_t>, std::shared_ptr<const View>> past_;
    std::shared_ptr<Memory> memory_;
    pg::Listener listener_;
};

} // namespace gravity::config
