#include "follow.hpp"

#include "layout.hpp"

#include <algorithm>

namespace gravity::registry::shared {
namespace {

template <class R>
void set_before(ChangeOf<R>& change, const Model& model) {
    if constexpr (std::is_same_v<R, Instance> || std::is_same_v<R, Check>) {
        const auto& table = model.table<R>();
        if (const auto found = table.find(change.key); found != table.end()) change.before = found->second;
    }
}

template <class R>
void set_indexes(ChangeOf<R>& change, std::int64_t create_revision, std::int64_t mod_revision) {
    change.index = mod_revision;
    R row = *change.after;
    row.modify_index = mod_revision;
    if constexpr (requires { row.create_index; }) row.create_index = create_revision;
    change.after = std::make_shared<const R>(std::move(row));
}

std::int64_t index_of(const Change& change) {
    return std::visit([](const auto& one) { return one.index; }, change);
}

template <class R>
void find_removed(const std::map<std::string, etcd::Pair>& listed, std::int64_t revision, const Model& model, std::vector<Change>& changes) {
    for (const auto& [key, row] : model.table<R>()) {
        if (listed.contains(layout::stored_key(kind_of<R>, key))) continue;
        ChangeOf<R> gone{key, nullptr, revision};
        set_before(gone, model);
        changes.emplace_back(std::move(gone));
    }
}

template <class... R>
void find_all_removed(RowKinds<R...>, const std::map<std::string, etcd::Pair>& listed, std::int64_t revision, const Model& model,
                      std::vector<Change>& changes) {
    (find_removed<R>(listed, revision, model, changes), ...);
}

} // namespace

void Ledger::note(std::string_view key, const std::optional<std::string>& value, std::int64_t revision) {
    if (value)
        revisions_[std::string(key)] = revision;
    else
        revisions_.erase(std::string(key));
    if (key == leader_key) leader_ = value.value_or("");
    if (key == large_key) large_ = value ? std::optional(large_step_in(*value)) : std::nullopt;
    if (!key.starts_with(member_prefix)) return;
    std::string member(key.substr(member_prefix.size()));
    if (value)
        members_.insert(std::move(member));
    else
        members_.erase(member);
}

void Ledger::clear() { *this = {}; }

std::int64_t Ledger::revision_of(std::string_view key) const {
    const auto known = revisions_.find(key);
    return known == revisions_.end() ? 0 : known->second;
}

Change change_of(const etcd::Event& event, const Model& model) {
    if (!event.value) {
        Change change = layout::removal_of(event.key, event.mod_revision);
        std::visit([&](auto& one) { set_before(one, model); }, change);
        return change;
    }
    std::optional<Change> change = layout::row_of(event.key, *event.value);
    if (!change) throw StoreError("the store belongs to a daemon of another kind: " + event.key);
    std::visit(
        [&](auto& one) {
            set_indexes(one, event.create_revision, event.mod_revision);
            set_before(one, model);
        },
        *change);
    return *std::move(change);
}

std::vector<Change> differences(const std::map<std::string, etcd::Pair>& listed, std::int64_t revision, const Model& model) {
    std::vector<Change> changes;
    for (const auto& [key, pair] : listed) {
        if (key.starts_with(own_mark) || key.starts_with(layout::prefix_of(kind_of<Transition>))) continue;
        Change change = change_of({key, pair.value, pair.create_revision, pair.mod_revision}, model);
        const bool known = std::visit(
            [&]<class R>(const ChangeOf<R>& one) {
                const R* row = model.find<R>(one.key);
                return row != nullptr && row->modify_index == one.index;
            },
            change);
        if (!known) changes.push_back(std::move(change));
    }
    find_all_removed(Rows{}, listed, revision, model, changes);
    std::stable_sort(changes.begin(), changes.end(), [](const Change& a, const Change& b) { return index_of(a) < index_of(b); });
    return changes;
}

} // namespace gravity::registry::shared
