// Sessions: how they begin, and what becomes of their keys when they end.
#include "commands_detail.hpp"

#include <algorithm>

namespace gravity::registry::detail {
namespace {

constexpr std::int64_t longest_lock_delay_us = 60'000'000;

bool is_over(const LockDelay& delay, std::int64_t now_us) {
    // A clock that was set back must not keep the key from everybody: no delay is ahead by more than its own length.
    return now_us >= delay.until_us || delay.until_us - now_us > delay.length_us;
}

void end_session(const Session& session, View& view, std::int64_t now_us) {
    const std::int64_t length = std::min(session.lock_delay_us, longest_lock_delay_us);
    for (const std::string& key : view.keys_of_session(session.id)) {
        if (session.behavior == SessionBehavior::delete_) {
            bury(key, view);
        } else {
            KvEntry entry = *view.find<KvEntry>(key);
            entry.session.reset();
            view.put(key, std::move(entry));
        }
        if (length == 0) continue;
        LockDelay delay;
        delay.until_us = now_us + length;
        delay.length_us = length;
        view.put(key, std::move(delay));
    }
    for (const auto& [id, query] : view.with_prefix<PreparedQuery>(""))
        if (query->definition.Session == session.id) view.remove<PreparedQuery>(id);
    view.remove<Session>(session.id);
}

} // namespace

bool is_delayed(const std::string& key, const View& view, std::int64_t now_us) {
    const Row<LockDelay> delay = view.find<LockDelay>(key);
    return delay && !is_over(*delay, now_us);
}

void end_orphaned_sessions(View& view, std::size_t first, std::int64_t now_us) {
    for (std::size_t i = first; i < view.changes().size(); ++i) {
        std::vector<Row<Session>> orphans;
        const Change& change = view.changes()[i];
        if (const auto* check = std::get_if<ChangeOf<Check>>(&change)) {
            if (check->after && check->after->status != Status::critical) continue;
            const auto end = check->key.find('\0');
            orphans = view.sessions_of_check(check->key.substr(0, end), check->key.substr(end + 1));
        } else if (const auto* node = std::get_if<ChangeOf<Node>>(&change); node != nullptr && !node->after) {
            orphans = view.sessions_of_node(node->key);
        }
        for (const Row<Session>& session : orphans) end_session(*session, view, now_us); // from here on `change` is gone
    }
}

Reply run(const CreateSession& command, View& view, std::int64_t) {
    const Session& session = command.session;
    if (!view.find<Node>(session.node)) return {400, "Missing node registration", false};
    for (const auto* checks : {&session.node_checks, &session.service_checks}) {
        for (const std::string& id : *checks) {
            const Row<Check> check = view.find<Check>(key_of(session.node, id));
            if (!check) return {400, "Missing check '" + id + "' registration", false};
            if (check->status == Status::critical) return {400, "Check '" + id + "' is in critical state", false};
        }
    }
    view.put(session.id, session);
    return {};
}

Reply run(const EndSession& command, View& view, std::int64_t now_us) {
    if (const Row<Session> session = view.find<Session>(command.id)) end_session(*session, view, now_us);
    return {};
}

Reply run(const RenewSession& command, View& view, std::int64_t) {
    if (!view.find<Session>(command.id)) return {404, "Session id '" + command.id + "' not found", false};
    return {};
}

Reply run(const ReapLockDelays& command, View& view, std::int64_t now_us) {
    std::size_t left = command.at_most;
    for (const auto& [key, delay] : view.with_prefix<LockDelay>("")) {
        if (!is_over(*delay, now_us)) continue;
        if (left-- == 0) break;
        view.remove<LockDelay>(key);
    }
    return {};
}

} // namespace gravity::registry::detail
