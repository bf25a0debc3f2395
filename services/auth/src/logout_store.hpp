#pragma once

#include "logout_tokens.hpp"

#include <gravity/pg/tx.hpp>

/// Statements of sessions at clients, by name. Their text is in logout_store.cpp and nowhere else.
namespace gravity::issuer {

/// Nothing happens where the session has ended, or the client is known to have somebody by it.
extern const Sql<void(SessionId, ClientId)> note_session_at_client;
/// To clients of a session that say where.
extern const Sql<SendLogout(SessionId)> logouts_to_send;
extern const Sql<LogoutPlace(ClientId)> logout_place;

} // namespace gravity::issuer
