#include "erasure_replay.hpp"

#include "privacy.hpp"
#include "privacy_store.hpp"

#include <gravity/base/clock.hpp>
#include <gravity/base/problem.hpp>
#include <gravity/log/log.hpp>

#include <map>
#include <set>
#include <utility>

namespace gravity::user {
namespace {

using Account = std::pair<ProjectId, UserId>;

/// Whom the lines name that were read so far. One account may have several, of which the last counts.
struct SoFar {
    std::set<Account> erased, failed;
    std::map<Account, Timestamp> changed;
};

bool is_of_the_store(const Refusal& refusal) {
    for (const Problem& problem : {problems::store_unavailable, problems::outcome_unknown, problems::overloaded, problems::conflict})
        if (refusal.problem().slug == problem.slug) return true;
    return false;
}

pg::Run run_in(const ProjectId& project, bool read_only) {
    pg::Run run;
    run.scope = pg::Scope::project(project, "restore");
    run.read_only = read_only;
    return run;
}

// Nearly always none: those in the ledger are erased.
std::vector<UserId> returned_of(pg::Database& database, const ProjectId& project, const std::map<UserId, Timestamp>& erased) {
    std::vector<UserId> ids, there;
    for (const auto& [id, at] : erased) ids.push_back(id);
    database.run_blocking(run_in(project, true), [&](Tx& tx) { there = tx.all(returned_users, ids); });
    return there;
}

// What the store is to blame for is nobody's own: it is waited for, and all is looked at again.
std::optional<std::string> failure_to_erase(pg::Database& database, const ErasedAccount& account, const TimeZone& zone, std::optional<bool>& done) {
    try {
        database.run_blocking(run_in(account.project, false), [&](Tx& tx) { done = erase_again(tx, account, zone); });
        return std::nullopt;
    } catch (const Refusal& refusal) {
        if (is_of_the_store(refusal)) throw Refusal(problems::store_unavailable);
        return refusal.what();
    } catch (const std::exception& error) {
        return error.what();
    }
}

// Each in a transaction of its own: much may be known of somebody. Whoever else has begun with them is waited for, and has done it.
void erase_returned(pg::Database& database, const ErasedAccount& account, const TimeZone& zone, SoFar& so_far) {
    const Account key{account.project, account.user};
    std::optional<bool> done;
    const auto failure = failure_to_erase(database, account, zone, done);
    if (!failure && !done) return;
    so_far.changed.erase(key);
    so_far.failed.erase(key);
    const std::string id = account.user.to_string(), project = account.project.to_string(), at = account.at.to_string();
    if (failure) {
        so_far.failed.insert(key);
        log::error("somebody who was erased is back, and cannot be erased again", {{"user", id}, {"project", project}, {"erased_at", at}, {"error", *failure}});
    } else if (*done) {
        so_far.erased.insert(key);
        log::warn("somebody was erased again", {{"user", id}, {"first_erased_at", at}});
    } else {
        so_far.changed[key] = account.at;
    }
}

void tell_of_changed(const SoFar& so_far) {
    for (const auto& [account, at] : so_far.changed)
        log::error("somebody is said to have been erased, and was changed since: they are left as they are",
                   {{"user", account.second.to_string()}, {"erased_at", at.to_string()}});
}

} // namespace

bool knows_of_erasures(pg::Database& database) {
    std::vector<ProjectId> projects;
    pg::Run everywhere;
    everywhere.scope = pg::Scope::system("restore");
    everywhere.read_only = true;
    database.run_blocking(everywhere, [&](Tx& tx) { projects = tx.all(projects_of_ledger); });
    bool found = false;
    for (const ProjectId& project : projects) {
        database.run_blocking(run_in(project, true), [&](Tx& tx) { found = tx.one(has_erased); });
        if (found) break;
    }
    return found;
}

Replayed replay_erasures(pg::Database& database, const ErasureLedger& ledger, const TimeZone& zone, const std::function<bool()>& stopping) {
    Replayed replayed;
    SoFar so_far;
    const Timestamp latest = now() + clocks_apart; // of an erasure that has been: a line of later would hold against whatever is done to somebody until then
    std::int64_t too_late = 0;
    replayed.unreadable = ledger.each([&](const std::vector<ErasedAccount>& some) {
        std::map<ProjectId, std::map<UserId, Timestamp>> erased; // of one account the last time counts
        for (const ErasedAccount& account : some) {
            if (account.at > latest)
                ++too_late;
            else
                erased[account.project][account.user] = account.at;
        }
        for (const auto& [project, accounts] : erased)
            for (const UserId& id : returned_of(database, project, accounts)) {
                if (stopping()) throw Refusal(problems::store_unavailable, "the process ends");
                erase_returned(database, {project, id, accounts.at(id)}, zone, so_far);
            }
    });
    tell_of_changed(so_far);
    replayed.unreadable += too_late;
    replayed.erased = std::ssize(so_far.erased);
    replayed.changed = std::ssize(so_far.changed);
    replayed.failed = std::ssize(so_far.failed);
    if (replayed.erased + replayed.changed + replayed.failed + replayed.unreadable > 0)
        log::warn("the erasures of before were looked at", {{"erased_again", replayed.erased},
                                                            {"changed_since", replayed.changed},
                                                            {"not_erased", replayed.failed},
                                                            {"unreadable_lines", replayed.unreadable}});
    return replayed;
}

} // namespace gravity::user
