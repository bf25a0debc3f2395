#pragma once

#include "erasure_ledger.hpp"
#include "users_domain.hpp"

#include <gravity/base/caller.hpp>
#include <gravity/pg/tx.hpp>

/// What every way of changing people does: rows, addresses, history and events together.
namespace gravity::user {

/// By what right somebody is changed.
enum class Right {
    clerk,         // users:write
    administrator, // users:admin: says that an address is verified, and knows what is private
    person,        // of themselves
    proof          // who has shown that an address is theirs
};
Right right_of(const Caller& caller);

/// In place of a stub (sign_ins.hpp), where there is one of their subject.
User make_user(Tx& tx, const Caller& caller, const NewUser& wanted);
/// What is the same already stays as it is, its version too. `user` has been locked.
User change_user(Tx& tx, const Caller& caller, const User& user, const UserEdit& wanted, Right right);
User change_state(Tx& tx, const Caller& caller, User user, Change change, const std::optional<Text<1, 500>>& reason);
/// Writes somebody's row, whose addresses are written already, and that so they were from now on. The row has been locked.
User write_user(Tx& tx, const Caller& caller, User user);
/// Something of theirs that does not stand in their row has changed: their version does, and it is announced. The row has been locked.
User revise_user(Tx& tx, const Caller& caller, const User& user);
/// That somebody was as they are from now on.
User remember_user(Tx& tx, const Caller& caller, const UserId& id);
/// As a directory does it: deactivated, and their handle and external id free for others. They can be restored; where there is a time for it, until they are
/// erased.
void take_away(Tx& tx, const Caller& caller, User user, std::optional<Timestamp> erase_at);
/// All that tells something of them, and of the accounts that were merged into theirs, for good; how many rows that was. Who may be erased is the caller's to
/// know. Whoever is noted in the ledger and is not erased after all, since the process or the store was gone, is erased when it is replayed.
std::int64_t erase_person(Tx& tx, const User& user, const ErasureLedger& ledger);
/// One account, which the ledger has already: others that were merged into it are left, and lead to nobody.
std::int64_t erase_account_again(Tx& tx, const UserId& id);

} // namespace gravity::user
