#include "timekeeper.hpp"

#include <algorithm>
#include <limits>

namespace gravity::registry {

void Timekeeper::set(const Name& name, Entry entry) {
    erase(name);
    by_time_.emplace(entry.at, name);
    entries_.emplace(name, entry);
}

void Timekeeper::erase(const Name& name) {
    const auto found = entries_.find(name);
    if (found == entries_.end()) return;
    by_time_.erase({found->second.at, name});
    entries_.erase(found);
}

void Timekeeper::on_change(const Change& change, std::int64_t now_us, std::int64_t unix_us) {
    if (const auto* check = std::get_if<ChangeOf<Check>>(&change)) follow(*check, now_us, unix_us);
    if (const auto* instance = std::get_if<ChangeOf<Instance>>(&change)) follow(*instance, now_us);
    if (const auto* session = std::get_if<ChangeOf<Session>>(&change)) follow(*session, now_us);
}

void Timekeeper::follow(const ChangeOf<Check>& change, std::int64_t now_us, std::int64_t unix_us) {
    const Name ttl{Kind::ttl, change.key};
    const Name reap{Kind::reap, change.key};
    const Check* check = change.after.get();

    if (check == nullptr || check->definition.type != CheckType::ttl || check->status == Status::critical) {
        erase(ttl);
    } else if (const auto known = entries_.find(ttl); known == entries_.end() || known->second.length != check->definition.ttl_us) {
        set(ttl, {now_us + check->definition.ttl_us, check->definition.ttl_us, 0});
    }

    if (check == nullptr || !check->run_here || check->critical_since_us == 0 || check->service_id.empty() || check->definition.deregister_after_us == 0) {
        erase(reap);
    } else if (const auto known = entries_.find(reap); known == entries_.end() || known->second.since_us != check->critical_since_us ||
                                                       known->second.length != check->definition.deregister_after_us) {
        // A clock that was set back must not make it wait longer than once more in full; one set forward at most reaps it now.
        const std::int64_t already = std::max<std::int64_t>(unix_us - check->critical_since_us, 0);
        const std::int64_t left = std::max<std::int64_t>(check->definition.deregister_after_us - already, 0);
        set(reap, {now_us + left, check->definition.deregister_after_us, check->critical_since_us});
    }
}

void Timekeeper::follow(const ChangeOf<Instance>& change, std::int64_t now_us) {
    const Name lease{Kind::lease, change.key};
    if (!change.after || change.after->lease_us == 0)
        erase(lease);
    else if (const auto known = entries_.find(lease); known == entries_.end() || known->second.length != change.after->lease_us)
        set(lease, {now_us + change.after->lease_us, change.after->lease_us, 0});
}

void Timekeeper::follow(const ChangeOf<Session>& change, std::int64_t now_us) {
    const Name session{Kind::session, change.key};
    if (!change.after || change.after->ttl_us == 0) return erase(session);
    // A TTL is a lower bound: half of it more lets a client that is late by a slow network or a pause keep its locks.
    const std::int64_t length = change.after->ttl_us + change.after->ttl_us / 2;
    if (!entries_.contains(session)) set(session, {now_us + length, length, 0});
}

void Timekeeper::renew(Kind kind, const std::string& key, std::int64_t now_us) {
    const Name name{kind, key};
    if (const auto found = entries_.find(name); found != entries_.end()) set(name, {now_us + found->second.length, found->second.length, 0});
}

void Timekeeper::renew_check(const std::string& key, std::int64_t now_us) { renew(Kind::ttl, key, now_us); }
void Timekeeper::renew_lease(const std::string& key, std::int64_t now_us) { renew(Kind::lease, key, now_us); }
void Timekeeper::renew_session(const std::string& id, std::int64_t now_us) { renew(Kind::session, id, now_us); }

std::vector<Command> Timekeeper::due(std::int64_t now_us) {
    std::vector<Command> commands;
    while (!by_time_.empty() && by_time_.begin()->first <= now_us) {
        const Name name = by_time_.begin()->second;
        Entry entry = entries_.at(name);
        const auto split = name.second.find('\0');
        const std::string node = name.second.substr(0, split);
        const std::string id = name.second.substr(split + 1);
        switch (name.first) {
        case Kind::ttl: commands.emplace_back(ExpireCheck{node, id}); break;
        case Kind::lease: commands.emplace_back(Deregister{node, id, "", false, true}); break;
        case Kind::reap: commands.emplace_back(ReapCritical{node, id, entry.since_us}); break;
        case Kind::session: commands.emplace_back(EndSession{name.second}); break;
        }
        entry.at = now_us + again_us;
        set(name, entry);
    }
    return commands;
}

std::int64_t Timekeeper::next() const { return by_time_.empty() ? std::numeric_limits<std::int64_t>::max() : by_time_.begin()->first; }

} // namespace gravity::registry
