#pragma once

#include "merges_model.hpp"

#include <gravity/http/extract.hpp>
#include <gravity/pg/tx.hpp>

/// Merges, done and undone: rows, events and history together. Who wants both rows of a merge takes the lesser id first, and before them the groups.
namespace gravity::user {

/// What would become of them: nothing is changed.
UserMerge propose_merge(Tx& tx, const Caller& caller, const NewMerge& wanted);
/// Refuses with `merge_outdated` where they are not as they were proposed. What is done already stays as it is.
UserMerge confirm_merge(Tx& tx, const Caller& caller, const UserMergeId& id, const IfMatch& expected);
/// As both were before, but for what each did since. Refuses with `undo_conflicts` where that cannot be, and says why.
UserMerge undo_merge(Tx& tx, const Caller& caller, const UserMergeId& id, const IfMatch& expected);

} // namespace gravity::user
