#include "groups_api.hpp"

#include "groups.hpp"
#include "groups_store.hpp"

namespace gravity::user::user_groups {

Created<Group> create(Tx& tx, Body<GroupEdit> in) { return make_group(tx, *in, {}).group; }
Page<Group> list(Tx& tx, Params<ListGroups> query) { return tx.page(list_user_groups, *query); }
Group get(Tx& tx, Path<"id", GroupId> id) { return tx.one(get_group, *id); }

Group update(Tx& tx, Path<"id", GroupId> id, Patch<GroupEdit> patch, IfMatch expected) {
    const Group group = expected.check(tx.one(lock_group, *id));
    return rename_group(tx, group, patch.apply(group));
}

NoContent remove(Tx& tx, Path<"id", GroupId> id, IfMatch expected) {
    remove_group(tx, expected.check(tx.one(lock_group, *id)));
    return {};
}

Page<GroupMember> list_members(Tx& tx, Path<"id", GroupId> id, Params<PageQuery> query) {
    tx.one(get_group, *id);
    return tx.page(page_members, *query, *id);
}

NoContent add_member(Tx& tx, Path<"id", GroupId> id, Path<"member", Uuid> member) {
    user::add_member(tx, tx.one(lock_group, *id), *member);
    return {};
}

NoContent remove_member(Tx& tx, Path<"id", GroupId> id, Path<"member", Uuid> member) {
    user::remove_member(tx, tx.one(lock_group, *id), *member);
    return {};
}

} // namespace gravity::user::user_groups
