#pragma once

#include "users_model.hpp"

#include <gravity/base/caller.hpp>
#include <gravity/pg/tx.hpp>

/// Who is meant by an id or by a token: to be read, or to be changed.
///
/// To lock is to wait for the row first and to read it then, in a statement of its own: one that does both would see the addresses of before it waited.
namespace gravity::user {

/// By their id, or by one of an account that was merged into theirs.
struct Person {
    User user;
    bool merged = false; // the id is that of the account that was given up
};
/// Refuses with 404 where there is no such user.
Person find_person(Tx& tx, const UserId& id);

/// As they are now, and stay until the transaction ends; nothing where there is no such user, or they were merged into somebody else.
std::optional<User> maybe_lock_person(Tx& tx, const UserId& id);
/// Refuses with 404 where there is no such user, and with `merged` and the other one's id where there is none any more.
User lock_person(Tx& tx, const UserId& id);
[[noreturn]] void refuse_merged(const UserId& into);

/// Who the token is of, whichever of several accounts that are one it was made for; refuses with `not_a_user`.
User find_me(Tx& tx, const Caller& caller);
User lock_me(Tx& tx, const Caller& caller);

} // namespace gravity::user
