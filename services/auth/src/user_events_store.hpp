#pragma once

#include "user_events.hpp"

#include <gravity/pg/tx.hpp>

/// Statements of users of the service `user`, by name. Their text is in user_events_store.cpp and nowhere else.
namespace gravity::issuer {

/// An event's epoch and sequence, as the last that was heard of the identity. No row: something later was.
extern const Sql<void(IdentityId, std::int64_t, std::int64_t)> note_word;
/// What an identity was that an event has disabled just now. It is forgotten with whatever else its state becomes (save_identity).
extern const Sql<void(IdentityId, IdentityState)> keep_state_before;
extern const Sql<void(IdentityId)> forget_state_before;
/// No row: no event has disabled it.
extern const Sql<void(IdentityId, Timestamp)> put_back_state;

extern const Sql<void(UserId, IdentityId)> note_user;
extern const Sql<void(IdentityId)> forget_users_of;
extern const Sql<IdentityId(UserId)> identities_of_user;

} // namespace gravity::issuer
