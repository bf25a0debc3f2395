#pragma once

#include "users_model.hpp"

/// What the custom fields of profiles have to be.
namespace gravity::user {

struct ProfileSchemaEdit {
    Json schema;
};
BOOST_DESCRIBE_STRUCT(ProfileSchemaEdit, (), (schema))

struct ProfileSchema : ProfileSchemaEdit {
    Slug name;
    Version version;
    Timestamp created_at;
    Timestamp updated_at;
};
BOOST_DESCRIBE_STRUCT(ProfileSchema, (ProfileSchemaEdit), (name, version, created_at, updated_at))

/// Somebody's fields of one schema.
struct CustomOfUser {
    UserId id;
    Json document;
};
BOOST_DESCRIBE_STRUCT(CustomOfUser, (), (id, document))

} // namespace gravity::user

template <>
struct gravity::meta::docs<gravity::user::ProfileSchemaEdit> {
    static constexpr std::pair<std::string_view, std::string_view> fields[] = {
        {"schema", "JSON Schema 2020-12: type, enum, const, bounds, pattern, format, properties, required, additionalProperties, items, uniqueItems; "
                   "beside a property of the outermost object also readOnly and x-private"}};
};

GRAVITY_TABLES(user, ProfileSchemaEdit, ProfileSchema, CustomOfUser)
