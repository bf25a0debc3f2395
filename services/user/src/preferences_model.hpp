#pragma once

#include "groups_model.hpp"

/// What people prefer: typed keys, and values in layers.
namespace gravity::user {

/// Lower-case words with dots between: `mail.digest`.
class PreferenceKey : public TextValue<PreferenceKey> {
public:
    using TextValue::TextValue;
    static bool accept(std::string_view in, std::string& out, std::string& why);
    static constexpr meta::Type describe() {
        return meta::text_type<PreferenceKey>({.pattern = "^[a-z0-9_]+([.][a-z0-9_]+)*$",
                                               .doc = "Lower-case words of letters, digits and underscores, with dots between",
                                               .example = "\"mail.digest\"",
                                               .min = 1,
                                               .max = 100});
    }
};

struct PreferenceDefinitionEdit {
    Json json_schema;
    Json default_;
    Default<true> user_writable;
};
BOOST_DESCRIBE_STRUCT(PreferenceDefinitionEdit, (), (json_schema, default_, user_writable))

struct PreferenceDefinition : PreferenceDefinitionEdit {
    PreferenceKey key;
    Version version;
    Timestamp created_at;
    Timestamp updated_at;
};
BOOST_DESCRIBE_STRUCT(PreferenceDefinition, (PreferenceDefinitionEdit), (key, version, created_at, updated_at))

/// The nearest that has a value decides: user, group, project, default.
enum class PreferenceLayer {
    default_,
    project,
    group,
    user
};
BOOST_DESCRIBE_ENUM(PreferenceLayer, default_, project, group, user)

/// What is in force for somebody, and why.
struct Preference {
    Json value;
    PreferenceLayer layer{};
    std::optional<GroupId> group_id; // whose value it is
    bool user_writable = false;
};
BOOST_DESCRIBE_STRUCT(Preference, (), (value, layer, group_id, user_writable))

struct PreferenceRow : Preference {
    PreferenceKey key;
};
BOOST_DESCRIBE_STRUCT(PreferenceRow, (Preference), (key))

struct Preferences {
    std::map<std::string, Preference, std::less<>> preferences;
};
BOOST_DESCRIBE_STRUCT(Preferences, (), (preferences))

/// What is set in one layer by one owner.
struct LayerValues {
    std::map<std::string, Json, std::less<>> values;
};
BOOST_DESCRIBE_STRUCT(LayerValues, (), (values))

struct LayerValue {
    PreferenceKey key;
    Json value;
};
BOOST_DESCRIBE_STRUCT(LayerValue, (), (key, value))

/// A value, to be held against what its definition is to be.
struct ValueOfOwner {
    PreferenceLayer layer{};
    Uuid owner;
    Json value;
};
BOOST_DESCRIBE_STRUCT(ValueOfOwner, (), (layer, owner, value))

} // namespace gravity::user

template <>
struct gravity::meta::docs<gravity::user::PreferenceDefinitionEdit> {
    static constexpr std::pair<std::string_view, std::string_view> fields[] = {
        {"json_schema", "What values have to be: JSON Schema 2020-12, as of a profile"},
        {"default", "What is in force where no layer has a value"},
        {"user_writable", "People set it for themselves"},
    };
};
template <>
struct gravity::meta::docs<gravity::user::Preference> {
    static constexpr std::pair<std::string_view, std::string_view> fields[] = {
        {"layer", "Where the value comes from"},
        {"group_id", "Which group, where it comes from one"},
    };
};
template <>
struct gravity::meta::docs<gravity::user::LayerValues> {
    static constexpr std::pair<std::string_view, std::string_view> fields[] = {{"values", "By key; null takes one away"}};
};

GRAVITY_TABLES(user, PreferenceKey, PreferenceDefinitionEdit, PreferenceDefinition, PreferenceLayer, Preference, PreferenceRow, Preferences, LayerValues,
               LayerValue, ValueOfOwner)
