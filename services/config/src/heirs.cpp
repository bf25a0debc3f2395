#include "heirs.hpp"

#include "layers_store.hpp"
#include "secrets.hpp"

#include <algorithm>
#include <memory>
#include <set>

namespace gravity::config {
namespace {

/// An application in the profile, or of the default one in all that there are sets in: its own, inherited ones, and those of whom it refers to.
void add_heirs(const LabelSettings& label, const Relations& relations, const std::string& application, std::string_view profile, std::vector<Layer>& heirs) {
    Names profiles{std::string(profile)};
    if (profile == default_profile) {
        Names family{application, std::string(shared_application)};
        for (std::string& other : relations.others_of(application)) family.insert(std::move(other));
        for (const auto& [name, items] : label.sets)
            if (family.contains(name.first)) profiles.insert(name.second);
    }
    for (const std::string& in : profiles) heirs.push_back({application, in});
}

} // namespace

Items LabelSettings::in_force(const Layer& heir) const { return in_force(Selection{{heir.application}, {heir.profile}}); }

Items LabelSettings::in_force(const Selection& selection) const {
    std::vector<const Items*> layers;
    for (const Layer& layer : layers_of(selection))
        if (const auto found = sets.find({layer.application, layer.profile}); found != sets.end()) layers.push_back(&found->second);
    return values_of(overlay(layers));
}

std::vector<Layer> LabelSettings::heirs_of(std::string_view application, std::string_view profile) const {
    std::vector<Layer> heirs;
    if (application != shared_application) {
        add_heirs(*this, Relations(*this), std::string(application), profile, heirs);
        return heirs;
    }
    std::set<std::string> applications, profiles{std::string(default_profile)};
    for (const auto& [name, items] : sets) {
        if (name.first != shared_application) applications.insert(name.first);
        profiles.insert(name.second);
    }
    if (applications.empty()) applications.insert(std::string(shared_application));
    if (profile != default_profile) profiles = {std::string(profile)};
    for (const std::string& one : applications)
        for (const std::string& in : profiles) heirs.push_back({one, in});
    return heirs;
}

std::vector<Layer> LabelSettings::affected_by(std::string_view application, std::string_view profile) const {
    if (application == shared_application) return heirs_of(application, profile); // all there are
    const Relations relations(*this);
    std::vector<Layer> affected;
    for (const std::string& one : relations.dependents_of(std::string(application)))
        if (one != shared_application) add_heirs(*this, relations, one, profile, affected);
    return affected;
}

bool LabelSettings::lives_in(const Layer& heir) const {
    return sets.contains({heir.application, heir.profile}) || sets.contains({heir.application, std::string(default_profile)});
}

Relations::Relations(const LabelSettings& label) {
    for (const auto& [name, items] : label.sets) named_[name.first].merge(referred_applications(items));
    const auto shared = named_.find(shared_application);
    if (shared == named_.end() || shared->second.empty()) return;
    for (auto& [application, names] : named_)
        if (application != shared_application) names.insert(shared->second.begin(), shared->second.end());
}

const Names* Relations::named_by(const std::string& application) const {
    const auto found = named_.find(application);
    return found == named_.end() ? nullptr : &found->second;
}

std::vector<std::string> Relations::others_of(const std::string& application) const {
    const Names* names = named_by(application);
    if (names == nullptr) return {};
    auto others = reached(*names, [&](const std::string& one) { return named_by(one); }, most_others + 2); // itself and one too many
    std::erase(others, application);
    return others;
}

std::vector<std::string> Relations::dependents_of(const std::string& application) const {
    std::map<std::string, Names> named_in;
    for (const auto& [one, names] : named_)
        for (const std::string& name : names) named_in[name].insert(one);
    const auto next = [&](const std::string& one) -> const Names* {
        const auto found = named_in.find(one);
        return found == named_in.end() ? nullptr : &found->second;
    };
    return reached({application}, next, named_.size() + 1);
}

Others others_in(const LabelSettings& label, std::vector<std::string> profiles, Items (*shown)(Items)) {
    profiles.emplace_back(default_profile);
    auto known = std::make_shared<std::map<std::string, Items>>();
    return [&label, profiles = std::move(profiles), shown, known](const std::string& application) -> const Items* {
        const auto has_set = [&](const std::string& profile) { return label.sets.contains({application, profile}); };
        if (std::none_of(profiles.begin(), profiles.end(), has_set)) return nullptr;
        const auto [place, is_new] = known->try_emplace(application);
        if (is_new) place->second = shown(label.in_force(Selection{{application}, profiles}));
        return &place->second;
    };
}

LabelSettings read_label(Tx& tx, const LabelName& label, std::string_view application, RollingSide side) {
    if (application != shared_application && tx.one(has_reference_to_others, label)) application = shared_application;
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
