#pragma once

#include <gravity/model.hpp>

/// Names of what settings are for.
namespace gravity::config {

/// The application whose settings all others inherit, and the profile that is always there.
inline constexpr std::string_view shared_application = "application";
inline constexpr std::string_view default_profile = "default";

/// Lower-case letters, digits, dots, underscores and hyphens, at most 64.
bool is_config_name(std::string_view text);

/// An application or a profile.
class ConfigName : public TextValue<ConfigName> {
public:
    using TextValue::TextValue;
    static bool accept(std::string_view in, std::string& out, std::string& why);
    static constexpr meta::Type describe() {
        return meta::text_type<ConfigName>({.pattern = "^[a-z0-9._-]+$", .doc = "Application or profile", .example = "\"shop\"", .min = 1, .max = 64});
    }
};

/// A branch of settings: such names, joined by slashes.
class LabelName : public TextValue<LabelName> {
public:
    using TextValue::TextValue;
    static bool accept(std::string_view in, std::string& out, std::string& why);
    static constexpr meta::Type describe() {
        return meta::text_type<LabelName>({.pattern = "^[a-z0-9._-]+(/[a-z0-9._-]+)*$", .doc = "Label", .example = "\"main\"", .min = 1, .max = 64});
    }
};

} // namespace gravity::config

GRAVITY_TABLES(config, ConfigName, LabelName)
