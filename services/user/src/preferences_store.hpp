#pragma once

#include "preferences_model.hpp"

#include <gravity/pg/tx.hpp>

/// Statements of preferences, by name. Their text is in preferences_store.cpp and nowhere else.
namespace gravity::user {

extern const Sql<PreferenceDefinition(PageQuery)> list_definitions;
extern const Sql<PreferenceDefinition(PreferenceKey)> get_definition;
/// For whoever changes it: nobody sets a value of it meanwhile.
extern const Sql<PreferenceDefinition(PreferenceKey)> lock_definition;
/// Those of these keys, as they stay until the transaction ends.
extern const Sql<PreferenceDefinition(std::vector<std::string>)> hold_definitions;
/// Nothing where there is one of the key, or as many as there may be.
extern const Sql<PreferenceDefinition(PreferenceDefinition, int)> insert_definition;
extern const Sql<PreferenceDefinition(PreferenceDefinition)> save_definition;
extern const Sql<void(PreferenceKey)> delete_definition;

/// All preferences of somebody as they are in force: one query.
extern const Sql<PreferenceRow(UserId)> preferences_in_force;

extern const Sql<LayerValue(PreferenceLayer, Uuid)> list_layer;
extern const Sql<void(PreferenceLayer, Uuid, LayerValue)> set_preference;
extern const Sql<void(PreferenceLayer, Uuid, std::string)> unset_preference;
extern const Sql<void(PreferenceLayer, Uuid)> delete_preference_values;
/// Values of a key by layer and owner, behind one of them.
extern const Sql<ValueOfOwner(PreferenceKey, std::optional<PreferenceLayer>, std::optional<Uuid>, int)> values_of_key;

} // namespace gravity::user
