#include "external_ids.hpp"
#include "groups.hpp"
#include "groups_store.hpp"
#include "scim_convert.hpp"
#include "scim_members.hpp"
#include "scim_patch.hpp"
#include "scim_requests.hpp"

#include <algorithm>
#include <map>
#include <utility>

namespace gravity::user::scim::groups {
namespace {

// Of a group that may have a million members one request shows, replaces or takes away so many; and of one with more than so few what a PATCH has made of it
// is not shown, unless it is asked for (RFC 7644 section 3.5.2).
constexpr std::int64_t most_members_at_once = 10'000, most_members_unasked = 1'000;

Shown shown_by(const Call& call) { return {group_type(), parameter(call, "attributes"), parameter(call, "excludedAttributes")}; }

/// Members by id, and where the next ones begin.
struct MembersPage {
    std::vector<GroupMember> members;
    std::optional<Uuid> next; // behind that one
};

// Who does not want to see members does not have them looked for.
MembersPage members_of(Tx& tx, const Group& group, const Shown& shown, const Uuid& after = {}) {
    MembersPage page;
    if (!shown.shows("members")) return page;
    page.members = tx.all(list_members, group.id, after, most_members_at_once + 1);
    if (page.members.size() > static_cast<std::size_t>(most_members_at_once)) {
        page.members.pop_back();
        page.next = page.members.back().id;
    }
    return page;
}

// SCIM has no pages of an attribute: where the others are is said as the web says it (RFC 8288).
std::string next_link(const Call& call, const std::string& location, const Uuid& after) {
    std::string target = location + "?membersAfter=" + after.to_string();
    for (const std::string_view name : {"attributes", "excludedAttributes"})
        if (const std::string value = parameter(call, name); !value.empty()) target += "&" + std::string(name) + "=" + http::percent_encode(value);
    return "<" + target + ">; rel=\"next\"";
}

std::vector<std::pair<std::string, std::string>> headers_of(const Group& group, int status, const std::string& location) {
    return {{"ETag", http::etag_of(group.version.value())}, {status == 201 ? "Location" : "Content-Location", location}};
}
std::string location_of(const Group& group, const Call& call) { return call.base + "/Groups/" + group.id.to_string(); }

Web answer_with(Tx& tx, int status, const Group& group, const Call& call, const Shown& shown, const Uuid& after = {}) {
    const MembersPage page = members_of(tx, group, shown, after);
    const std::string location = location_of(group, call);
    Web web = answer(status, shown.cut(to_resource(as_known(tx, call.directory, group), page.members, call.base)));
    web.headers = headers_of(group, status, location);
    if (page.next) web.headers.emplace_back("Link", next_link(call, location, *page.next));
    return web;
}

Uuid members_after(const Call& call) {
    const auto text = maybe_parameter(call, "membersAfter");
    if (!text) return {}; // before all
    const auto id = Uuid::parse(*text);
    if (!id) throw invalid_value("membersAfter must be the id of a member");
    return *id;
}

std::vector<GroupMember> all_members(Tx& tx, const Group& group) {
    if (group.member_count > most_members_at_once) throw too_many("The group has more than 10,000 members: add and remove some by PATCH, by their ids");
    return tx.all(list_members, group.id, Uuid(), most_members_at_once);
}

// A PATCH looks at those that it names, where it names them.
std::vector<GroupMember> members_for(Tx& tx, const Group& group, const Json& message) {
    const auto named = members_named(message);
    if (!named) return all_members(tx, group);
    return named->empty() ? std::vector<GroupMember>() : tx.all(members_among, group.id, *named);
}

// A list ends where it would show too many members, but not before its first group: there may be fewer resources than were asked for (RFC 7644 section
// 3.4.2.4).
bool shorten(std::vector<Group>& groups) {
    std::int64_t shown = 0;
    const auto end = std::find_if(groups.begin(), groups.end(), [&](const Group& group) { return (shown += group.member_count) > most_members_at_once; });
    const auto keep = end == groups.begin() && !groups.empty() ? std::next(end) : end;
    const bool some_are_left = keep != groups.end();
    groups.erase(keep, groups.end());
    return some_are_left;
}

/// Members by the id of their group.
using MembersOfGroups = std::map<Uuid, std::vector<GroupMember>>;

// All of a page at once, whose groups have not more than are shown (`shorten`), unless some have come in between.
MembersOfGroups members_of_page(Tx& tx, const std::vector<Group>& groups, const Shown& shown) {
    MembersOfGroups all;
    if (!shown.shows("members") || groups.empty()) return all;
    std::vector<GroupId> ids;
    for (const Group& group : groups) ids.push_back(group.id);
    const auto found = groups.size() == 1 ? std::vector<MemberOfGroup>() : tx.all(list_members_of, ids, most_members_at_once + 1);
    if (groups.size() > 1 && found.size() <= static_cast<std::size_t>(most_members_at_once)) {
        for (const MemberOfGroup& one : found) all[one.group_id.uuid()].push_back(one);
        return all;
    }
    for (const Group& group : groups) all[group.id.uuid()] = members_of(tx, group, shown).members;
    return all;
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

// As of users: what a client of its own calls it does not stand in its row.
Group save(Tx& tx, const Call& call, const Group& group, const std::vector<GroupMember>& before, const Json& resource) {
    GroupWanted wanted = group_of(resource);
    bool renamed = false;
    if (call.directory) {
        renamed = call_group(tx, *call.directory, group.id, wanted.group.external_id);
        wanted.group.external_id = group.external_id;
    }
    const Group changed = change_group(tx, group, wanted.group, before, wanted.members);
    return renamed && changed.version == group.version ? revise_group(tx, changed) : changed;
}

} // namespace

Listed page(Tx& tx, const Call& call, const ListRequest& request) {
    const Shown shown(group_type(), request.attributes, request.excluded);
    auto found = find_groups(tx, request.search, call.directory);
    if (shown.shows("members") && shorten(found.rows)) found.more = true;
    show_as_known(tx, call.directory, found.rows);
    Listed listed{found.total, Json::array(), {}};
    MembersOfGroups members = members_of_page(tx, found.rows, shown);
    for (const Group& group : found.rows) listed.resources.push_back(shown.cut(to_resource(group, members[group.id.uuid()], call.base)));
    if (found.more) listed.next = found.rows.back().id.uuid();
    return listed;
}

Web list(Tx& tx, Call call) { return list_of(tx, call, group_type(), page); }
Web search(Tx& tx, Call call) { return search_of(tx, call, group_type(), page); }

Web create(Tx& tx, Call call) {
    const Shown shown = shown_by(call);
    GroupWanted wanted = group_of(clean_resource(group_type(), document_of(call), call.mode));
    const std::optional<ExternalId> name = call.directory ? std::exchange(wanted.group.external_id, std::nullopt) : std::nullopt;
    const GroupWithMembers made = make_group(tx, wanted.group, wanted.members);
    if (call.directory) call_group(tx, *call.directory, made.group.id, name);
    return answer_with(tx, 201, made.group, call, shown);
}

Web get(Tx& tx, Call call) {
    const Shown shown = shown_by(call);
    const auto id = id_of(call);
    const Group group = present(id ? tx.maybe(user::get_group, *id) : std::nullopt);
    return answer_with(tx, 200, group, call, shown, members_after(call));
}

Web replace(Tx& tx, Call call) {
    const Shown shown = shown_by(call);
    const Json resource = clean_resource(group_type(), document_of(call), call.mode);
    const Group group = lock(tx, call);
    return answer_with(tx, 200, save(tx, call, group, all_members(tx, group), resource), call, shown);
}

Web patch(Tx& tx, Call call) {
    const Shown shown = shown_by(call);
    const Json message = document_of(call);
    const Group group = lock(tx, call);
    const Group known = as_known(tx, call.directory, group);
    const std::vector<GroupMember> before = members_for(tx, group, message);
    const Json resource = clean_resource(group_type(), to_resource(known, before, call.base), call.mode);
    const Group changed = save(tx, call, group, before, patched(group_type(), resource, message, call.mode));
    const bool asked = !parameter(call, "attributes").empty() || !parameter(call, "excludedAttributes").empty();
    if (asked || changed.member_count <= most_members_unasked) return answer_with(tx, 200, changed, call, shown);
    Web web{"", "", 204};
    web.headers = headers_of(changed, 204, location_of(changed, call));
    return web;
}

Web remove(Tx& tx, Call call) {
    remove_group(tx, lock(tx, call));
    return Web{"", "", 204};
}

} // namespace gravity::user::scim::groups
