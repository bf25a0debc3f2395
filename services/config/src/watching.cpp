#include "watching.hpp"

#include "effective.hpp"
#include "references.hpp"

#include <gravity/async/coroutine.hpp>
#include <gravity/async/signal.hpp>
#include <gravity/async/sleep.hpp>
#include <gravity/log/log.hpp>
#include <gravity/pg/database.hpp>

#include <functional>

namespace gravity::config {
namespace {

using namespace std::chrono_literals;

constexpr auto pause_after_failure = 500ms;
constexpr auto longest_reading = 10s;

std::string url_of(const app::Runtime& runtime) { return runtime.settings.database_url->reveal(); }

const std::vector<std::string> channels{"config"};

/// Wakes a coroutine.
class Alarm final : public Follower {
public:
    void changed() override { signal.notify(); }
    Signal signal;
};

} // namespace

const std::string& Topic::change_from(const std::shared_ptr<const Snapshot>& from) {
    if (change_begin_ != from || change_end_ != current_) {
        change_begin_ = from;
        change_end_ = current_;
        change_ = change_document(*from, *current_).dump();
    }
    return change_;
}

void Topic::take(Snapshot snapshot) {
    if (current_ && current_->version == snapshot.version) return;
    current_ = std::make_shared<const Snapshot>(std::move(snapshot));
    const std::vector<Follower*> told(followers_.begin(), followers_.end()); // one that is told may leave
    for (Follower* follower : told)
        if (followers_.contains(follower)) follower->changed();
}

Watching::Watching(app::Runtime& runtime, const Vault& vault)
    : io_(runtime.io), database_(*runtime.database), vault_(vault), listener_(runtime.io, url_of(runtime), channels, std::bind_front(&Watching::heard, this)) {
    listener_.start();
}

std::shared_ptr<Topic> Watching::topic(const Watched& watched) {
    std::erase_if(topics_, [](const auto& entry) { return entry.second.expired(); });
    auto& known = topics_[watched];
    auto topic = known.lock();
    if (!topic) {
        topic = std::make_shared<Topic>(watched);
        known = topic;
        refresh(topic);
    }
    return topic;
}

// "<project>:<seq>"; of an empty channel nothing is known, so everything is looked at.
void Watching::heard(const pg::Notification& notification) {
    const auto project = ProjectId::parse(std::string_view(notification.payload).substr(0, notification.payload.find(':')));
    for (const auto& [watched, weak] : topics_) {
        if (!notification.channel.empty() && (!project || watched.project != *project)) continue;
        if (const auto topic = weak.lock()) {
            topic->stale_ = true;
            refresh(topic);
        }
    }
}

void Watching::refresh(const std::shared_ptr<Topic>& topic) {
    if (topic->reading_) return; // it will look again
    topic->reading_ = true;
    spawn(io_, "watching", [this, topic] { return read_until_fresh(topic); });
}

Task<void> Watching::read_until_fresh(std::shared_ptr<Topic> topic) {
    while (topic->stale_) {
        topic->stale_ = false;
        std::optional<Snapshot> snapshot;
        std::string failure;
        try {
            snapshot = co_await read(topic->watched_, std::nullopt);
        } catch (const std::exception& error) {
            failure = error.what();
        }
        if (snapshot) {
            topic->take(std::move(*snapshot));
            continue;
        }
        log::warn("what is watched could not be read", {{"error", failure}});
        topic->stale_ = true;
        if (topic.use_count() == 1) break; // nobody waits for it
        co_await sleep_for(pause_after_failure);
    }
    topic->reading_ = false;
}

Task<Snapshot> Watching::read(Watched watched, std::optional<std::int64_t> version) {
    pg::Run run;
    run.scope = pg::Scope::project(watched.project);
    run.read_only = true;
    run.deadline = std::chrono::steady_clock::now() + longest_reading;
    Snapshot snapshot;
    std::function<void(Tx&)> work = [&](Tx& tx) {
        const InForce in_force = read_layers(tx, {watched.applications, watched.profiles}, watched.label, {&vault_, watched.secrets}, version);
        snapshot = {in_force.version, resolve(merged(in_force)).items};
    };
    co_await database_.run(std::move(run), std::move(work));
    co_return snapshot;
}

Task<std::shared_ptr<const Snapshot>> Watching::at(Watched watched, std::int64_t version) {
    std::optional<std::int64_t> wanted = version;
    Snapshot snapshot = co_await read(std::move(watched), wanted);
    if (snapshot.version != version) co_return nullptr;
    co_return std::make_shared<const Snapshot>(std::move(snapshot));
}

Task<void> Watching::until_other(Watched watched, std::int64_t version, std::chrono::steady_clock::time_point end) {
    Alarm alarm;
    const Seat seat(topic(watched), alarm);
    while (std::chrono::steady_clock::now() < end && (!seat.topic().current() || seat.topic().current()->version == version))
        co_await alarm.signal.wait_until(end);
}

} // namespace gravity::config
