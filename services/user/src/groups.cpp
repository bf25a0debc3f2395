#include "groups.hpp"

#include "groups_store.hpp"
#include "preferences_store.hpp"
#include "problems.hpp"

#include <gravity/json/codec.hpp>

#include <algorithm>
#include <set>

namespace gravity::user {
namespace {

std::vector<GroupMember> found(Tx& tx, const std::vector<std::string>& ids) {
    const std::set<std::string> wanted(ids.begin(), ids.end());
    for (const auto& id : wanted)
        if (!Uuid::parse(id)) throw Refusal(no_such_member, id);
    std::vector<GroupMember> members = tx.all(find_members, std::vector<std::string>(wanted.begin(), wanted.end()));
    if (members.size() == wanted.size()) return members;
    std::set<std::string> missing = wanted;
    for (const auto& member : members) missing.erase(member.id.to_string());
    throw Refusal(no_such_member, missing.empty() ? "" : *missing.begin());
}

std::vector<GroupMember> without(const std::vector<GroupMember>& from, const std::vector<GroupMember>& these) {
    std::set<Uuid> ids;
    for (const auto& one : these) ids.insert(one.id);
    std::vector<GroupMember> rest;
    for (const auto& one : from)
        if (!ids.contains(one.id)) rest.push_back(one);
    return rest;
}

// Who is merged into somebody else meanwhile is nobody to be put in.
bool all_stay(Tx& tx, const std::vector<GroupMember>& added) {
    std::vector<UserId> users;
    for (const GroupMember& one : added)
        if (one.kind == MemberKind::user) users.push_back(UserId(one.id));
    return users.empty() || tx.all(hold_members, users).size() == users.size();
}

void touch(Tx& tx, Group group) {
    group.updated_at = tx.now();
    tx.one(save_group, group);
}

} // namespace

GroupWithMembers make_group(Tx& tx, const GroupEdit& wanted, const std::vector<std::string>& members) {
    Group group;
    static_cast<GroupEdit&>(group) = wanted;
    group.id = tx.new_id<GroupId>();
    group.created_at = group.updated_at = tx.now();
    const auto added = found(tx, members);
    group = tx.one(insert_group, group);
    if (!all_stay(tx, added)) throw Refusal(no_such_member);
    tx.exec(insert_members, group.id, added);
    tx.emit(GroupCreated{group.id});
    for (const auto& one : added) tx.emit(GroupMemberAdded{group.id, one.id, one.kind});
    return {group, added};
}

GroupWithMembers change_group(Tx& tx, const Group& group, const GroupEdit& wanted, const std::vector<std::string>& members) {
    const auto before = tx.all(list_members, group.id, most_members), after = found(tx, members);
    const auto removed = without(before, after), added = without(after, before);
    if (removed.empty() && added.empty() && json::encode(static_cast<const GroupEdit&>(group)) == json::encode(wanted)) return {group, before};
    Group changed = group;
    static_cast<GroupEdit&>(changed) = wanted;
    changed.updated_at = tx.now();
    changed = tx.one(save_group, changed);
    if (!all_stay(tx, added)) throw Refusal(no_such_member);
    tx.exec(delete_members, group.id, removed);
    tx.exec(insert_members, group.id, added);
    tx.emit(GroupUpdated{changed.id, changed.version});
    for (const auto& one : removed) tx.emit(GroupMemberRemoved{changed.id, one.id, one.kind});
    for (const auto& one : added) tx.emit(GroupMemberAdded{changed.id, one.id, one.kind});
    return {changed, tx.all(list_members, group.id, most_members)};
}

Group rename_group(Tx& tx, const Group& group, const GroupEdit& wanted) {
    if (json::encode(static_cast<const GroupEdit&>(group)) == json::encode(wanted)) return group;
    Group changed = group;
    static_cast<GroupEdit&>(changed) = wanted;
    changed.updated_at = tx.now();
    changed = tx.one(save_group, changed);
    tx.emit(GroupUpdated{changed.id, changed.version});
    return changed;
}

void add_member(Tx& tx, const Group& group, const Uuid& member) {
    const auto there = tx.all(find_members, {member.to_string()});
    if (there.empty() || !all_stay(tx, there)) throw Refusal(problems::not_found);
    if (tx.exec(insert_member, group.id, there.front()) == 0) return;
    if (tx.one(count_members, group.id) > most_members) throw Refusal(group_full);
    touch(tx, group);
    tx.emit(GroupMemberAdded{group.id, member, there.front().kind});
}

void remove_member(Tx& tx, const Group& group, const Uuid& member) {
    const auto there = tx.all(find_members, {member.to_string()});
    if (there.empty() || tx.exec(delete_members, group.id, there) == 0) throw Refusal(problems::not_found);
    touch(tx, group);
    tx.emit(GroupMemberRemoved{group.id, member, there.front().kind});
}

void remove_group(Tx& tx, const Group& group) {
    tx.exec(delete_preference_values, PreferenceLayer::group, group.id.uuid());
    tx.exec(delete_group, group.id);
    tx.emit(GroupDeleted{group.id});
}

} // namespace gravity::user
