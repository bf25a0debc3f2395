#pragma once

#include "groups_model.hpp"

#include <gravity/pg/tx.hpp>

/// What every way of changing groups does: rows, members and events together.
namespace gravity::user {

inline constexpr std::int64_t most_members = 10'000;

struct GroupWithMembers {
    Group group;
    std::vector<GroupMember> members;
};

/// Members by id; refuses with `no_such_member`.
GroupWithMembers make_group(Tx& tx, const GroupEdit& wanted, const std::vector<std::string>& members);
/// What is the same already stays as it is, its version too. `group` has been locked.
GroupWithMembers change_group(Tx& tx, const Group& group, const GroupEdit& wanted, const std::vector<std::string>& members);
/// Without a look at its members.
Group rename_group(Tx& tx, const Group& group, const GroupEdit& wanted);
/// One of them, without looking at the others. Refuses with 404 where there is no such user or group, and with `group_full`.
void add_member(Tx& tx, const Group& group, const Uuid& member);
/// Refuses with 404 where it is none.
void remove_member(Tx& tx, const Group& group, const Uuid& member);
void remove_group(Tx& tx, const Group& group);

} // namespace gravity::user
