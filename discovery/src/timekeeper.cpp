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

void Timekeeper::renew(std::string_view renewal, const Model& model, std::int64_t now_us) {
    if (renewal.empty()) return;
    const std::string key(renewal.substr(1));
    if (renewal.front() == renewal::session) return renew_session(key, now_us);
    if (renewal.front() == renewal::instance) return renew_lease(key, now_us);
    renew_check(key, now_us);
    const Check* check = model.find<Check>(key);
    if (check != nullptr && !check->service_id.empty()) renew_lease(key_of(check->node, check->service_id), now_us);
}

void Timekeeper::begin_anew(std::int64_t now_us) {
    std::vector<Name> names;
    for (const auto& [name, entry] : entries_)
        if (name.first != Kind::reap) names.push_back(name);
    for (const Name& name : names) renew(name.first, name.second, now_us);
}

template <class Each>
void Timekeeper::each_due(std::int64_t now_us, Each each) {
    while (!by_time_.empty() && by_time_.begin()->first <= now_us) {
        const Name name = by_time_.begin()->second;
        Entry entry = entries_.at(name);
        const auto split = name.second.find('\0');
        const std::string node = name.second.substr(0, split);
        const std::string id = name.second.substr(split + 1);
        switch (name.first) {
        case Kind::ttl: each(name, ExpireCheck{node, id}, now_us + again_us); break;
        case Kind::lease: each(name, Deregister{node, id, "", false, true}, now_us + again_us); break;
        case Kind::reap: each(name, ReapCritical{node, id, entry.since_us}, now_us + again_us); break;
        case Kind::session: each(name, EndSession{name.second}, now_us + again_us); break;
        }
        entry.at = now_us + again_us;
        set(name, entry);
    }
}

std::vector<Command> Timekeeper::due(std::int64_t now_us) {
    std::vector<Command> commands;
    each_due(now_us, [&](const Name&, Command command, std::int64_t) { commands.push_back(std::move(command)); });
    return commands;
}

std::vector<Timekeeper::Due> Timekeeper::due_with_doubt(std::int64_t now_us) {
    std::vector<Due> all;
    each_due(now_us, [&](const Name& name, Command command, std::int64_t next) {
        all.push_back({std::move(command), [this, name, next] {
                           const auto found = entries_.find(name);
                           return found != entries_.end() && found->second.at == next; // nobody has come since
                       }});
    });
    return all;
}

std::int64_t Timekeeper::next() const { return by_time_.empty() ? std::numeric_limits<std::int64_t>::max() : by_time_.begin()->first; }

} // namespace gravity::registry
