#pragma once

#include "client_login.hpp"
#include "sign_in_model.hpp"

#include <gravity/auth/claims.hpp>
#include <gravity/handlers.hpp>
#include <gravity/http/web.hpp>
#include <gravity/pg/tx.hpp>

#include <string>
#include <vector>

/// What the grants of people end with: tokens that speak for somebody, to a client that they let have them.
namespace gravity::issuer {

/// What somebody's tokens say of them: `who.scopes` are those that the tokens have.
struct Bearer {
    Authentication who;
    std::vector<std::string> roles;
};
/// Roles are as they are now, whatever they were when the person let the client have what it asked for.
Bearer bearer_of(Authentication who, const KnownClient& known, HeldRoles held);
auth::Claims person_claims(const Settings& settings, const Bearer& bearer, const KnownClient& known, Timestamp now);

bool may_refresh(const KnownClient& known);
/// The first refresh token of a family.
struct FirstRefresh {
    Bytes hash;
    std::string jkt; // of the key that the family is bound to; empty: none
    Duration idle, most;
};
FirstRefresh first_refresh(const Settings& settings, const KnownClient& known, std::string_view token, std::string_view key);
FamilyId begin_family(Tx& tx, const KnownClient& known, const Authentication& who, const FirstRefresh& with);

/// What the ID token says beside who signed in, when and how.
struct IdTokenAsked {
    std::string nonce{};
    std::vector<std::string> claims{}; // by the `claims` of the request, and what they are made of:
    std::vector<KnownName> names{};
};
/// The answer of the token endpoint, with an ID token where there is one, and the refresh token beside if it is not empty. Throws oauth::Refused where a token
/// does not hold all that there is to say.
Task<Web> tokens_for(Ctx& ctx, KnownClient known, Authentication who, auth::Claims claims, IdTokenAsked asked, std::string refresh);

} // namespace gravity::issuer
