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

std::vector<Row<Instance>> View::instances_of(std::string_view service) const {
    std::vector<Row<Instance>> rows;
    const auto& overlay = std::get<Table<Instance>>(overlays_);
    for (const std::string& key : model_.instances_of(service))
        if (!overlay.contains(key)) rows.push_back(model_.table<Instance>().find(key)->second);
    for (const auto& [key, row] : overlay)
        if (row && row->name == service) rows.push_back(row);
    return rows;
}

std::vector<Row<Check>> View::checks_of(std::string_view node, std::string_view service_id) const {
    std::vector<Row<Check>> rows;
    const auto& overlay = std::get<Table<Check>>(overlays_);
    for (const std::string& key : model_.checks_of(node, service_id))
        if (!overlay.contains(key)) rows.push_back(model_.table<Check>().find(key)->second);
    for (const auto& [key, row] : overlay)
        if (row && row->node == node && row->service_id == service_id) rows.push_back(row);
    return rows;
}

} // namespace gravity::registry
