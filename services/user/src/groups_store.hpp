#pragma once

#include "groups_model.hpp"

#include <gravity/pg/tx.hpp>

/// Statements of groups, by name. Their text is in groups_store.cpp and nowhere else. Users whom a directory has deleted are members of none.
namespace gravity::user {

extern const Sql<Group(Group)> insert_group, save_group;
extern const Sql<Group(GroupId)> get_group, lock_group;
extern const Sql<void(GroupId)> delete_group;
extern const Sql<Group(ListGroups)> list_user_groups;

extern const Sql<GroupMember(GroupId, Uuid, std::int64_t)> list_members; // by id behind that one, so many at most
/// Of all these groups, each one's by id; so many at most.
extern const Sql<MemberOfGroup(std::vector<GroupId>, std::int64_t)> list_members_of;
/// Those of these ids that are members.
extern const Sql<GroupMember(GroupId, std::vector<std::string>)> members_among;
/// Users and groups that there are, of these ids.
extern const Sql<GroupMember(std::vector<std::string>)> find_members;
/// Those of these users that are somebody of their own, and stay so until the transaction ends.
extern const Sql<UserId(std::vector<UserId>)> hold_members;
extern const Sql<void(GroupId, std::vector<GroupMember>)> insert_members, delete_members;
extern const Sql<GroupMember(PageQuery, GroupId)> page_members;
/// Rows that are there already stay.
extern const Sql<void(GroupId, GroupMember)> insert_member;
/// Groups that somebody is a member of, directly.
extern const Sql<GroupOfUser(UserId)> list_groups_of_user;
/// As get_user, with those.
extern const Sql<UserInGroups(UserId)> get_user_in_groups;

} // namespace gravity::user
