#pragma once

#include "sign_in_model.hpp"

/// What somebody has given: browsers that they are signed in in, and what clients have of it.
namespace gravity::issuer {

using GrantId = Id<"grant">;

enum class GrantKind {
    session,       // a browser
    consent,       // what a client may know and do, whenever it asks
    refresh_tokens, // of one sign-in, by which a client has new access tokens until they end
    trusted_device  // a browser that gets them in whatever others fail at from its network
};
BOOST_DESCRIBE_ENUM(GrantKind, session, consent, refresh_tokens, trusted_device)

struct Grant {
    GrantId id;
    GrantKind kind{};
    IdentityId identity_id;
    std::optional<ClientId> client_id;
    std::optional<std::string> client_name;
    std::optional<SessionId> session_id;
    std::vector<std::string> scopes;
    std::vector<std::string> amr;
    bool offline = false;
    Timestamp since;
    std::optional<Timestamp> expires_at;
};
BOOST_DESCRIBE_STRUCT(Grant, (), (id, kind, identity_id, client_id, client_name, session_id, scopes, amr, offline, since, expires_at))

struct ListGrants : PageQuery {
    std::optional<IdentityId> identity_id;
    std::optional<GrantKind> kind;
};
BOOST_DESCRIBE_STRUCT(ListGrants, (PageQuery), (identity_id, kind))

/// The same as the statement takes it.
struct FindGrants : PageQuery {
    std::optional<IdentityId> identity_id;
    std::optional<GrantKind> kind;
    std::optional<GrantId> id;
    bool none = false; // whatever else is asked for: it is not for who asks
    Timestamp now;
};
BOOST_DESCRIBE_STRUCT(FindGrants, (PageQuery), (identity_id, kind, id, none, now))

/// A client that somebody has let have something, as they see it.
struct Application {
    ClientId id;
    std::string name;
    std::vector<std::string> scopes;
    bool offline = false;
};
BOOST_DESCRIBE_STRUCT(Application, (), (id, name, scopes, offline))

struct GrantRevoked {
    static constexpr Event event{"gravity.auth.grant.revoked"};
    IdentityId identity_id;
    ClientId client_id;
};
BOOST_DESCRIBE_STRUCT(GrantRevoked, (), (identity_id, client_id))

} // namespace gravity::issuer

template <>
struct gravity::meta::docs<gravity::issuer::Grant> {
    static constexpr std::pair<std::string_view, std::string_view> fields[] = {
        {"session_id", "Of a browser its own; of refresh tokens that of the sign-in they come of"},
        {"amr", "How they signed in there (RFC 8176)"},
        {"offline", "Outlives the session"},
        {"since", "When they signed in, last signed in by a device that is trusted, or last consented"},
    };
};
template <>
struct gravity::meta::docs<gravity::issuer::ListGrants> {
    static constexpr std::pair<std::string_view, std::string_view> fields[] = {
        {"identity_id", "Whose; left out, one's own. Those of others are for who has clients:admin"},
    };
};

GRAVITY_TABLES(issuer, GrantId, Grant, ListGrants, FindGrants, Application, GrantRevoked)
