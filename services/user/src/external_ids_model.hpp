#pragma once

#include "groups_model.hpp"
#include "scim_clients_model.hpp"

/// What directories call the people and groups that they provision: each what it likes (RFC 7643 section 3.1).
namespace gravity::user {

using ExternalId = Text<1, 255>;

/// Whose external ids are meant: a SCIM client's, or those of the project, which are of the API and of whoever is no client.
using Directory = std::optional<ScimClientId>;

struct UserExternalId {
    ScimClientId scim_client_id;
    std::string name; // of the client
    ExternalId external_id;
};
BOOST_DESCRIBE_STRUCT(UserExternalId, (), (scim_client_id, name, external_id))

struct KnownUser {
    UserId id;
    ExternalId external_id;
};
BOOST_DESCRIBE_STRUCT(KnownUser, (), (id, external_id))

struct KnownGroup {
    GroupId id;
    ExternalId external_id;
};
BOOST_DESCRIBE_STRUCT(KnownGroup, (), (id, external_id))

} // namespace gravity::user

GRAVITY_TABLES(user, UserExternalId, KnownUser, KnownGroup)
