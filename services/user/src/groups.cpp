#include "groups.hpp"

#include "groups_store.hpp"
#include "preferences_store.hpp"
#include "problems.hpp"

#include <gravity/json/codec.hpp>

#include <algorithm>
#include <set>

namespace gravity::user {
namespace {

std::set<Uuid> ids_of(const std::vector<std::string>& texts) {
    std::set<Uuid> ids;
    for (const auto& text : texts) {
        const auto id = Uuid::parse(text);
        if (!id) throw Refusal(no_such_member, text);
        ids.insert(*id);
    }
    return ids;
}

std::vector<GroupMember> found(Tx& tx, const std::set<Uuid>& ids) {
    if (ids.empty()) return {};
    std::vector<std::string> wanted;
    for (const Uuid& id : ids) wanted.push_back(id.to_string());
    std::vector<GroupMember> members = tx.all(find_members, wanted);
    std::set<Uuid> missing = ids;
    for (const auto& member : members) missing.erase(member.id);
    if (!missing.empty()) throw Refusal(no_such_member, missing.begin()->to_string());
    return members;
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
    const auto added = found(tx, ids_of(members));
    group = tx.one(insert_group, group);
    if (!all_stay(tx, added)) throw Refusal(no_such_member);
    tx.exec(insert_members, group.id, added);
    group.member_count = static_cast<std::int64_t>(added.size());
    tx.emit(GroupCreated{group.id});
    for (const auto& one : added) tx.emit(GroupMemberAdded{group.id, one.id, one.kind});
    return {group, added};
}

Group change_group(Tx& tx, const Group& group, const GroupEdit& wanted, const std::vector<GroupMember>& before, const std::vector<std::string>& members) {
    std::set<Uuid> fresh = ids_of(members);
    std::vector<GroupMember> removed;
    for (const auto& one : before)
        if (fresh.erase(one.id) == 0) removed.push_back(one);
    const std::vector<GroupMember> added = found(tx, fresh);
    if (removed.empty() && added.empty() && json::encode(static_cast<const GroupEdit&>(group)) == json::encode(wanted)) return group;
    if (!all_stay(tx, added)) throw Refusal(no_such_member);
    if (!removed.empty()) tx.exec(delete_members, group.id, removed);
    if (!added.empty()) tx.exec(insert_members, group.id, added);
    Group changed = group;
    static_cast<GroupEdit&>(changed) = wanted;
    changed.updated_at = tx.now();
    changed = tx.one(save_group, changed); // behind its members: with how many there are now
    tx.emit(GroupUpdated{changed.id, changed.version});
    for (const auto& one : removed) tx.emit(GroupMemberRemoved{changed.id, one.id, one.kind});
    for (const auto& one : added) tx.emit(GroupMemberAdded{changed.id, one.id, one.kind});
    return changed;
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

Group revise_group(Tx& tx, Group group) {
    group.updated_at = tx.now();
    group = tx.one(save_group, group);
    tx.emit(GroupUpdated{group.id, group.version});
    return group;
}

void add_member(Tx& tx, const Group& group, const Uuid& member) {
    const auto there = tx.all(find_members, {member.to_string()});
    if (there.empty() || !all_stay(tx, there)) throw Refusal(problems::not_found);
    if (tx.exec(insert_member, group.id, there.front()) == 0) return; // where it is full, the statement refuses
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
