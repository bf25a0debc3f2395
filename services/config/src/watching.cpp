#include "watching.hpp"

#include "known_settings.hpp"
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

Snapshot snapshot_of(const InForce& in_force) {
    return {in_force.version, resolve(merged(in_force), others_of(in_force)).items, releases_of(in_force.origins)};
}

/// Wakes a coroutine.
class Alarm final : public Follower {
public:
    void changed() override { signal.notify(); }
    Signal signal;
};

} // namespace

const std::string& Topic::change(const std::shared_ptr<const Snapshot>& from, const std::shared_ptr<const Snapshot>& to) {
    if (changes_.size() >= most_changes) changes_.clear();
    const auto [place, is_new] = changes_.try_emplace({from, to});
    if (is_new) place->second = change_document(*from, *to).dump();
    return place->second;
}

std::shared_ptr<const Snapshot> Topic::current(const std::optional<std::string>& instance) {
    if (!view_) return nullptr;
    const std::vector<int> cohort = view_->cohort(instance);
    auto& known = snapshots_[cohort];
    if (!known) known = std::make_shared<const Snapshot>(snapshot_of(view_->for_cohort(cohort)));
    return known;
}

void Topic::take(View view) {
    if (view_ && view_->seq == view.seq) return;
    view_ = std::move(view);
    snapshots_.clear();
    changes_.clear();
    if (!view_->rolls()) {
        current(std::nullopt);
        view_->sets.clear();
        view_->others.clear();
    }
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

// "<project>:<seq>", or of its flags "<project>:flags", which no topic shows; of an empty channel nothing is known, so everything is looked at.
void Watching::heard(const pg::Notification& notification) {
    const std::string_view payload = notification.payload;
    const auto project = ProjectId::parse(payload.substr(0, payload.find(':')));
    if (memory_) memory_->heard(notification.channel.empty() || !project ? std::nullopt : std::optional<ProjectId>(*project));
    if (payload.ends_with(":flags")) return;
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
        std::optional<View> view;
        std::string failure;
        try {
            view = co_await read(topic->watched_, std::nullopt);
        } catch (const std::exception& error) {
            failure = error.what();
        }
        if (view) {
            topic->take(std::move(*view));
            continue;
        }
        log::warn("what is watched could not be read", {{"error", failure}});
        topic->stale_ = true;
        if (!topic->view_ && memory_) // who comes now is told what was in force
            if (const auto known = last_known_settings(*memory_, topic->watched_)) topic->take(View(known->view()));
        if (topic.use_count() == 1) break; // nobody waits for it
        co_await sleep_for(pause_after_failure);
    }
    topic->reading_ = false;
}

Task<View> Watching::read(Watched watched, std::optional<std::int64_t> version) {
    pg::Run run;
    run.scope = pg::Scope::project(watched.project);
    run.read_only = true;
    run.deadline = std::chrono::steady_clock::now() + longest_reading;
    View view;
    std::function<void(Tx&)> work = [&](Tx& tx) {
        view = read_view(tx, {watched.applications, watched.profiles}, watched.label, {&vault_, watched.secrets}, version);
    };
    co_await database_.run(std::move(run), std::move(work));
    co_return view;
}

Task<std::shared_ptr<const View>> Watching::read_at(Watched watched, std::int64_t version) {
    std::optional<std::int64_t> wanted = version;
    View view = co_await read(std::move(watched), wanted);
    co_return std::make_shared<const View>(std::move(view));
}

Task<std::shared_ptr<const Snapshot>> Watching::at(Watched watched, std::int64_t version, std::optional<std::string> instance) {
    if (const auto found = topics_.find(watched); found != topics_.end()) {
        const auto known = found->second.lock();
        const auto current = known ? known->current(instance) : nullptr;
        if (current && current->version == version) co_return current;
    }
    std::function<Task<std::shared_ptr<const View>>()> work = [this, watched, version] { return read_at(watched, version); };
    std::pair<Watched, std::int64_t> flight{std::move(watched), version};
    const std::shared_ptr<const View> view = co_await past_.run(std::move(flight), std::move(work));
    const InForce in_force = view->for_instance(instance);
    if (in_force.version != version) co_return nullptr;
    co_return std::make_shared<const Snapshot>(snapshot_of(in_force));
}

Task<std::shared_ptr<const Snapshot>> Watching::at_if_known(Watched watched, std::int64_t version, std::optional<std::string> instance) {
    try {
        co_return co_await at(std::move(watched), version, std::move(instance));
    } catch (const Refusal& refusal) {
        if (!store_is_away(refusal)) throw;
    }
    co_return nullptr;
}

Task<void> Watching::until_other(Watched watched, std::int64_t version, std::optional<std::string> instance, std::chrono::steady_clock::time_point end) {
    Alarm alarm;
    const Seat seat(topic(watched), alarm);
    bool sought = false, ahead = false; // whether the client has what this server has yet to hear of
    while (std::chrono::steady_clock::now() < end) {
        const auto current = seat.topic().current(instance);
        if (current && current->version < version && !sought) {
            sought = true;
            const std::shared_ptr<const Snapshot> had = co_await at_if_known(watched, version, instance);
            ahead = had != nullptr;
            continue;
        }
        if (current && current->version != version && (current->version > version || !ahead)) co_return;
        co_await alarm.signal.wait_until(end);
    }
}

} // namespace gravity::config
