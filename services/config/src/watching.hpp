#pragma once

#include "frames.hpp"
#include "layers.hpp"
#include "secrets.hpp"

#include <gravity/app/service.hpp>
#include <gravity/pg/listener.hpp>

#include <chrono>
#include <map>
#include <memory>
#include <set>

/// Who hears of publications. I/O thread only.
namespace gravity::config {

/// What somebody watches.
struct Watched {
    ProjectId project;
    std::vector<std::string> applications;
    std::vector<std::string> profiles;
    LabelName label;
    bool secrets = false; // whether they are opened
    auto operator<=>(const Watched&) const = default;
};

/// Told when what a topic shows has changed. Not called while it is being made or joined.
class Follower {
public:
    virtual ~Follower() = default;
    virtual void changed() = 0;
};

/// What all who watch the same share: what is in force, read once for all of them.
class Topic {
public:
    explicit Topic(Watched watched) : watched_(std::move(watched)) {}
    const Watched& watched() const { return watched_; }
    /// Null until it has been read for the first time.
    const std::shared_ptr<const Snapshot>& current() const { return current_; }
    /// What leads from one to the current, as it is sent; the same for all who come from there.
    const std::string& change_from(const std::shared_ptr<const Snapshot>& from);

private:
    friend class Watching;
    friend class Seat;
    void take(Snapshot snapshot);

    Watched watched_;
    std::shared_ptr<const Snapshot> current_;
    std::set<Follower*> followers_;
    bool stale_ = true;    // there may be something newer
    bool reading_ = false;
    std::shared_ptr<const Snapshot> change_begin_, change_end_; // of `change_`
    std::string change_;
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

    /// Shared by all who watch the same; it is read from here on.
    std::shared_ptr<Topic> topic(const Watched& watched);
    /// What was in force at a version; null if that is none of this selection's.
    Task<std::shared_ptr<const Snapshot>> at(Watched watched, std::int64_t version);
    /// Waits until another version than this is in force, or the time has come.
    Task<void> until_other(Watched watched, std::int64_t version, std::chrono::steady_clock::time_point end);

private:
    void heard(const pg::Notification& notification);
    void refresh(const std::shared_ptr<Topic>& topic);
    Task<void> read_until_fresh(std::shared_ptr<Topic> topic);
    Task<Snapshot> read(Watched watched, std::optional<std::int64_t> version);

    boost::asio::io_context& io_;
    pg::Database& database_;
    const Vault& vault_;
    std::map<Watched, std::weak_ptr<Topic>> topics_;
    pg::Listener listener_;
};

} // namespace gravity::config
