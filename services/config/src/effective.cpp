#include "effective.hpp"

#include "data_keys.hpp"
#include "layers_store.hpp"
#include "membership.hpp"
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

std::shared_ptr<const Releases> releases_of(const std::vector<Origin>& origins) {
    auto releases = std::make_shared<Releases>();
    for (const Origin& origin : origins) releases->push_back({origin.set_id, origin.release});
    return releases;
}

bool sees_secrets(const Caller& caller, const Selection& selection) {
    return caller.may("configs:secrets") || (selection.applications.size() == 1 && caller.subject == selection.applications.front());
}

bool View::rolls() const {
    return std::any_of(sets.begin(), sets.end(), [](const ViewedSet& set) { return set.candidate.has_value(); });
}

std::vector<int> View::cohort(const std::optional<std::string>& instance) const {
    std::vector<int> cohort;
    if (!rolls()) return cohort;
    for (const ViewedSet& set : sets) {
        int step = -1;
        if (instance && set.candidate) {
            const int place = place_in_rollout(*set.rollout, *instance);
            const auto has = std::find_if(set.shares.begin(), set.shares.end(), [&](int share) { return place < share; });
            if (has != set.shares.end()) step = static_cast<int>(has - set.shares.begin());
        }
        cohort.push_back(step);
    }
    return cohort;
}

InForce View::for_cohort(const std::vector<int>& cohort) const {
    InForce in_force;
    for (std::size_t i = 0; i < sets.size(); ++i) {
        const int step = cohort.empty() ? -1 : cohort[i];
        const ViewedRelease& release = step < 0 ? sets[i].general : *sets[i].candidate;
        in_force.origins.push_back(release.origin);
        in_force.layers.push_back(release.items);
        in_force.fingerprints.push_back(release.fingerprints);
        in_force.version = std::max(in_force.version, step < 0 ? release.seq : sets[i].seqs[static_cast<std::size_t>(step)]);
    }
    return in_force;
}

InForce read_in_force(Tx& tx, const Selection& selection, const LabelName& label, const LabelName& default_label, const Sight& sight,
                      const std::optional<std::string>& instance) {
    if (label != default_label && !tx.one(has_label, label)) throw Refusal(no_such_label);
    return read_view(tx, selection, label, sight).for_instance(instance);
}

namespace {

/// The sets that a selection is made of, the highest first.
std::vector<ActiveSet> sets_in_order(Tx& tx, const Selection& selection, const LabelName& label, std::optional<std::int64_t> at) {
    const std::vector<Layer> layers = layers_of(selection);
    std::vector<std::string> applications, profiles;
    for (const Layer& layer : layers) {
        applications.push_back(layer.application);
        profiles.push_back(layer.profile);
    }
    const auto active = at ? tx.all(active_sets_at, label, applications, profiles, *at) : tx.all(active_sets, label, applications, profiles);
    std::vector<ActiveSet> sets;
    for (const Layer& layer : layers) {
        const auto found = std::find_if(active.begin(), active.end(), [&](const ActiveSet& set) {
            return set.application.view() == layer.application && set.profile.view() == layer.profile;
        });
        if (found != active.end()) sets.push_back(*found);
    }
    return sets;
}

/// Fills in the items of releases, with secrets as they are to be seen.
void read_items(Tx& tx, const std::vector<ViewedRelease*>& releases, const Sight& sight) {
    std::vector<ConfigSetId> ids;
    std::vector<int> numbers;
    std::map<std::pair<ConfigSetId, int>, std::size_t> places;
    for (const ViewedRelease* release : releases) {
        places[{release->origin.set_id, release->origin.release}] = ids.size();
        ids.push_back(release->origin.set_id);
        numbers.push_back(release->origin.release);
    }
    std::vector<Items> items(ids.size());
    // Releases stay as they are: these are those that were named, whatever has been published since.
    for (ActiveItem& item : tx.all(active_items, ids, numbers)) items[places[{item.set_id, item.number}]].emplace(std::move(item.key), std::move(item.value));
    for (std::size_t i = 0; i < ids.size(); ++i)
        for (const auto& [key, value] : items[i])
            if (is_secret(value)) releases[i]->fingerprints[key] = fingerprint_of(value);
    if (sight.secrets)
        open_secrets(tx, *sight.vault, ids, items);
    else
        for (Items& layer : items) layer = mask(std::move(layer));
    for (std::size_t i = 0; i < ids.size(); ++i) releases[i]->items = std::move(items[i]);
}

} // namespace

View read_view(Tx& tx, const Selection& selection, const LabelName& label, const Sight& sight, std::optional<std::int64_t> at) {
    View view;
    for (const ActiveSet& set : sets_in_order(tx, selection, label, at)) {
        ViewedSet& viewed = view.sets.emplace_back();
        viewed.general.origin = {set.set_id, set.application, set.profile, set.number};
        viewed.general.seq = set.seq;
        view.seq = std::max(view.seq, set.seq);
        if (!set.candidate || set.shares.empty()) continue;
        viewed.rollout = set.rollout;
        viewed.shares = set.shares;
        viewed.seqs = set.seqs;
        viewed.candidate.emplace().origin = {set.set_id, set.application, set.profile, *set.candidate};
        view.seq = std::max(view.seq, set.seqs.back());
    }
    std::vector<ViewedRelease*> releases;
    for (ViewedSet& set : view.sets) {
        releases.push_back(&set.general);
        if (set.candidate) releases.push_back(&*set.candidate);
    }
    read_items(tx, releases, sight);
    return view;
}

Items merged(const InForce& in_force) {
    std::vector<const Items*> layers;
    for (const Items& layer : in_force.layers) layers.push_back(&layer);
    return values_of(overlay(layers));
}

} // namespace gravity::config
