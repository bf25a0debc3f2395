#pragma once

#include "groups_model.hpp"

#include <gravity/pg/tx.hpp>

/// What every way of changing groups does: rows, members and events together.
namespace gravity::user {

inline constexpr std::int64_t most_members = 1'000'000; // as the check user_group_full has it

struct GroupWithMembers {
    Group group;
    std::vector<GroupMember> members;
};

/// Members by id; refuses with `no_such_member`.
GroupWithMembers make_group(Tx& tx, const GroupEdit& wanted, const std::vector<std::string>& members);
/// What is the same already stays as it is, its version too. `group` has been locked. Of those of its members that were looked at (`before`) and of
/// others, `members` are to be in it; whoever was not looked at stays in it. Refuses with `no_such_member` and `group_full`.
Group change_group(Tx& tx, const Group& group, const GroupEdit& wanted, const std::vector<GroupMember>& before, const std::vector<std::string>& members);
/// Without a look at its members.
Group rename_group(Tx& tx, const Group& group, const GroupEdit& wanted);
/// Something of it that does not stand in its row has changed: its version does, and it is announced. `group` has been locked.
Group revise_group(Tx& tx, Group group);
/// One of them, without looking at the others. Refuses with 404 where there is no such user or group, and with `group_full`.
void add_member(Tx& tx, const Group& group, const Uuid& member);
/// Refuses with 404 where it is none.
void remove_member(Tx& tx, const Group& group, const Uuid& member);
void remove_group(Tx& tx, const Group& group);

} // namespace gravity::user
