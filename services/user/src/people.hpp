#pragma once

#include "users_domain.hpp"

#include <gravity/base/caller.hpp>
#include <gravity/pg/tx.hpp>

/// What every way of changing people does: rows, addresses, history and events together.
namespace gravity::user {

User make_user(Tx& tx, const Caller& caller, const NewUser& wanted);
/// What is the same already stays as it is, its version too. `user` has been locked.
User change_user(Tx& tx, const Caller& caller, const User& user, const UserEdit& wanted);
User change_state(Tx& tx, const Caller& caller, User user, Change change, const std::optional<Text<1, 500>>& reason);
/// As a directory does it: deactivated, and their handle and external id free for others. They can be restored.
void take_away(Tx& tx, const Caller& caller, User user);

} // namespace gravity::user
