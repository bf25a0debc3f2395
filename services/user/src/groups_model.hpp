#pragma once

#include "users_model.hpp"

/// Groups of users and of groups.
namespace gravity::user {

using GroupId = Id<"user-group">;

struct GroupEdit {
    Text<1, 200> display_name;
    std::optional<Text<1, 255>> external_id;
};
BOOST_DESCRIBE_STRUCT(GroupEdit, (), (display_name, external_id))

struct Group : GroupEdit {
    GroupId id;
    Version version;
    std::int64_t member_count = 0; // those among them whom a directory has deleted, too: they may be restored
    Timestamp created_at;
    Timestamp updated_at;
};
BOOST_DESCRIBE_STRUCT(Group, (GroupEdit), (id, version, member_count, created_at, updated_at))

struct ListGroups : PageQuery {
    std::optional<Uuid> member;
};
BOOST_DESCRIBE_STRUCT(ListGroups, (PageQuery), (member))

enum class MemberKind {
    user,
    group
};
BOOST_DESCRIBE_ENUM(MemberKind, user, group)

struct GroupMember {
    Uuid id;
    MemberKind kind{};
};
BOOST_DESCRIBE_STRUCT(GroupMember, (), (id, kind))

/// A member of one of several groups.
struct MemberOfGroup : GroupMember {
    GroupId group_id;
};
BOOST_DESCRIBE_STRUCT(MemberOfGroup, (GroupMember), (group_id))

/// A group that somebody is a member of.
struct GroupOfUser {
    GroupId id;
    std::string display;
};
BOOST_DESCRIBE_STRUCT(GroupOfUser, (), (id, display))

/// With the groups that they are in, where those are asked for.
struct UserInGroups : User {
    std::vector<GroupOfUser> groups;
};
BOOST_DESCRIBE_STRUCT(UserInGroups, (User), (groups))

struct GroupCreated {
    static constexpr Event event{"gravity.user.group.created"};
    GroupId id;
};
BOOST_DESCRIBE_STRUCT(GroupCreated, (), (id))

struct GroupUpdated {
    static constexpr Event event{"gravity.user.group.updated"};
    GroupId id;
    Version version;
};
BOOST_DESCRIBE_STRUCT(GroupUpdated, (), (id, version))

struct GroupDeleted {
    static constexpr Event event{"gravity.user.group.deleted"};
    GroupId id;
};
BOOST_DESCRIBE_STRUCT(GroupDeleted, (), (id))

struct GroupMemberAdded {
    static constexpr Event event{"gravity.user.group_member.added"};
    GroupId id;
    Uuid member;
    MemberKind kind{};
};
BOOST_DESCRIBE_STRUCT(GroupMemberAdded, (), (id, member, kind))

struct GroupMemberRemoved {
    static constexpr Event event{"gravity.user.group_member.removed"};
    GroupId id;
    Uuid member;
    MemberKind kind{};
};
BOOST_DESCRIBE_STRUCT(GroupMemberRemoved, (), (id, member, kind))

} // namespace gravity::user

GRAVITY_TABLES(user, GroupId, GroupEdit, Group, ListGroups, MemberKind, GroupMember, MemberOfGroup, GroupOfUser, UserInGroups, GroupCreated, GroupUpdated,
               GroupDeleted, GroupMemberAdded, GroupMemberRemoved)
