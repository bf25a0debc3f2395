#pragma once

#include "authorize_domain.hpp"
#include "identities_model.hpp"

#include <gravity/base/bytes.hpp>

/// What is kept of people who sign in at clients: sessions of browsers, codes, and families of refresh tokens.
namespace gravity::issuer {

using SessionId = Id<"session">;
using FamilyId = Id<"refresh-family">;

struct Session {
    SessionId id;
    IdentityId identity_id;
    std::vector<std::string> amr;
    Timestamp auth_time;
    Timestamp expires_at;
};
BOOST_DESCRIBE_STRUCT(Session, (), (id, identity_id, amr, auth_time, expires_at))

using FlowId = Id<"login-flow">;

/// What somebody is there for.
enum class FlowKind {
    sign_in,
    registration, // signing up by oneself
    recovery      // of a forgotten password
};
BOOST_DESCRIBE_ENUM(FlowKind, sign_in, registration, recovery)

struct LoginFlow {
    FlowId id;
    FlowKind kind{};
    bool headless = false; // bound to no browser: whoever has its token runs it
    ClientId client_id;
    Json request; // an AuthorizeRequest
    std::optional<IdentityId> identity_id; // whose password was typed
    std::optional<Timestamp> first_at;
    Timestamp begun_at;
    Timestamp expires_at;
};
BOOST_DESCRIBE_STRUCT(LoginFlow, (), (id, kind, headless, client_id, request, identity_id, first_at, begun_at, expires_at))

struct PushedRequest {
    Json parameters;
};
BOOST_DESCRIBE_STRUCT(PushedRequest, (), (parameters))

/// Who signed in, how and when, and what of it a client is told.
struct Authentication {
    IdentityId identity_id;
    SessionId session_id;
    std::vector<std::string> scopes;
    std::vector<std::string> amr;
    Timestamp auth_time;
};
BOOST_DESCRIBE_STRUCT(Authentication, (), (identity_id, session_id, scopes, amr, auth_time))

struct AuthCode : Authentication {
    ClientId client_id;
    std::string redirect_uri;
    std::string code_challenge;
    std::string nonce;
    std::string dpop_jkt; // empty: tokens may be bound to any key, or none
    std::vector<std::string> id_token_claims; // that were asked for one by one
    Timestamp expires_at;
};
BOOST_DESCRIBE_STRUCT(AuthCode, (Authentication), (client_id, redirect_uri, code_challenge, nonce, dpop_jkt, id_token_claims, expires_at))

/// What came of a code that was used.
struct SpentCode {
    ClientId client_id;
    std::optional<FamilyId> family_id;
    std::optional<std::string> access_jti;
};
BOOST_DESCRIBE_STRUCT(SpentCode, (), (client_id, family_id, access_jti))

struct RefreshFamily : Authentication {
    FamilyId id;
    ClientId client_id;
    bool offline = false;
    std::string dpop_jkt;
    int generation = 0;
    Timestamp expires_at;
};
BOOST_DESCRIBE_STRUCT(RefreshFamily, (Authentication), (id, client_id, offline, dpop_jkt, generation, expires_at))

struct RefreshToken {
    FamilyId family_id;
    int generation = 0;
    std::optional<Bytes> answer;
    std::optional<Timestamp> used_at;
    Timestamp expires_at;
};
BOOST_DESCRIBE_STRUCT(RefreshToken, (), (family_id, generation, answer, used_at, expires_at))

struct SessionStarted {
    static constexpr Event event{"gravity.auth.session.started"};
    SessionId id;
    IdentityId identity_id;
    std::vector<std::string> amr;
};
BOOST_DESCRIBE_STRUCT(SessionStarted, (), (id, identity_id, amr))

struct SessionEnded {
    static constexpr Event event{"gravity.auth.session.ended"};
    SessionId id;
    IdentityId identity_id;
};
BOOST_DESCRIBE_STRUCT(SessionEnded, (), (id, identity_id))

struct RefreshTokenReused {
    static constexpr Event event{"gravity.auth.refresh_token.reuse_detected"};
    FamilyId family_id;
    ClientId client_id;
    IdentityId identity_id;
};
BOOST_DESCRIBE_STRUCT(RefreshTokenReused, (), (family_id, client_id, identity_id))

} // namespace gravity::issuer

GRAVITY_TABLES(issuer, SessionId, FamilyId, Session, FlowId, LoginFlow, PushedRequest, Authentication, AuthCode, SpentCode, RefreshFamily, RefreshToken,
               SessionStarted, SessionEnded, RefreshTokenReused)
