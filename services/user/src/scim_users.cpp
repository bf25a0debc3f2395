#include "external_ids.hpp"
#include "groups_store.hpp"
#include "people.hpp"
#include "privacy.hpp"
#include "scim_convert.hpp"
#include "scim_patch.hpp"
#include "scim_requests.hpp"
#include "users_store.hpp"
#include "who.hpp"

#include <gravity/json/codec.hpp>

#include <utility>

namespace gravity::user::scim::users {
namespace {

Shown shown_by(const Call& call) { return {user_type(), parameter(call, "attributes"), parameter(call, "excludedAttributes")}; }

Web answer_in(Tx& tx, int status, const User& user, const std::vector<GroupOfUser>& groups, const Call& call, const Shown& shown) {
    Web web = answer(status, shown.cut(to_resource(as_known(tx, call.directory, user), groups, call.base)));
    const std::string location = call.base + "/Users/" + user.id.to_string();
    web.headers = {{"ETag", version_of(user, groups)}, {status == 201 ? "Location" : "Content-Location", location}};
    return web;
}

Web answer_with(Tx& tx, int status, const User& user, const Call& call, const Shown& shown) {
    const auto groups = shown.shows("groups") ? tx.all(list_groups_of_user, user.id) : std::vector<GroupOfUser>();
    return answer_in(tx, status, user, groups, call, shown);
}

// RFC 7644 section 3.6: what was deleted is not there.
template <class Row>
Row present(std::optional<Row> user) {
    if (!user || user->deleted_at) throw Refused(404, "", "There is no such user");
    return *std::move(user);
}
std::optional<UserId> id_of(const Call& call) {
    auto id = UserId::parse(call.id);
    return id ? std::optional<UserId>(*id) : std::nullopt;
}
// Somebody with their groups is one look.
Web answer_read(Tx& tx, const std::optional<UserId>& id, const Call& call, const Shown& shown) {
    if (!shown.shows("groups")) return answer_in(tx, 200, present(id ? tx.maybe(user::get_user, *id) : std::nullopt), {}, call, shown);
    const UserInGroups user = present(id ? tx.maybe(get_user_in_groups, *id) : std::nullopt);
    return answer_in(tx, 200, user, user.groups, call, shown);
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

User lock_own(Tx& tx, const Call& call) {
    std::optional<User> me = lock_me(tx, call.caller);
    return call.expected.check(present(std::move(me)));
}

// Of what is not theirs to change, people may say what is so already. Where the whole is replaced they may leave it out.
User save_own(Tx& tx, const Call& call, const User& me, const User& known, const Json& resource, bool whole) {
    const UserEdit told = user_of(resource, &me);
    const auto hold_to = [&](std::string_view attribute, bool same) {
        if (same || (whole && resource.find(attribute) == nullptr)) return;
        throw Refused(403, "", std::string(attribute) + " is not for people to change of themselves");
    };
    hold_to("userName", told.handle == known.handle);
    hold_to("externalId", told.external_id == known.external_id);
    hold_to("active", active_of(resource) == (known.state == UserState::active));
    hold_to("emails", json::encode(told.emails) == json::encode(known.emails));
    hold_to("phoneNumbers", json::encode(told.phones) == json::encode(known.phones));
    UserEdit wanted = me;
    wanted.profile = told.profile;
    wanted.locale = told.locale;
    wanted.time_zone = told.time_zone;
    return change_user(tx, call.caller, me, wanted, Right::person);
}

} // namespace

Listed page(Tx& tx, const Call& call, const ListRequest& request) {
    const Shown shown(user_type(), request.attributes, request.excluded);
    auto found = find_users(tx, request.search, call.directory, shown.shows("groups"));
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
    return answer_read(tx, id_of(call), call, shown);
}

// Section 3.11.
Web get_me(Tx& tx, Call call) {
    const Shown shown = shown_by(call);
    return answer_read(tx, tx.maybe(id_of_subject, call.caller.subject), call, shown);
}

Web replace_me(Tx& tx, Call call) {
    const Shown shown = shown_by(call);
    const Json resource = clean_resource(user_type(), document_of(call), call.mode);
    const User me = lock_own(tx, call), known = as_known(tx, call.directory, me);
    return answer_with(tx, 200, save_own(tx, call, me, known, resource, true), call, shown);
}

Web patch_me(Tx& tx, Call call) {
    const Shown shown = shown_by(call);
    const Json message = document_of(call);
    const User me = lock_own(tx, call), known = as_known(tx, call.directory, me);
    const Json before = clean_resource(user_type(), to_resource(known, {}, call.base), call.mode);
    const Json after = patched(user_type(), before, message, call.mode);
    return answer_with(tx, 200, save_own(tx, call, me, known, after, false), call, shown);
}

// As POST /api/v1/users/me/privacy-requests does it: after a sign-in of just now, and with days in which it can be called off. Until then they are there.
Web remove_me(Tx& tx, Call call) {
    check_fresh(call.signed_in, tx.now(), call.settings->fresh_sign_in_seconds.value());
    const User me = lock_own(tx, call);
    NewOwnPrivacyRequest wanted;
    wanted.kind = PrivacyKind::erasure;
    const PrivacyRequest request = ask_for_oneself(tx, me, wanted, *call.settings);
    Web web{"", "", 202};
    web.headers = {{"Location", "/api/v1/users/me/privacy-requests/" + request.id.to_string()}};
    return web;
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
