#include "effective.hpp"

#include "data_keys.hpp"
#include "layers_store.hpp"
#include "problems.hpp"

#include <algorithm>

namespace gravity::config {

namespace {

std::vector<std::string> names_in_query(std::string_view parameter, const Text<1, 650>& text) {
    auto names = split_names(text.view());
    if (!names)
        throw Refusal(problems::invalid)
            .with_faults({{"/" + std::string(parameter), "must be at most " + std::to_string(max_selected) + " names", "query"}});
    return *std::move(names);
}

} // namespace

Selection selection_of_query(const EffectiveQuery& query) {
    return {names_in_query("application", query.application), names_in_query("profiles", query.profiles)};
}

bool sees_secrets(const Caller& caller, const Selection& selection) {
    return caller.may("configs:secrets") || (selection.applications.size() == 1 && caller.subject == selection.applications.front());
}

InForce read_in_force(Tx& tx, const Selection& selection, const LabelName& label, const LabelName& default_label, const Sight& sight) {
    if (label != default_label && !tx.one(has_label, label)) throw Refusal(no_such_label);
    return read_layers(tx, selection, label, sight);
}

InForce read_layers(Tx& tx, const Selection& selection, const LabelName& label, const Sight& sight, std::optional<std::int64_t> at) {
    const std::vector<Layer> layers = layers_of(selection);
    std::vector<std::string> applications, profiles;
    for (const Layer& layer : layers) {
        applications.push_back(layer.application);
        profiles.push_back(layer.profile);
    }
    const auto active = at ? tx.all(active_sets_at, label, applications, profiles, *at) : tx.all(active_sets, label, applications, profiles);
    InForce in_force;
    std::vector<ConfigSetId> ids;
    std::vector<int> numbers;
    std::map<ConfigSetId, std::size_t> places;
    for (const Layer& layer : layers) {
        const auto found = std::find_if(active.begin(), active.end(), [&](const ActiveSet& set) {
            return set.application.view() == layer.application && set.profile.view() == layer.profile;
        });
        if (found == active.end()) continue;
        places[found->set_id] = ids.size();
        ids.push_back(found->set_id);
        numbers.push_back(found->number);
        in_force.origins.push_back({found->set_id, found->application, found->profile, found->number});
        in_force.version = std::max(in_force.version, found->seq);
    }
    in_force.layers.resize(ids.size());
    // Releases stay as they are: these are those that the heads named, whatever has been published since.
    for (ActiveItem& item : tx.all(active_items, ids, numbers)) in_force.layers[places[item.set_id]].emplace(std::move(item.key), std::move(item.value));
    in_force.fingerprints.resize(ids.size());
    for (std::size_t i = 0; i < ids.size(); ++i)
        for (const auto& [key, value] : in_force.layers[i])
            if (is_secret(value)) in_force.fingerprints[i][key] = fingerprint_of(value);
    if (sight.secrets)
        open_secrets(tx, *sight.vault, ids, in_force.layers);
    else
        for (Items& layer : in_force.layers) layer = mask(std::move(layer));
    return in_force;
}

Items merged(const InForce& in_force) {
    std::vector<const Items*> layers;
    for (const Items& layer : in_force.layers) layers.push_back(&layer);
    return values_of(overlay(layers));
}

} // namespace gravity::config
