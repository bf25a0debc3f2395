#pragma once

#include "scim_list.hpp"

/// What requests on users do in their transactions.
namespace gravity::user::scim::users {

Web list(Tx& tx, Call call);
Web search(Tx& tx, Call call);
Web create(Tx& tx, Call call);
Web get(Tx& tx, Call call);
Web replace(Tx& tx, Call call);
Web patch(Tx& tx, Call call);
Web remove(Tx& tx, Call call);
/// Who the token is of (section 3.11). They change what PATCH /api/v1/users/me lets them change; all else is 403. To delete oneself is to ask to be erased.
Web get_me(Tx& tx, Call call);
Web replace_me(Tx& tx, Call call);
Web patch_me(Tx& tx, Call call);
Web remove_me(Tx& tx, Call call);

Listed page(Tx& tx, const Call& call, const ListRequest& request);

} // namespace gravity::user::scim::users

/// The same of groups.
namespace gravity::user::scim::groups {

Web list(Tx& tx, Call call);
Web search(Tx& tx, Call call);
Web create(Tx& tx, Call call);
Web get(Tx& tx, Call call);
Web replace(Tx& tx, Call call);
Web patch(Tx& tx, Call call);
Web remove(Tx& tx, Call call);
Listed page(Tx& tx, const Call& call, const ListRequest& request);

} // namespace gravity::user::scim::groups
