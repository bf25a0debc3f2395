#pragma once

#include "sign_in_model.hpp"

#include <gravity/pg/tx.hpp>

/// Statements of sessions, flows, codes and refresh tokens, by name. Their text is in sign_in_store.cpp and nowhere else.
namespace gravity::issuer {

extern const Sql<ClientToVisit(ClientId)> client_to_visit;
extern const Sql<RedirectUri(ClientId)> logout_redirects;

/// Nothing for one that may sign in no more; else nobody disables it before the end of the transaction.
extern const Sql<IdentityId(IdentityId)> hold_active_identity;
extern const Sql<void(Session, Bytes)> insert_session; // and the hash of its cookie
/// Of an identity that may sign in.
extern const Sql<Session(Bytes, Timestamp)> live_session;
/// The same by its id: whether what came of it is good still.
extern const Sql<bool(IdentityId, SessionId, bool, Timestamp)> still_signed_in;
/// If it is this identity's and has not ended.
extern const Sql<Session(SessionId, IdentityId, Timestamp)> session_of_identity;
extern const Sql<Session(SessionId)> end_session;
extern const Sql<SessionId(IdentityId)> sessions_of;
extern const Sql<void(SessionId, Timestamp)> revoke_families_of_session;
/// Offline ones too; but for those of a session that stays.
extern const Sql<void(IdentityId, std::optional<SessionId>, Timestamp)> revoke_other_families;

/// And the hashes of its token and of what it is bound to. No row where the client was deleted meanwhile, as of requests that are sent ahead.
extern const Sql<void(LoginFlow, Bytes, Bytes)> insert_flow;
/// Of the browser with this binding, or of none.
extern const Sql<LoginFlow(Bytes, std::optional<Bytes>, Timestamp)> get_flow;
/// Until then, if that is later than its end, and an hour after it began at most.
extern const Sql<void(Bytes, Timestamp)> prolong_flow;
extern const Sql<void(Bytes, FlowKind)> turn_flow;
extern const Sql<void(Bytes)> delete_flow;

/// A request that was sent ahead (RFC 9126).
extern const Sql<void(Bytes, ClientId, Json, Timestamp)> insert_pushed;
/// Once.
extern const Sql<PushedRequest(Bytes, ClientId, Timestamp)> take_pushed;

/// Whether the identity has let the client have all these.
extern const Sql<bool(IdentityId, ClientId, std::vector<std::string>)> has_consented;
extern const Sql<void(IdentityId, ClientId, std::vector<std::string>, Timestamp)> save_consent;

/// And its hash. No row where the person or the client was deleted meanwhile; else neither is before the end of the transaction.
extern const Sql<void(AuthCode, Bytes)> insert_code;
/// Once: the second time there is no row.
extern const Sql<AuthCode(Bytes, ClientId, Timestamp, std::string)> use_code;
extern const Sql<void(Bytes, FamilyId)> set_family_of_code;
extern const Sql<SpentCode(Bytes)> spent_code;

extern const Sql<void(RefreshFamily)> insert_family;
extern const Sql<RefreshFamily(FamilyId)> live_family, lock_family;
extern const Sql<void(FamilyId, int)> advance_family;
extern const Sql<void(FamilyId, Timestamp)> revoke_family;
extern const Sql<void(Bytes, FamilyId, int, Timestamp)> insert_refresh_token;
extern const Sql<RefreshToken(Bytes)> get_refresh_token;
/// The family of a refresh token that was given to the client.
extern const Sql<FamilyId(Bytes, ClientId)> family_of_token;
/// With the sealed answer; that of the generation before is of no more use.
extern const Sql<void(Bytes, Bytes, Timestamp)> use_refresh_token;

/// What userinfo and ID tokens say.
extern const Sql<KnownName(IdentityId)> names_of;
/// Inherited ones included.
extern const Sql<HeldRoles(IdentityId)> roles_held;

extern const Sql<std::int64_t(Timestamp, int)> forget_sessions, forget_flows, forget_codes, forget_refresh_tokens, forget_families, forget_pushed;

} // namespace gravity::issuer
