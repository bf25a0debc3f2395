#include "layers.hpp"

#include "names.hpp"

#include <gravity/base/ascii.hpp>

#include <algorithm>
#include <set>

namespace gravity::config {
namespace {

/// Makes room for a layer: where it has a list nothing of what is below shows through, where it has named parts no list does.
void make_room(Layered& below, const Items& layer) {
    std::set<std::string, std::less<>> lists, mappings;
    for (const auto& [key, value] : layer) {
        for (std::size_t i = 1; i < key.size(); ++i) {
            if (key[i] == '[') lists.insert(key.substr(0, i));
            if (key[i] == '.') mappings.insert(key.substr(0, i));
        }
    }
    for (const std::string& list : lists) erase_below(below, list);
    for (const std::string& mapping : mappings) erase_parts(below, mapping, '[');
}

} // namespace

std::optional<std::vector<std::string>> split_names(std::string_view text) {
    std::vector<std::string> names;
    while (true) {
        const auto comma = text.find(',');
        std::string_view name = text.substr(0, comma);
        while (!name.empty() && name.front() == ' ') name.remove_prefix(1);
        while (!name.empty() && name.back() == ' ') name.remove_suffix(1);
        if (!name.empty()) {
            std::erase(names, name);
            names.emplace_back(name);
            if (names.size() > max_selected) return std::nullopt;
        }
        if (comma == std::string_view::npos) return names;
        text.remove_prefix(comma + 1);
    }
}

std::vector<Layer> layers_of(const Selection& selection) {
    std::vector<std::string> profiles{std::string(default_profile)};
    for (const std::string& profile : selection.profiles)
        if (profile != default_profile) profiles.push_back(profile);
    std::vector<std::string> applications{std::string(shared_application)};
    for (const std::string& application : selection.applications)
        if (application != shared_application) applications.push_back(application);
    std::vector<Layer> layers;
    for (auto profile = profiles.rbegin(); profile != profiles.rend(); ++profile)
        for (auto application = applications.rbegin(); application != applications.rend(); ++application) layers.push_back({*application, *profile});
    return layers;
}

std::string layer_name(std::string_view application, std::string_view profile) {
    std::string name(application);
    if (profile != default_profile) name.append("-").append(profile);
    return name;
}

Layered overlay(const std::vector<const Items*>& layers) {
    Layered merged;
    for (std::size_t i = layers.size(); i-- > 0;) {
        make_room(merged, *layers[i]);
        for (const auto& [key, value] : *layers[i]) {
            clear_way(merged, key);
            merged[key] = {value, static_cast<int>(i)};
        }
    }
    return merged;
}

Items values_of(const Layered& layered) {
    Items items;
    for (const auto& [key, value] : layered) items.emplace_hint(items.end(), key, value.value);
    return items;
}

} // namespace gravity::config
