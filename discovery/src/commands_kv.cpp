// Commands on keys.
#include "commands_detail.hpp"

namespace gravity::registry::detail {
namespace {

void bury(const std::string& key, View& view) {
    view.remove<KvEntry>(key);
    view.put(key, Tombstone{});
}

bool holds(const std::optional<std::uint64_t>& cas, const KvEntry* entry) {
    if (!cas) return true;
    if (entry == nullptr) return *cas == 0;
    return *cas == static_cast<std::uint64_t>(entry->modify_index);
}

} // namespace

Reply run(const PutKey& command, View& view, std::int64_t) {
    if (command.acquire) return {500, "invalid session \"" + command.session + "\"", false};
    const Row<KvEntry> before = view.find<KvEntry>(command.key);
    if (!holds(command.cas, before.get())) return {200, {}, false};
    KvEntry entry = before ? *before : KvEntry{};
    entry.value = Bytes(command.value);
    entry.flags = static_cast<std::int64_t>(command.flags);
    view.put(command.key, std::move(entry));
    return {};
}

Reply run(const DeleteKey& command, View& view, std::int64_t) {
    const Row<KvEntry> before = view.find<KvEntry>(command.key);
    if (!before) return {}; // as Consul: nothing is left to delete, whatever the index
    if (!holds(command.cas, before.get())) return {200, {}, false};
    bury(command.key, view);
    return {};
}

Reply run(const DeleteTree& command, View& view, std::int64_t) {
    for (const auto& [key, entry] : view.with_prefix<KvEntry>(command.prefix)) bury(key, view);
    return {};
}

Reply run(const ReapTombstones& command, View& view, std::int64_t) {
    for (const auto& [key, tombstone] : view.with_prefix<Tombstone>(""))
        if (tombstone->modify_index <= command.up_to) view.remove<Tombstone>(key);
    return {};
}

} // namespace gravity::registry::detail
