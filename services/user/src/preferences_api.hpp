#pragma once

#include "preferences_model.hpp"

#include <gravity/handlers.hpp>

/// Handlers of definitions of preferences.
namespace gravity::user::definitions {

Page<PreferenceDefinition> list(Tx& tx, Params<PageQuery> query);
PreferenceDefinition get(Tx& tx, Path<"key", PreferenceKey> key);
PreferenceDefinition put(Tx& tx, Path<"key", PreferenceKey> key, Body<PreferenceDefinitionEdit> in, IfMatch expected);
NoContent remove(Tx& tx, Path<"key", PreferenceKey> key, IfMatch expected);

} // namespace gravity::user::definitions

/// Handlers of values: what is in force for somebody, and what is set in one layer.
namespace gravity::user::preferences {

Preferences get(Tx& tx, Path<"id", UserId> id);
Preferences update(Tx& tx, Caller caller, Path<"id", UserId> id, Patch<LayerValues> patch);
Preferences get_own(Tx& tx, Caller caller);
Preferences update_own(Tx& tx, Caller caller, Patch<LayerValues> patch);
LayerValues get_of_group(Tx& tx, Path<"id", GroupId> id);
LayerValues update_of_group(Tx& tx, Caller caller, Path<"id", GroupId> id, Patch<LayerValues> patch);
LayerValues get_of_project(Tx& tx);
LayerValues update_of_project(Tx& tx, Caller caller, Patch<LayerValues> patch);

} // namespace gravity::user::preferences
