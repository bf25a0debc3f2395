#pragma once

#include "user_events.hpp"

#include <gravity/pg/tx.hpp>

/// Statements of users of the service `user`, by name. Their text is in user_events_store.cpp and nowhere else.
namespace gravity::issuer {

extern const Sql<void(UserId, IdentityId)> note_user;
extern const Sql<IdentityId(UserId)> identity_of_user;

} // namespace gravity::issuer
