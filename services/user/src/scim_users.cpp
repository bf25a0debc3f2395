#include "external_ids.hpp"
#include "groups_store.hpp"
#include "people.hpp"
#include "scim_convert.hpp"
#include "scim_patch.hpp"
#include "scim_requests.hpp"
#include "users_store.hpp"
#include "who.hpp"

#include <utility>

namespace gravity::user::scim::users {
namespace {

Shown shown_by(const Call& call) { return {user_type(), parameter(call, "attributes"), parameter(call, "excludedAttributes")}; }

Json resource_of(Tx& tx, const User& user, const Shown& shown, const std::string& base) {
    const auto groups = shown.shows("groups") ? tx.all(list_groups_of_user, user.id) : std::vector<GroupOfUser>();
    return shown.cut(to_resource(user, groups, base));
}

Web answer_with(Tx& tx, int status, const User& user, const Call& call, const Shown& shown) {
    Web web = answer(status, resource_of(tx, as_known(tx, call.directory, user), shown, call.base));
    const std::string location = call.base + "/Users/" + user.id.to_string();
    web.headers = {{"ETag", http::etag_of(user.version.value())}, {status == 201 ? "Location" : "Content-Location", location}};
    return web;
}

// RFC 7644 section 3.6: what was deleted is not there.
User present(std::optional<User> user) {
    if (!user || user->deleted_at) throw Refused(404, "", "There is no such user");
    return *std::move(user);
}
std::optional<UserId> id_of(const Call& call) {
    auto id = UserId::parse(call.id);
    return id ? std::optional<UserId>(*id) : std::nullopt;
}
User read(Tx& tx, const Call& call) {
    const auto id = id_of(call);
    return present(id ? tx.maybe(user::get_user, *id) : std::nullopt);
}
User lock(Tx& tx, const Call& call) {
    const auto id = id_of(call);
    return call.expected.check(present(id ? maybe_lock_person(tx, *id) : std::nullopt));
}

// `active` as a change of state; where it already is so, or is not told, none.
User set_active(Tx& tx, const Call& call, User user, std::optional<bool> active) {
    if (!active || *active == (user.state == UserState::active)) return user;
    if (!*active) return user.state == UserState::active ? change_state(tx, call.caller, std::move(user), Change::suspend, {}) : user;
    const Change change = user.state == UserState::invited ? Change::activate : user.state == UserState::suspended ? Change::reactivate
                                                                                                                   : Change::restore;
    return change_state(tx, call.caller, std::move(user), change, {});
}

// What a client of its own calls somebody is a part of the resource, and not of their row.
User save(Tx& tx, const Call& call, const User& user, const Json& resource) {
    UserEdit wanted = user_of(resource, &user);
    bool renamed = false;
    if (call.directory) {
        renamed = call_user(tx, *call.directory, user.id, wanted.external_id);
        wanted.external_id = user.external_id;
    }
    User changed = change_user(tx, call.caller, user, wanted, right_of(call.caller));
    if (renamed && changed.version == user.version) changed = revise_user(tx, call.caller, changed);
    return set_active(tx, call, std::move(changed), active_of(resource));
}

} // namespace

Listed page(Tx& tx, const Call& call, const ListRequest& request) {
    const Shown shown(user_type(), request.attributes, request.excluded);
    auto found = find_users(tx, request.search, call.directory, shown.shows("groups"));
    show_as_known(tx, call.directory, found.rows);
    Listed listed{found.total, Json::array(), {}};
    for (const UserInGroups& user : found.rows) listed.resources.push_back(shown.cut(to_resource(user, user.groups, call.base)));
    if (found.more) listed.next = found.rows.back().id.uuid();
    return listed;
}

Web list(Tx& tx, Call call) { return list_of(tx, call, user_type(), page); }
Web search(Tx& tx, Call call) { return search_of(tx, call, user_type(), page); }

Web create(Tx& tx, Call call) {
    const Shown shown = shown_by(call);
    const Json resource = clean_resource(user_type(), document_of(call), call.mode);
    NewUser wanted;
    static_cast<UserEdit&>(wanted) = user_of(resource, nullptr);
    const std::optional<ExternalId> name = call.directory ? std::exchange(wanted.external_id, std::nullopt) : std::nullopt;
    User made = make_user(tx, call.caller, wanted);
    if (call.directory) call_user(tx, *call.directory, made.id, name);
    made = set_active(tx, call, std::move(made), active_of(resource));
    return answer_with(tx, 201, made, call, shown);
}

Web get(Tx& tx, Call call) {
    const Shown shown = shown_by(call);
    return answer_with(tx, 200, read(tx, call), call, shown);
}

// Section 3.11.
Web get_me(Tx& tx, Call call) {
    const Shown shown = shown_by(call);
    const auto id = tx.maybe(id_of_subject, call.caller.subject);
    return answer_with(tx, 200, present(id ? tx.maybe(user::get_user, *id) : std::nullopt), call, shown);
}

Web replace(Tx& tx, Call call) {
    const Shown shown = shown_by(call);
    const Json resource = clean_resource(user_type(), document_of(call), call.mode);
    const User user = lock(tx, call);
    return answer_with(tx, 200, save(tx, call, user, resource), call, shown);
}

Web patch(Tx& tx, Call call) {
    const Shown shown = shown_by(call);
    const Json message = document_of(call);
    const User user = lock(tx, call);
    const Json before = clean_resource(user_type(), to_resource(as_known(tx, call.directory, user), {}, call.base), call.mode);
    const Json after = patched(user_type(), before, message, call.mode);
    return answer_with(tx, 200, save(tx, call, user, after), call, shown);
}

Web remove(Tx& tx, Call call) {
    const auto erase_at = call.on_delete == OnDelete::delete_after_30_days ? std::optional<Timestamp>(tx.now() + Duration::days(30)) : std::nullopt;
    take_away(tx, call.caller, lock(tx, call), erase_at);
    return Web{"", "", 204};
}

} // namespace gravity::user::scim::users
