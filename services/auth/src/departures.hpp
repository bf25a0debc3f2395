#pragma once

#include "identities_model.hpp"

#include <gravity/pg/tx.hpp>

/// Identities that sign in no more, by whoever ends them: an administrator, the service `user`, or the person who wants to be forgotten.
namespace gravity::issuer {

/// They are signed in nowhere any more: clients are told, refresh tokens end, those to be used offline too, no browser of theirs is trusted, and nobody waits
/// to regain their account.
/// The identity's row is locked, so that whoever signs in at this moment is waited for, or finds that they may not.
void end_all_sign_ins(Tx& tx, IdentityId identity);

/// The same, and none begins any more; announced. Again: nothing happens, but that what has begun meanwhile ends. The row is locked.
void disable_identity(Tx& tx, const Identity& identity);

/// The same, and names and credentials go with the identity; announced. The row is locked.
void erase_identity(Tx& tx, IdentityId identity);

} // namespace gravity::issuer
