#include "reference_check.hpp"

#include "layers.hpp"
#include "layers_store.hpp"
#include "problems.hpp"
#include "references.hpp"
#include "secrets.hpp"

#include <algorithm>
#include <set>

namespace gravity::config {
namespace {

constexpr std::size_t most_reference_faults = 50;

/// The settings of a label by application and profile.
using Label = std::map<std::pair<std::string, std::string>, Items>;

Label read_label(Tx& tx, const ConfigSet& set, const Items& items) {
    const bool shared = set.application.view() == shared_application;
    std::vector<ConfigSetId> ids;
    std::vector<int> numbers;
    std::map<ConfigSetId, std::pair<std::string, std::string>> names;
    Label label;
    for (const ActiveSet& active : tx.all(active_sets_of_label, set.label)) {
        if (active.set_id == set.id) continue;
        if (!shared && active.application != set.application && active.application.view() != shared_application) continue;
        ids.push_back(active.set_id);
        numbers.push_back(active.number);
        names[active.set_id] = {active.application.str(), active.profile.str()};
        label[names[active.set_id]];
    }
    for (ActiveItem& item : tx.all(active_items, ids, numbers)) label[names[item.set_id]].emplace(std::move(item.key), std::move(item.value));
    label[{set.application.str(), set.profile.str()}] = items;
    for (auto& [name, layer] : label) layer = mask(std::move(layer)); // that it is there is all that counts
    return label;
}

/// Who inherits the set: a shared one's settings are everybody's, the default profile's every profile's.
std::vector<Layer> heirs_of(const ConfigSet& set, const Label& label) {
    const bool shared = set.application.view() == shared_application, any_profile = set.profile.view() == default_profile;
    std::set<std::string> applications, profiles{std::string(default_profile)};
    for (const auto& [name, items] : label) {
        if (name.first != shared_application) applications.insert(name.first);
        profiles.insert(name.second);
    }
    if (applications.empty()) applications.insert(std::string(shared_application));
    if (!shared) applications = {set.application.str()};
    if (!any_profile) profiles = {set.profile.str()};
    std::vector<Layer> heirs;
    for (const std::string& application : applications)
        for (const std::string& profile : profiles) heirs.push_back({application, profile});
    return heirs;
}

Items in_force(const Label& label, const Layer& heir) {
    std::vector<const Items*> layers;
    for (const Layer& layer : layers_of({{heir.application}, {heir.profile}}))
        if (const auto found = label.find({layer.application, layer.profile}); found != label.end()) layers.push_back(&found->second);
    return values_of(overlay(layers));
}

} // namespace

void check_references(Tx& tx, const ConfigSet& set, const Items& items) {
    const Label label = read_label(tx, set, items);
    const bool any = std::any_of(label.begin(), label.end(), [](const auto& entry) {
        return std::any_of(entry.second.begin(), entry.second.end(), [](const auto& item) { return has_reference(item.second); });
    });
    if (!any) return;
    std::vector<Refusal::Fault> faults;
    for (const Layer& heir : heirs_of(set, label)) {
        for (const ReferenceFault& fault : resolve(in_force(label, heir)).faults)
            if (faults.size() < most_reference_faults)
                faults.push_back({pointer_to_item(fault.key), heir.application + " in " + heir.profile + ": " + fault.detail});
    }
    if (!faults.empty()) throw Refusal(unresolved_reference).with_faults(std::move(faults));
}

} // namespace gravity::config
