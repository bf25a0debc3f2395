#pragma once

#include "names.hpp"

#include <gravity/base/secret.hpp>

/// The service's own settings, CONFIG_<NAME> outside.
namespace gravity::config {

struct Settings {
    LabelName default_label = "main";
    std::optional<Secret<>> master_key;
    Bounded<int, 1, 365> instance_days{7};
};
BOOST_DESCRIBE_STRUCT(Settings, (), (default_label, master_key, instance_days))

} // namespace gravity::config

template <>
struct gravity::meta::docs<gravity::config::Settings> {
    static constexpr std::pair<std::string_view, std::string_view> fields[] = {
        {"default_label", "Label of who asks for none"},
        {"master_key", "32 bytes in base64 that seal the data keys of secrets; to rotate, the new one in front of the old, with a comma"},
        {"instance_days", "Days after which an instance that is not heard of any more is forgotten"},
    };
};

GRAVITY_TABLES(config, Settings)
