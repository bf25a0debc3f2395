#pragma once

#include "merges_model.hpp"

#include <gravity/handlers.hpp>

/// Handlers of merges.
namespace gravity::user::user_merges {

Page<UserMerge> list(Tx& tx, Params<ListMerges> query);
Created<UserMerge> propose(Tx& tx, Caller caller, Body<NewMerge> in);
UserMerge get(Tx& tx, Path<"id", UserMergeId> id);
UserMerge confirm(Tx& tx, Caller caller, Path<"id", UserMergeId> id, IfMatch expected);
UserMerge undo(Tx& tx, Caller caller, Path<"id", UserMergeId> id, IfMatch expected);

} // namespace gravity::user::user_merges
