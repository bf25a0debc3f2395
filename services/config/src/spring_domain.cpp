#include "spring_domain.hpp"

#include "formats.hpp"

namespace gravity::config::spring {
namespace {

constexpr std::pair<std::string_view, FileForm> file_forms[] = {
    {".yml", FileForm::yaml}, {".yaml", FileForm::yaml}, {".json", FileForm::json}, {".properties", FileForm::properties}};

} // namespace

std::optional<FileName> parse_file_name(std::string_view text) {
    for (const auto& [ending, form] : file_forms) {
        if (!text.ends_with(ending)) continue;
        const auto stem = text.substr(0, text.size() - ending.size());
        const auto hyphen = stem.rfind('-');
        if (hyphen == std::string_view::npos || hyphen == 0 || hyphen + 1 == stem.size()) return std::nullopt;
        return FileName{std::string(stem.substr(0, hyphen)), std::string(stem.substr(hyphen + 1)), form};
    }
    return std::nullopt;
}

std::string label_of(std::string_view text) {
    constexpr std::string_view stand_in = "(_)";
    std::string label(text);
    for (auto at = label.find(stand_in); at != std::string::npos; at = label.find(stand_in, at + 1)) label.replace(at, stand_in.size(), "/");
    return label;
}

File render(const Items& items, FileForm form) {
    switch (form) {
    case FileForm::yaml: return {"text/plain; charset=utf-8", to_yaml(to_tree(items))};
    case FileForm::json: return {"application/json", to_tree(items).dump()};
    case FileForm::properties: return {"text/plain; charset=utf-8", to_properties(items)};
    }
    return {};
}

Json environment(std::string_view application, const std::vector<std::string>& profiles, std::optional<std::string_view> label, std::int64_t version,
                 const std::vector<PropertySource>& sources) {
    Json document = Json::object({{"name", application}, {"profiles", Json::array()}, {"label", nullptr}, {"version", nullptr}, {"state", nullptr}});
    for (const std::string& profile : profiles) document["profiles"].push_back(profile);
    if (label) document["label"] = *label;
    if (version > 0) document["version"] = std::to_string(version);
    Json list = Json::array();
    for (const PropertySource& source : sources) list.push_back(Json::object({{"name", source.name}, {"source", to_json(*source.items)}}));
    document["propertySources"] = std::move(list);
    return document;
}

} // namespace gravity::config::spring
