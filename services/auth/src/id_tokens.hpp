#pragma once

#include "config.hpp"
#include "keyring.hpp"
#include "sign_in_model.hpp"

#include <optional>
#include <string>
#include <string_view>

/// ID tokens (OpenID Connect Core section 2): what a client is told of who signed in. Pure.
namespace gravity::issuer {

Json id_token_claims(const Settings& settings, const Authentication& who, ClientId client, std::string_view nonce, std::string_view access_token,
                     Timestamp now);

/// What a scope lets a client know of the person's names (section 5.4).
void add_names(Json& claims, const std::vector<std::string>& scopes, const std::vector<KnownName>& names);

/// Of what scopes let the client know that which it asked to have in the ID token (section 5.5).
void add_asked_claims(Json& id_token, const std::vector<std::string>& asked, const std::vector<std::string>& scopes, const std::vector<KnownName>& names);

/// Which roles the person has, where a scope lets the client know.
void add_roles(Json& claims, const std::vector<std::string>& scopes, const std::vector<std::string>& roles);

/// Of an ID token of ours that a client shows again, whether it has ended or not (OpenID Connect Core section 3.1.2.1, RP-Initiated Logout section 2); nothing
/// if it is none.
struct ShownIdToken {
    std::string client, subject;
    std::string session;
};
std::optional<ShownIdToken> read_id_token(const KeysNow& keys, const Settings& settings, std::string_view token);
/// Whom a token names that looks like one of ours, by a key that is not published (any more): it may be from before a rotation, or anybody's. Nothing if a
/// published key could tell, or it is none.
std::optional<IdentityId> unproven_subject(const KeysNow& keys, const Settings& settings, std::string_view token);

} // namespace gravity::issuer
