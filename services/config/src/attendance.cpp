#include "attendance.hpp"

#include <gravity/async/coroutine.hpp>
#include <gravity/async/sleep.hpp>
#include <gravity/log/log.hpp>
#include <gravity/pg/database.hpp>

namespace gravity::config {
namespace {

constexpr int most_instances = 10'000; // of a project
constexpr std::chrono::seconds between_marks{1};
constexpr int writes_between_seen = 15;

std::string joined(const std::vector<std::string>& names) {
    std::string all;
    for (const std::string& name : names) all += (all.empty() ? "" : ",") + name;
    return all;
}

std::string_view text_of_status(InstanceStatus status) {
    return status == InstanceStatus::told ? "told" : status == InstanceStatus::applied ? "applied"
                                                                                       : "failed";
}

/// Whether what was noted before says nothing beside what is noted now.
bool says_nothing_beside(const Mark& before, const Mark& now) { return before.status == InstanceStatus::told || before.status == now.status; }

pg::Run run_for(const ProjectId& project) {
    pg::Run run;
    run.scope = pg::Scope::project(project, "service:config");
    return run;
}

} // namespace

// In the order of labels and names: whoever writes beside waits, and not in a ring.
void save_marks(Tx& tx, const std::vector<std::pair<Presence, Mark>>& marks) {
    InstanceRows rows;
    InstanceReleaseRows releases;
    for (const auto& [who, mark] : marks) {
        const std::string status(text_of_status(mark.status));
        rows.ids.push_back(tx.new_id<InstanceId>());
        rows.labels.push_back(who.label.str());
        rows.names.push_back(who.name.str());
        rows.applications.push_back(joined(who.applications));
        rows.profiles.push_back(joined(who.profiles));
        rows.versions.push_back(mark.version);
        rows.statuses.push_back(status);
        rows.details.push_back(mark.detail);
        if (!mark.releases) continue;
        for (const SetRelease& release : *mark.releases) {
            releases.labels.push_back(who.label.str());
            releases.names.push_back(who.name.str());
            releases.sets.push_back(release.set_id);
            releases.numbers.push_back(release.number);
            releases.statuses.push_back(status);
        }
    }
    tx.exec(save_instances, rows, tx.now(), most_instances);
    tx.exec(save_instance_releases, releases, tx.now());
    tx.exec(forget_instance_releases, rows.labels, rows.names, releases.labels, releases.names, releases.sets);
}

void Attendance::note(const Presence& who, Mark mark) {
    NotedOf& of_project = noted_[who.project];
    const Place place{who.label.str(), who.name.str()};
    auto found = of_project.find(place);
    if (found == of_project.end()) {
        if (count_ >= most) return;
        ++count_;
        found = of_project.emplace(place, Noted{who, {}}).first;
    }
    Noted& noted = found->second;
    noted.who = who;
    const bool repeats = !noted.marks.empty() && mark.status == InstanceStatus::told && noted.marks.back().version == mark.version;
    if (repeats) return;
    while (!noted.marks.empty() && (says_nothing_beside(noted.marks.back(), mark) || noted.marks.size() >= most_of_one)) noted.marks.pop_back();
    noted.marks.push_back(std::move(mark));
}

Task<void> Attendance::write_of(ProjectId project, NotedOf& noted) {
    while (!noted.empty()) {
        std::vector<std::pair<Presence, Mark>> marks; // of each instance the oldest
        for (const auto& [place, one] : noted) marks.emplace_back(one.who, one.marks.front());
        pg::Run run = run_for(project);
        std::function<void(Tx&)> work = [&](Tx& tx) { save_marks(tx, marks); };
        co_await database_.run(std::move(run), std::move(work));
        for (auto at = noted.begin(); at != noted.end();) {
            at->second.marks.erase(at->second.marks.begin());
            at = at->second.marks.empty() ? noted.erase(at) : std::next(at);
        }
    }
}

Task<void> Attendance::write() {
    std::map<ProjectId, NotedOf> noted;
    noted.swap(noted_);
    count_ = 0;
    for (auto& [project, of_project] : noted) {
        bool away = false;
        try {
            co_await write_of(project, of_project);
        } catch (const Refusal& refusal) {
            log::warn("who runs what is not written", {{"reason", refusal.what()}});
            away = true;
        } catch (const std::runtime_error& error) { // it would not be otherwise the next time
            log::error("who runs what is lost", {{"reason", error.what()}});
        }
        if (!away) continue;
        NotedOf newer;
        newer.swap(noted_[project]);
        noted_[project] = std::move(of_project);
        count_ += noted_[project].size() - newer.size();
        for (auto& [place, one] : newer)
            for (Mark& mark : one.marks) note(one.who, std::move(mark));
    }
}

Task<void> Attendance::write_seen() {
    std::map<ProjectId, std::map<Place, bool>> seen;
    for (const Presence* who : *present_) seen[who->project][{who->label.str(), who->name.str()}] = true;
    for (const auto& [project, places] : seen) {
        Strings labels, names;
        for (const auto& [place, is] : places) {
            labels.push_back(place.first);
            names.push_back(place.second);
        }
        pg::Run run = run_for(project);
        std::function<void(Tx&)> work = [&](Tx& tx) { tx.exec(note_seen, labels, names, tx.now()); };
        try {
            co_await database_.run(std::move(run), std::move(work));
        } catch (const Refusal& refusal) {
            log::warn("who is there is not written", {{"reason", refusal.what()}});
        }
    }
}

Task<void> Attendance::run() {
    for (int writes = 1;; ++writes) {
        co_await sleep_for(between_marks);
        co_await write();
        if (writes % writes_between_seen == 0) co_await write_seen();
    }
}

} // namespace gravity::config
