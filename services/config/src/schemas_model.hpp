#pragma once

#include "sets_model.hpp"

/// Schemas that settings have to hold.
namespace gravity::config {

using ConfigSchemaId = Id<"config-schema">;

struct ConfigSchemaEdit {
    Json schema;
    std::optional<Text<1, 500>> description;
};
BOOST_DESCRIBE_STRUCT(ConfigSchemaEdit, (), (schema, description))

/// Whose settings a schema is about.
struct NewConfigSchema : ConfigSchemaEdit {
    ConfigName application;
    std::optional<ConfigName> profile;
    std::optional<LabelName> label;
};
BOOST_DESCRIBE_STRUCT(NewConfigSchema, (ConfigSchemaEdit), (application, profile, label))

struct ConfigSchema : NewConfigSchema {
    ConfigSchemaId id;
    Version version;
    std::string created_by;
    Timestamp created_at;
    Timestamp updated_at;
};
BOOST_DESCRIBE_STRUCT(ConfigSchema, (NewConfigSchema), (id, version, created_by, created_at, updated_at))

struct ListConfigSchemas : PageQuery {
    std::optional<ConfigName> application;
};
BOOST_DESCRIBE_STRUCT(ListConfigSchemas, (PageQuery), (application))

} // namespace gravity::config

template <>
struct gravity::meta::docs<gravity::config::ConfigSchemaEdit> {
    static constexpr std::pair<std::string_view, std::string_view> fields[] = {
        {"schema", "JSON Schema draft 7 of what is in force, as the document that its keys were flattened from; a secret is the text ***"}};
};
template <>
struct gravity::meta::docs<gravity::config::NewConfigSchema> {
    static constexpr std::pair<std::string_view, std::string_view> fields[] = {
        {"application", "Whose settings; `application` means everybody's"},
        {"profile", "In which profile; without it in every one"},
        {"label", "Under which label; without it under every one"},
    };
};

GRAVITY_TABLES(config, ConfigSchemaId, ConfigSchemaEdit, NewConfigSchema, ConfigSchema, ListConfigSchemas)
