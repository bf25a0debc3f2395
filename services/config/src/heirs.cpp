#include "heirs.hpp"

#include "layers_store.hpp"
#include "secrets.hpp"

#include <set>

namespace gravity::config {

Items LabelSettings::in_force(const Layer& heir) const { return in_force(Selection{{heir.application}, {heir.profile}}); }

Items LabelSettings::in_force(const Selection& selection) const {
    std::vector<const Items*> layers;
    for (const Layer& layer : layers_of(selection))
        if (const auto found = sets.find({layer.application, layer.profile}); found != sets.end()) layers.push_back(&found->second);
    return values_of(overlay(layers));
}

std::vector<Layer> LabelSettings::heirs_of(std::string_view application, std::string_view profile) const {
    std::set<std::string> applications, profiles{std::string(default_profile)};
    for (const auto& [name, items] : sets) {
        if (name.first != shared_application) applications.insert(name.first);
        profiles.insert(name.second);
    }
    if (applications.empty()) applications.insert(std::string(shared_application));
    if (application != shared_application) applications = {std::string(application)};
    if (profile != default_profile) profiles = {std::string(profile)};
    std::vector<Layer> heirs;
    for (const std::string& one : applications)
        for (const std::string& in : profiles) heirs.push_back({one, in});
    return heirs;
}

bool LabelSettings::lives_in(const Layer& heir) const {
    return sets.contains({heir.application, heir.profile}) || sets.contains({heir.application, std::string(default_profile)});
}

LabelSettings read_label(Tx& tx, const LabelName& label, std::string_view application, RollingSide side) {
    std::vector<ConfigSetId> ids;
    std::vector<int> numbers;
    std::map<ConfigSetId, Items*> places;
    LabelSettings read;
    for (const ActiveSet& active : tx.all(active_sets_of_label, label)) {
        if (application != shared_application && active.application.view() != application && active.application.view() != shared_application) continue;
        ids.push_back(active.set_id);
        numbers.push_back(side == RollingSide::candidate && active.candidate ? *active.candidate : active.number);
        places[active.set_id] = &read.sets[{active.application.str(), active.profile.str()}];
    }
    for (ActiveItem& item : tx.all(active_items, ids, numbers)) places[item.set_id]->emplace(std::move(item.key), std::move(item.value));
    return read;
}

bool rolls(Tx& tx, const LabelName& label) { return tx.one(has_rollout, label); }

LabelSettings with_items(LabelSettings label, const ConfigSet& set, const Items& items) {
    label.sets[{set.application.str(), set.profile.str()}] = items;
    return label;
}

Items with_fingerprints(Items items) {
    for (auto& [key, value] : items)
        if (is_secret(value)) value = Json(std::string(masked) + fingerprint_of(value));
    return items;
}

} // namespace gravity::config
