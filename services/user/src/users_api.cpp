#include "users_api.hpp"

#include "custom_fields.hpp"
#include "external_ids_store.hpp"
#include "handles.hpp"
#include "people.hpp"
#include "privacy.hpp"
#include "problems.hpp"
#include "sign_ins_store.hpp"
#include "users_store.hpp"
#include "vcard.hpp"
#include "who.hpp"

#include <stdexcept>

namespace gravity::user::users {
namespace {

User locked(Tx& tx, const UserId& id, const IfMatch& expected) { return expected.check(lock_person(tx, id)); }

User moved(Tx& tx, const Caller& caller, const UserId& id, Change change, const Reason& in, const IfMatch& expected) {
    return change_state(tx, caller, locked(tx, id, expected), change, in.reason);
}

User past(const Json& row) {
    User user;
    meta::Errors errors;
    // A release that had fields which this one does not know may have kept it.
    json::decode(row, meta::mutable_ref(user), errors, json::Unknown::ignore);
    if (!errors.empty()) throw std::runtime_error("a past user is not readable: " + errors.to_string());
    return user;
}

Download card_of(const User& user) { return {"text/vcard; charset=utf-8", vcard_of(user), user.id.to_string() + ".vcf"}; }

} // namespace

Created<User> create(Tx& tx, Caller caller, Body<NewUser> in) { return without_private(tx, caller, make_user(tx, caller, *in)); }

Page<User> list(Tx& tx, Caller caller, Params<ListUsers> query) {
    FindUsers find;
    static_cast<PageQuery&>(find) = *query;
    find.state = query->state;
    if (query->handle) find.handle_key = handle_key(query->handle->view());
    if (query->prefix) {
        find.prefix_from = handle_key(query->prefix->view());
        find.prefix_to = *find.prefix_from + "\xF4\x8F\xBF\xBF"; // U+10FFFF, which no handle has
    }
    if (query->email) {
        find.email = canonical_email(*query->email);
        if (!find.email) return {};
    }
    if (query->name) find.name = query->name->str();
    find.group = query->group;
    const bool of_group = find.group && !find.handle_key && !find.email;
    auto page = tx.page(find.name ? list_users_by_name : of_group ? list_users_of_group
                                                                  : list_users,
                        find);
    hide_private(tx, caller, page.items);
    return page;
}

FoundUser get(Tx& tx, Caller caller, Path<"id", UserId> id, Params<AsOf> as_of) {
    // Of an account that was merged there is a past of its own.
    if (as_of->at)
        if (const auto row = tx.maybe(get_past, *id, *as_of->at)) return {without_private(tx, caller, past(*row)), ""};
    Person found = find_person(tx, *id);
    const std::string location = found.merged ? "/api/v1/users/" + found.user.id.to_string() : "";
    if (as_of->at) found.user = past(tx.one(get_past, found.user.id, *as_of->at));
    return {without_private(tx, caller, std::move(found.user)), location};
}

User update(Tx& tx, Caller caller, Path<"id", UserId> id, Patch<UserEdit> patch, IfMatch expected) {
    const User user = locked(tx, *id, expected);
    return without_private(tx, caller, change_user(tx, caller, user, patch.apply(user), right_of(caller)));
}

User activate(Tx& tx, Caller caller, Path<"id", UserId> id, Body<Reason> in, IfMatch expected) {
    return moved(tx, caller, *id, Change::activate, *in, expected);
}
User suspend(Tx& tx, Caller caller, Path<"id", UserId> id, Body<Reason> in, IfMatch expected) {
    return moved(tx, caller, *id, Change::suspend, *in, expected);
}
User reactivate(Tx& tx, Caller caller, Path<"id", UserId> id, Body<Reason> in, IfMatch expected) {
    return moved(tx, caller, *id, Change::reactivate, *in, expected);
}
User deactivate(Tx& tx, Caller caller, Path<"id", UserId> id, Body<Reason> in, IfMatch expected) {
    return moved(tx, caller, *id, Change::deactivate, *in, expected);
}
User restore(Tx& tx, Caller caller, Path<"id", UserId> id, Body<Reason> in, IfMatch expected) {
    return moved(tx, caller, *id, Change::restore, *in, expected);
}

NoContent erase(Tx& tx, Path<"id", UserId> id, IfMatch expected, Given<ErasureLedger> ledger) {
    const User user = locked(tx, *id, expected);
    if (user.state != UserState::deactivated) throw Refusal(wrong_state);
    check_no_hold(tx, user.id, true);
    erase_person(tx, user, *ledger);
    return {};
}

UserActivity get_activity(Tx& tx, Path<"id", UserId> id) {
    return tx.maybe(user::get_activity, find_person(tx, *id).user.id).value_or(UserActivity{});
}

Page<UserExternalId> list_external_ids(Tx& tx, Path<"id", UserId> id, Params<PageQuery> query) {
    return tx.page(list_user_external_ids, *query, find_person(tx, *id).user.id);
}

Download get_vcard(Tx& tx, Path<"id", UserId> id) { return card_of(find_person(tx, *id).user); }
Download get_own_vcard(Tx& tx, Caller caller) { return card_of(get_me(tx, std::move(caller))); }

User get_me(Tx& tx, Caller caller) { return find_me(tx, caller); }

User update_me(Tx& tx, Caller caller, Patch<OwnEdit> patch, IfMatch expected) {
    const User me = expected.check(lock_me(tx, caller));
    const OwnEdit own = patch.apply({me.profile, me.locale, me.time_zone, me.custom});
    UserEdit wanted = me;
    wanted.profile = own.profile;
    wanted.locale = own.locale;
    wanted.time_zone = own.time_zone;
    wanted.custom = own.custom;
    return change_user(tx, caller, me, wanted, Right::person);
}

} // namespace gravity::user::users
