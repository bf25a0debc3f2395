#include "groups.hpp"
#include "groups_store.hpp"
#include "scim_convert.hpp"
#include "scim_patch.hpp"
#include "scim_requests.hpp"

namespace gravity::user::scim::groups {
namespace {

Shown shown_by(const Call& call) { return {group_type(), parameter(call, "attributes"), parameter(call, "excludedAttributes")}; }

// Who does not want to see members does not have them looked for.
std::vector<GroupMember> members_of(Tx& tx, const Group& group, const Shown& shown) {
    return shown.shows("members") ? tx.all(list_members, group.id, most_members) : std::vector<GroupMember>();
}

Web answer_with(int status, const GroupWithMembers& group, const Call& call, const Shown& shown) {
    Web web = answer(status, shown.cut(to_resource(group.group, group.members, call.base)));
    const std::string location = call.base + "/Groups/" + group.group.id.to_string();
    web.headers = {{"ETag", http::etag_of(group.group.version.value())}, {status == 201 ? "Location" : "Content-Location", location}};
    return web;
}

Group present(std::optional<Group> group) {
    if (!group) throw Refused(404, "", "There is no such group");
    return *std::move(group);
}
std::optional<GroupId> id_of(const Call& call) {
    auto id = GroupId::parse(call.id);
    return id ? std::optional<GroupId>(*id) : std::nullopt;
}
Group lock(Tx& tx, const Call& call) {
    const auto id = id_of(call);
    return call.expected.check(present(id ? tx.maybe(lock_group, *id) : std::nullopt));
}

GroupWithMembers save(Tx& tx, const Group& group, const Json& resource) {
    const GroupWanted wanted = group_of(resource);
    if (wanted.members.size() > static_cast<std::size_t>(most_members)) throw too_many("A group has at most 10,000 members");
    return change_group(tx, group, wanted.group, wanted.members);
}

} // namespace

Listed page(Tx& tx, const Call& call, const ListRequest& request) {
    const Shown shown(group_type(), request.attributes, request.excluded);
    const auto found = find_groups(tx, request.search);
    Listed listed{found.total, Json::array(), {}};
    for (const Group& group : found.rows) listed.resources.push_back(shown.cut(to_resource(group, members_of(tx, group, shown), call.base)));
    if (found.more) listed.next = found.rows.back().id.uuid();
    return listed;
}

Web list(Tx& tx, Call call) { return list_of(tx, call, group_type(), page); }
Web search(Tx& tx, Call call) { return search_of(tx, call, group_type(), page); }

Web create(Tx& tx, Call call) {
    const Shown shown = shown_by(call);
    const GroupWanted wanted = group_of(clean_resource(group_type(), document_of(call), call.mode));
    return answer_with(201, make_group(tx, wanted.group, wanted.members), call, shown);
}

Web get(Tx& tx, Call call) {
    const Shown shown = shown_by(call);
    const auto id = id_of(call);
    const Group group = present(id ? tx.maybe(user::get_group, *id) : std::nullopt);
    return answer_with(200, {group, members_of(tx, group, shown)}, call, shown);
}

Web replace(Tx& tx, Call call) {
    const Shown shown = shown_by(call);
    const Json resource = clean_resource(group_type(), document_of(call), call.mode);
    const Group group = lock(tx, call);
    return answer_with(200, save(tx, group, resource), call, shown);
}

Web patch(Tx& tx, Call call) {
    const Shown shown = shown_by(call);
    const Json message = document_of(call);
    const Group group = lock(tx, call);
    const Json before = clean_resource(group_type(), to_resource(group, tx.all(list_members, group.id, most_members), call.base), call.mode);
    return answer_with(200, save(tx, group, patched(group_type(), before, message, call.mode)), call, shown);
}

Web remove(Tx& tx, Call call) {
    remove_group(tx, lock(tx, call));
    return Web{"", "", 204};
}

} // namespace gravity::user::scim::groups
