#include "spring_documents.hpp"

#include "settings_files.hpp"

#include <gravity/base/ascii.hpp>
#include <gravity/base/problem.hpp>

#include <algorithm>
#include <string>
#include <vector>

namespace gravity::config {
namespace {

constexpr std::size_t most_documents_of_a_file = 100;
constexpr std::size_t most_profiles_of_a_file = 100;
constexpr std::size_t most_bytes_of_profiles = 4 * max_set_bytes; // of a file's settings as JSON, counted for each profile that they are of
constexpr std::string_view activations[] = {"spring.config.activate.on-profile", "spring.profiles"};

[[noreturn]] void refuse_document(std::string pointer, std::string detail) {
    throw Refusal(problems::invalid).with_faults({{std::move(pointer), std::move(detail)}});
}

/// No document has such a line in it, whatever its texts (YAML 1.2.2 section 9.1.2).
bool begins_document(std::string_view line) { return line.starts_with("---") && (line.size() == 3 || line[3] == ' ' || line[3] == '\t'); }

std::vector<std::string> yaml_documents(std::string_view content) {
    std::vector<std::string> documents(1);
    while (!content.empty()) {
        const auto end = content.find('\n');
        std::string_view line = content.substr(0, end);
        content.remove_prefix(end == std::string_view::npos ? content.size() : end + 1);
        if (line.ends_with('\r')) line.remove_suffix(1);
        if (line == "...") continue; // the end of a document, behind which another begins
        if (begins_document(line)) {
            line.remove_prefix(3);
            // What stands before the first of them is mostly nothing.
            if (documents.size() > 1 || !ascii::trim(documents.front()).empty()) documents.emplace_back();
            if (documents.size() > most_documents_of_a_file)
                refuse_document("/content", "has more than " + std::to_string(most_documents_of_a_file) + " documents");
        }
        documents.back().append(line).append("\n");
    }
    return documents;
}

/// Of several documents the fault says which one, as lines are counted from its beginning.
Items read_document(const std::vector<std::string>& documents, std::size_t index) {
    try {
        return read_settings(SettingsFormat::yaml, documents[index]);
    } catch (const Refusal& refused) {
        if (documents.size() == 1 || refused.faults().empty()) throw;
        std::vector<Refusal::Fault> faults = refused.faults();
        for (Refusal::Fault& fault : faults) fault.detail = "of document " + std::to_string(index + 1) + ": " + fault.detail;
        throw Refusal(refused.problem(), refused.detail()).with_faults(std::move(faults));
    }
}

/// Takes the profiles that a document is of out of it.
std::vector<ConfigName> take_profiles(Items& items, const ConfigName& own) {
    std::vector<ConfigName> profiles;
    for (const std::string_view key : activations) {
        for (auto item = items.lower_bound(key); item != items.end() && item->first.starts_with(key);) {
            const std::string_view rest = std::string_view(item->first).substr(key.size());
            if (!rest.empty() && rest.front() != '[') { // spring.profiles.active is a setting as others
                ++item;
                continue;
            }
            const std::string names = item->second.is_string() ? item->second.as_string() : item->second.dump();
            for (const std::string_view part : ascii::split(names, ',')) {
                const auto name = ConfigName::parse(ascii::trim(part));
                if (!name) refuse_document(pointer_to_item(item->first), "must be names of profiles: expressions are not taken");
                profiles.push_back(*name);
                if (profiles.size() > most_profiles_of_a_file)
                    refuse_document(pointer_to_item(item->first), "names more than " + std::to_string(most_profiles_of_a_file) + " profiles");
            }
            item = items.erase(item);
        }
    }
    if (profiles.empty()) return {own};
    if (own.view() != default_profile) refuse_document("/items", "a file of a profile has a document of others");
    std::sort(profiles.begin(), profiles.end());
    profiles.erase(std::unique(profiles.begin(), profiles.end()), profiles.end());
    return profiles;
}

} // namespace

std::map<ConfigName, Items> read_spring_yaml(std::string_view content, const ConfigName& own) {
    const std::vector<std::string> documents = yaml_documents(content);
    std::map<ConfigName, Items> settings;
    std::size_t bytes = 0;
    for (std::size_t i = 0; i < documents.size(); ++i) {
        Items items = read_document(documents, i);
        const std::vector<ConfigName> profiles = take_profiles(items, own);
        bytes += profiles.size() * to_json(items).dump().size();
        if (bytes > most_bytes_of_profiles)
            refuse_document("/content", "has more than " + std::to_string(most_bytes_of_profiles) + " bytes for all its profiles");
        for (const ConfigName& profile : profiles) apply_patch(settings[profile], to_tree(items));
        if (settings.size() > most_profiles_of_a_file)
            refuse_document("/content", "has settings of more than " + std::to_string(most_profiles_of_a_file) + " profiles");
    }
    return settings;
}

} // namespace gravity::config
