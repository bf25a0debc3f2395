#pragma once

#include "people.hpp"
#include "preferences_model.hpp"

#include <gravity/http/extract.hpp>

/// Values of preferences as their definitions let them through.
namespace gravity::user {

inline constexpr int most_definitions = 500;
inline constexpr std::size_t most_preference_bytes = 8 * 1024;

/// What values of a definition have to be; refuses with everything that is wrong with it, its default too.
void check_definition(const PreferenceDefinitionEdit& definition);

Preferences in_force(Tx& tx, const UserId& user);
LayerValues values_of(Tx& tx, PreferenceLayer layer, const Uuid& owner);
/// Refuses with everything that is not as its definition says, and for a person with `preference_not_yours`. The owner is locked.
void set_values(Tx& tx, PreferenceLayer layer, const Uuid& owner, const Patch<LayerValues>& patch, Right right);

/// Puts back what somebody had, whose definitions are still there; the keys of what they do not let through any more, and of that nothing is put back.
std::vector<std::string> put_back_values(Tx& tx, const UserId& user, const std::vector<LayerValue>& values);

/// How many values are set that a definition would not let through.
std::int64_t count_broken(Tx& tx, const PreferenceKey& key, const Json& json_schema);

} // namespace gravity::user
