#pragma once

#include "config.hpp"
#include "users_model.hpp"

/// Directories that provision by SCIM.
namespace gravity::user {

using ScimClientId = Id<"scim-client">;

/// What becomes of somebody whom a directory deletes.
enum class OnDelete {
    deactivate,
    delete_after_30_days
};
BOOST_DESCRIBE_ENUM(OnDelete, deactivate, delete_after_30_days)

struct ScimClientEdit {
    Text<1, 200> name;
    Subject subject;
    Default<ScimMode::strict> mode;
    Default<OnDelete::deactivate> on_delete;
};
BOOST_DESCRIBE_STRUCT(ScimClientEdit, (), (name, subject, mode, on_delete))

struct NewScimClient : ScimClientEdit {
    Default<false> adopt_external_ids;
};
BOOST_DESCRIBE_STRUCT(NewScimClient, (ScimClientEdit), (adopt_external_ids))

struct ScimClient : ScimClientEdit {
    ScimClientId id;
    Version version;
    Timestamp created_at;
    Timestamp updated_at;
};
BOOST_DESCRIBE_STRUCT(ScimClient, (ScimClientEdit), (id, version, created_at, updated_at))

} // namespace gravity::user

template <>
struct gravity::meta::docs<gravity::user::ScimClientEdit> {
    static constexpr std::pair<std::string_view, std::string_view> fields[] = {
        {"subject", "The `sub` of its tokens; of an access key `access_key:` and its id. Whoever has a new key keeps its external ids by changing this"},
        {"mode", "How exact its requests have to be: as the RFCs say (strict), as Entra ID sends them (entra) or as Okta does (okta)"},
        {"on_delete", "What its DELETE comes to: a deactivated account, or one that is erased 30 days later unless it is restored"},
    };
};
template <>
struct gravity::meta::docs<gravity::user::NewScimClient> {
    static constexpr std::pair<std::string_view, std::string_view> fields[] = {
        {"adopt_external_ids", "It has provisioned before, as one of whom no more was known: the project's external ids become its own too"}};
};

GRAVITY_TABLES(user, ScimClientId, OnDelete, ScimClientEdit, NewScimClient, ScimClient)
