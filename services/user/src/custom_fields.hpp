#pragma once

#include "people.hpp"
#include "profile_schemas_model.hpp"

/// Custom fields of profiles, held against the schemas of the project.
namespace gravity::user {

inline constexpr int most_profile_schemas = 20;
inline constexpr std::size_t most_custom_bytes = 32 * 1024; // of one schema's fields

/// What changed is as its schema says, else a refusal that points at everything that is not; and is for whoever changes it to change, else `field_not_yours`.
/// The schemas stay as they are until the transaction ends.
void check_custom(Tx& tx, const CustomFields& before, const CustomFields& after, Right right);

/// Takes away what is private, unless the caller administers users or it is of themselves.
void hide_private(Tx& tx, const Caller& caller, std::vector<User>& users);
User without_private(Tx& tx, const Caller& caller, User user);

/// How many people have fields that a schema would not let through.
std::int64_t count_offenders(Tx& tx, const Slug& name, const Json& schema);

} // namespace gravity::user
