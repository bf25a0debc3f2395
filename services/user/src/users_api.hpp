#pragma once

#include "erasure_ledger.hpp"
#include "external_ids_model.hpp"
#include "sign_ins.hpp"
#include "users_model.hpp"

#include <gravity/handlers.hpp>

/// Handlers of users.
namespace gravity::user::users {

Created<User> create(Tx& tx, Caller caller, Body<NewUser> in);
Page<User> list(Tx& tx, Caller caller, Params<ListUsers> query);
/// Somebody, and where they are now if it is by the id of an account that was merged into theirs.
struct FoundUser {
    User user;
    std::string location;
};
FoundUser get(Tx& tx, Caller caller, Path<"id", UserId> id, Params<AsOf> as_of);
User update(Tx& tx, Caller caller, Path<"id", UserId> id, Patch<UserEdit> patch, IfMatch expected);
User activate(Tx& tx, Caller caller, Path<"id", UserId> id, Body<Reason> in, IfMatch expected);
User suspend(Tx& tx, Caller caller, Path<"id", UserId> id, Body<Reason> in, IfMatch expected);
User reactivate(Tx& tx, Caller caller, Path<"id", UserId> id, Body<Reason> in, IfMatch expected);
User deactivate(Tx& tx, Caller caller, Path<"id", UserId> id, Body<Reason> in, IfMatch expected);
User restore(Tx& tx, Caller caller, Path<"id", UserId> id, Body<Reason> in, IfMatch expected);
NoContent erase(Tx& tx, Path<"id", UserId> id, IfMatch expected, Given<ErasureLedger> ledger);
UserActivity get_activity(Tx& tx, Path<"id", UserId> id);
/// What directories call them.
Page<UserExternalId> list_external_ids(Tx& tx, Path<"id", UserId> id, Params<PageQuery> query);
/// For address books.
Download get_vcard(Tx& tx, Path<"id", UserId> id);
Download get_own_vcard(Tx& tx, Caller caller);
User get_me(Tx& tx, Caller caller);
User update_me(Tx& tx, Caller caller, Patch<OwnEdit> patch, IfMatch expected);

} // namespace gravity::user::users

template <>
struct gravity::http::Result<gravity::user::users::FoundUser> {
    static void write(Output& out, user::users::FoundUser&& found) {
        out.json(200, meta::ref(found.user));
        if (!found.location.empty()) out.header("Content-Location", found.location); // RFC 9110 section 8.7
    }
    static void describe(Route& route) { Result<user::User>::describe(route); }
};
