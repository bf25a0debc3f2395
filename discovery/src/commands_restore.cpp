// What was there gives way to what a snapshot holds.
#include "commands_detail.hpp"

#include <set>

namespace gravity::registry::detail {
namespace {

// This daemon's own, whatever state it is given.
template <class R>
constexpr bool stays = std::is_same_v<R, Setting> || std::is_same_v<R, History> || std::is_same_v<R, Transition>;

template <class R>
void remove_others(View& view, const std::set<std::string>& kept) {
    if constexpr (std::is_same_v<R, Tombstone>) return; // they go when their time has come
    for (const auto& [key, row] : view.with_prefix<R>("")) {
        if (kept.contains(key)) continue;
        if constexpr (std::is_same_v<R, KvEntry>)
            bury(key, view); // who waits for the key sees it go
        else
            view.remove<R>(key);
    }
}

template <class R>
void replace_kind(View& view, const std::vector<Change>& rows) {
    if constexpr (stays<R>) return;
    std::set<std::string> kept;
    for (const Change& change : rows)
        if (const auto* one = std::get_if<ChangeOf<R>>(&change)) kept.insert(one->key);
    remove_others<R>(view, kept);
    for (const Change& change : rows)
        if (const auto* one = std::get_if<ChangeOf<R>>(&change); one != nullptr && one->after) view.restore(one->key, R(*one->after));
}

template <class... R>
void replace_all(RowKinds<R...>, View& view, const std::vector<Change>& rows) {
    (replace_kind<R>(view, rows), ...);
}

} // namespace

Reply run(const Restore& command, View& view, std::int64_t) {
    view.raise_index(command.index);
    replace_all(Rows{}, view, command.rows);
    return {};
}

} // namespace gravity::registry::detail
