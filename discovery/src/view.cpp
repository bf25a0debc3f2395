#include "view.hpp"

namespace gravity::registry {

void View::roll_back() {
    if (!command_wrote()) return;
    changes_.resize(mark_);
    overlays_ = {};
    for (const Change& change : changes_) {
        std::visit(
            [&]<class R>(const ChangeOf<R>& kept) { std::get<Table<R>>(overlays_)[kept.key] = kept.after; }, change);
    }
    --index_;
    wrote_ = false;
}

namespace {

// The rows of one index of the model that nothing in the overlay replaces, and those of the overlay that belong there.
template <class R, class Belongs>
std::vector<Row<R>> merged(const Table<R>& table, const std::set<std::string>& keys, const Table<R>& overlay, Belongs belongs) {
    std::vector<Row<R>> rows;
    for (const std::string& key : keys)
        if (!overlay.contains(key)) rows.push_back(table.find(key)->second);
    for (const auto& [key, row] : overlay)
        if (row && belongs(*row)) rows.push_back(row);
    return rows;
}

} // namespace

std::vector<Row<Instance>> View::instances_of(std::string_view service) const {
    note_all<Instance>();
    return merged(model_.table<Instance>(), model_.instances_of(service), std::get<Table<Instance>>(overlays_),
                  [&](const Instance& instance) { return instance.name == service; });
}

std::vector<Row<Check>> View::checks_of(std::string_view node, std::string_view service_id) const {
    note_all<Check>();
    return merged(model_.table<Check>(), model_.checks_of(node, service_id), std::get<Table<Check>>(overlays_),
                  [&](const Check& check) { return check.node == node && check.service_id == service_id; });
}

std::vector<Row<Check>> View::alias_checks() const {
    note_all<Check>();
    return merged(model_.table<Check>(), model_.aliases(), std::get<Table<Check>>(overlays_),
                  [](const Check& check) { return check.definition.alias_of.has_value(); });
}

std::vector<Row<Session>> View::sessions_of_check(std::string_view node, std::string_view check_id) const {
    note_all<Session>();
    const auto names = [&](const std::vector<std::string>& checks) { return std::find(checks.begin(), checks.end(), check_id) != checks.end(); };
    return merged(model_.table<Session>(), model_.sessions_of_check(node, check_id), std::get<Table<Session>>(overlays_), [&](const Session& session) {
        return session.node == node && (names(session.node_checks) || names(session.service_checks));
    });
}

std::vector<Row<Session>> View::sessions_of_node(std::string_view node) const {
    note_all<Session>();
    return merged(model_.table<Session>(), model_.sessions_of_node(node), std::get<Table<Session>>(overlays_),
                  [&](const Session& session) { return session.node == node; });
}

std::vector<std::string> View::keys_of_session(std::string_view id) const {
    if (reads_ != nullptr) reads_->holders = true;
    std::vector<std::string> keys;
    const auto& overlay = std::get<Table<KvEntry>>(overlays_);
    for (const std::string& key : model_.keys_of_session(id))
        if (!overlay.contains(key)) keys.push_back(key);
    for (const auto& [key, entry] : overlay)
        if (entry && entry->session == id) keys.push_back(key);
    return keys;
}

} // namespace gravity::registry
