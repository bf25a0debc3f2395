// Files of settings as others wrote them, in every format: whatever is taken is items that may be, and comes back from what is written of it.
#include "settings_files.hpp"

#include "settings_text.hpp"

#include <gravity/base/problem.hpp>

#include <cstdint>
#include <cstdlib>
#include <optional>

using namespace gravity;
using namespace gravity::config;

namespace {

std::optional<Items> taken(SettingsFormat format, std::string_view text) {
    try {
        return read_settings(format, text);
    } catch (const Refusal& refused) {
        if (refused.problem().status != 422 && refused.problem().status != 413) std::abort();
        return std::nullopt;
    }
}

/// As a format that knows texts alone has it.
Items as_texts(Items items) {
    for (auto& [key, value] : items)
        if (!value.is_string()) value = value.is_array() ? Json("") : Json(value.dump());
    return items;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    for (const SettingsFormat format : {SettingsFormat::yaml, SettingsFormat::properties, SettingsFormat::json, SettingsFormat::dotenv}) {
        const auto items = taken(format, text);
        if (!items) continue;
        for (const SettingsFormat other : {SettingsFormat::yaml, SettingsFormat::json})
            if (taken(other, settings_text(other, *items)) != items) std::abort();
        if (taken(SettingsFormat::properties, settings_text(SettingsFormat::properties, *items)) != as_texts(*items)) std::abort();
    }
    return 0;
}
