#include "merges_api.hpp"

#include "merges.hpp"
#include "merges_store.hpp"

namespace gravity::user::user_merges {

Page<UserMerge> list(Tx& tx, Params<ListMerges> query) { return tx.page(list_merges, *query); }
Created<UserMerge> propose(Tx& tx, Caller caller, Body<NewMerge> in) { return propose_merge(tx, caller, *in); }
UserMerge get(Tx& tx, Path<"id", UserMergeId> id) { return tx.one(get_merge, *id); }
UserMerge confirm(Tx& tx, Caller caller, Path<"id", UserMergeId> id, IfMatch expected) { return confirm_merge(tx, caller, *id, expected); }
UserMerge undo(Tx& tx, Caller caller, Path<"id", UserMergeId> id, IfMatch expected) { return undo_merge(tx, caller, *id, expected); }

} // namespace gravity::user::user_merges
