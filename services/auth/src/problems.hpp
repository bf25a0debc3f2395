#pragma once

#include <gravity/base/problem.hpp>

/// Every way this service says no under /api/v1, beyond what all services share. Protocol endpoints speak RFC 6749 (oauth.hpp).
namespace gravity::issuer {

// Signing keys
inline constexpr Problem algorithm_in_use{409, "algorithm-in-use", "There are keys of this algorithm already"};
inline constexpr Problem key_retired{409, "key-retired", "The key is published no more"};
inline constexpr Problem keys_not_ready{503, "keys-not-ready", "The signing keys have not been read yet"};

// Clients
inline constexpr Problem scope_not_yours{403, "scope-not-yours", "Nobody grants what they may not do themselves"};
inline constexpr Problem two_secrets_live{409, "two-secrets-live", "The client has two secrets; one must go first"};
inline constexpr Problem no_secrets{409, "no-secrets", "The client proves who it is by its keys"};
inline constexpr Problem already_expired{422, "already-expired", "The secret would have expired already"};

// People
inline constexpr Problem login_name_taken{409, "login-name-taken", "Another identity has the login name"};
inline constexpr Problem password_exists{409, "password-exists", "The identity has a password"};
inline constexpr Problem password_refused{422, "password-refused", "The password is too easily guessed"};
inline constexpr Problem totp_exists{409, "totp-exists", "The identity has an app already"};
inline constexpr Problem passkey_exists{409, "passkey-exists", "The passkey is known already"};
inline constexpr Problem too_many_passkeys{409, "too-many-passkeys", "The identity has 20 passkeys; one must go first"};
inline constexpr Problem no_such_identity{422, "no-such-identity", "There is no such identity"};
inline constexpr Problem too_many_attempts{429, "too-many-attempts", "Too many sign-ins have failed; later"};
inline constexpr Problem too_many_flows{429, "too-many-flows", "Too many sign-ins were begun; later"};
inline constexpr Problem last_way_in{409, "last-way-in", "It is the last way to sign in: another one has to be set up first"};
inline constexpr Problem sign_in_not_fresh{401, "sign-in-not-fresh", "The sign-in was too long ago, or by too little"};
inline constexpr Problem no_person{403, "no-person", "The token is no person's"};

// Flows
inline constexpr Problem needs_browser{403, "needs-browser", "Only a client of one's own signs people in outside of a browser"};
inline constexpr Problem not_offered{403, "not-offered", "This is not offered here"};
inline constexpr Problem step_not_next{409, "step-not-next", "This is none of the steps that come next"};
inline constexpr Problem client_refused{422, "client-refused", "There is no such client, or it may not ask for this"};

// Roles
inline constexpr Problem role_name_taken{409, "role-name-taken", "Another role has this name"};
inline constexpr Problem role_cycle{422, "role-cycle", "A role cannot inherit from itself"};
inline constexpr Problem roles_too_deep{422, "roles-too-deep", "There may be ten roles in a line that inherit from one another"};
inline constexpr Problem no_such_parent{422, "no-such-parent", "A role to inherit from was deleted meanwhile"};
inline constexpr Problem too_many_roles{409, "too-many-roles", "They have 50 roles; one must go first"};

// Logout at clients, of a job
inline constexpr Problem logout_not_taken{422, "logout-not-taken", "The client did not take that somebody has signed out"};

// Exchange policies
inline constexpr Problem exchange_policy_exists{409, "exchange-policy-exists", "There is a policy for these two clients"};

} // namespace gravity::issuer
