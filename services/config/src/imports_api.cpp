#include "imports_api.hpp"

#include "importing.hpp"
#include "publishing.hpp"
#include "settings_text.hpp"

namespace gravity::config::imports {
namespace {

std::string_view type_of_format(SettingsFormat format) {
    switch (format) {
    case SettingsFormat::yaml: return "application/yaml"; // RFC 9512
    case SettingsFormat::json: return "application/json";
    case SettingsFormat::properties:
    case SettingsFormat::dotenv: break;
    }
    return "text/plain; charset=utf-8";
}

/// As Spring names it, so that it is found again: shop.yml, shop-dev.properties.
std::string file_name(const ConfigSet& set, SettingsFormat format) {
    const std::string stem = set.application.str() + (set.profile.view() == default_profile ? "" : "-" + set.profile.str());
    switch (format) {
    case SettingsFormat::yaml: return stem + ".yml";
    case SettingsFormat::json: return stem + ".json";
    case SettingsFormat::properties: return stem + ".properties";
    case SettingsFormat::dotenv: break;
    }
    return stem + ".env";
}

} // namespace

Imported import_file(Tx& tx, Actor by, Body<ImportFile> in, Given<Vault> vault) { return import_into_draft(tx, by, *in, *vault); }

Download export_file(Tx& tx, Path<"id", ConfigSetId> id, Params<ExportQuery> query) {
    const ConfigSet set = tx.one(get_set, *id);
    const std::optional<ReleaseNumber> number = query->release ? query->release : set.release;
    std::string tag = "\"nothing\"";
    if (number) tag = "\"" + tx.one(get_release, *id, *number).content_hash.substr(0, 32) + "\"";
    const SettingsFormat format = *query->format;
    return {std::string(type_of_format(format)), settings_text(format, mask(items_of(tx, *id, number))), file_name(set, format), 200, std::move(tag)};
}

} // namespace gravity::config::imports
