// Commands on keys.
#include "commands_detail.hpp"

namespace gravity::registry::detail {
namespace {

bool holds(const std::optional<std::uint64_t>& cas, const KvEntry* entry) {
    if (!cas) return true;
    if (entry == nullptr) return *cas == 0;
    return *cas == static_cast<std::uint64_t>(entry->modify_index);
}

Reply not_done() { return {200, {}, false}; }

} // namespace

void bury(const std::string& key, View& view) {
    view.remove<KvEntry>(key);
    view.put(key, Tombstone{});
}

Reply run(const PutKey& command, View& view, std::int64_t now_us) {
    const Row<KvEntry> before = view.find<KvEntry>(command.key);
    if (!holds(command.cas, before.get())) return not_done();
    KvEntry entry = before ? *before : KvEntry{};
    if (command.lock == LockStep::acquire) {
        if (!view.find<Session>(command.session)) return {500, "invalid session \"" + command.session + "\"", false};
        if (entry.session && entry.session != command.session) return not_done();
        if (is_delayed(command.key, view, now_us)) return not_done();
        // Counted once for as long as it is held: with key and session it is the sequencer by which others know an old holder.
        if (!entry.session) ++entry.lock_index;
        entry.session = command.session;
    } else if (command.lock == LockStep::release) {
        if (!entry.session || entry.session != command.session) return not_done();
        entry.session.reset();
    }
    entry.value = Bytes(command.value);
    entry.flags = static_cast<std::int64_t>(command.flags);
    const bool same = before && entry.value == before->value && entry.flags == before->flags && entry.session == before->session;
    if (!same) view.put(command.key, std::move(entry)); // as Consul: what is already so wakes nobody
    return {};
}

Reply run(const DeleteKey& command, View& view, std::int64_t) {
    const Row<KvEntry> before = view.find<KvEntry>(command.key);
    if (!before) return {}; // as Consul: nothing is left to delete, whatever the index
    if (!holds(command.cas, before.get())) return not_done();
    bury(command.key, view);
    return {};
}

Reply run(const DeleteTree& command, View& view, std::int64_t) {
    for (const auto& [key, entry] : view.with_prefix<KvEntry>(command.prefix)) bury(key, view);
    return {};
}

Reply run(const ReapTombstones& command, View& view, std::int64_t) {
    std::size_t left = command.at_most;
    for (const auto& [key, tombstone] : view.with_prefix<Tombstone>("")) {
        if (tombstone->modify_index > command.up_to) continue;
        if (left-- == 0) break;
        view.remove<Tombstone>(key);
    }
    return {};
}

} // namespace gravity::registry::detail
