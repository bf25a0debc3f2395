#pragma once

#include "keys_model.hpp"
#include "redirects.hpp"
#include "scopes.hpp"

/// OAuth clients: the programs that tokens are given to.
namespace gravity::issuer {

using ClientId = Id<"client">;
using ClientSecretId = Id<"client-secret">;

/// How a client proves who it is. By secret it may do so in either form, client_secret_basic or client_secret_post.
enum class ClientAuth {
    client_secret,
    private_key_jwt,
    none // a public client: an app or a page, which can keep no secret
};
BOOST_DESCRIBE_ENUM(ClientAuth, client_secret, private_key_jwt, none)

/// How a client may get tokens, by the names of RFC 7591 as far as they are names; token_exchange is RFC 8693's, device_code RFC 8628's.
enum class GrantType {
    client_credentials,
    token_exchange,
    authorization_code,
    refresh_token,
    device_code
};
BOOST_DESCRIBE_ENUM(GrantType, client_credentials, token_exchange, authorization_code, refresh_token, device_code)

struct ClientEdit {
    Text<1, 200> name;
    std::vector<ScopeName> scopes;
    std::vector<GrantType> grant_types{GrantType::client_credentials};
    Default<SigningAlgorithm::es256> token_alg;
    Default<SigningAlgorithm::rs256> id_token_alg;
    std::optional<Json> jwks;
    Default<false> require_dpop;
    std::vector<RedirectUri> redirect_uris;
    std::vector<RedirectUri> post_logout_redirect_uris;
    std::optional<Url> backchannel_logout_uri;
    Default<false> backchannel_logout_session_required;
    Default<false> first_party;
    Default<false> require_pushed_authorization_requests;
    Default<true> require_pkce;
    Default<false> disabled;
};
BOOST_DESCRIBE_STRUCT(ClientEdit, (),
                      (name, scopes, grant_types, token_alg, id_token_alg, jwks, require_dpop, redirect_uris, post_logout_redirect_uris,
                       backchannel_logout_uri, backchannel_logout_session_required, first_party, require_pushed_authorization_requests, require_pkce,
                       disabled))

struct NewClient : ClientEdit {
    Default<ClientAuth::client_secret> token_endpoint_auth_method; // for good
};
BOOST_DESCRIBE_STRUCT(NewClient, (ClientEdit), (token_endpoint_auth_method))
void check(const NewClient& client, meta::Errors& errors);

struct Client : NewClient {
    ClientId id;
    Version version;
    Timestamp created_at;
    Timestamp updated_at;
};
BOOST_DESCRIBE_STRUCT(Client, (NewClient), (id, version, created_at, updated_at))

/// The answer to making one: its secret is seen this once.
struct MadeClient : Client {
    std::optional<std::string> client_secret;
};
BOOST_DESCRIBE_STRUCT(MadeClient, (Client), (client_secret))

struct ListClients : PageQuery {};
BOOST_DESCRIBE_STRUCT(ListClients, (PageQuery), ())

struct NewClientSecret {
    std::optional<Timestamp> expires_at;
};
BOOST_DESCRIBE_STRUCT(NewClientSecret, (), (expires_at))

struct ClientSecret : NewClientSecret {
    ClientSecretId id;
    ClientId client_id;
    Timestamp created_at;
};
BOOST_DESCRIBE_STRUCT(ClientSecret, (NewClientSecret), (id, client_id, created_at))

struct MadeClientSecret : ClientSecret {
    std::string client_secret;
};
BOOST_DESCRIBE_STRUCT(MadeClientSecret, (ClientSecret), (client_secret))

struct ClientSecrets {
    std::vector<ClientSecret> items;
};
BOOST_DESCRIBE_STRUCT(ClientSecrets, (), (items))

/// What a client that comes with a proof is held against.
struct ClientAtDoor {
    ClientId id;
    ClientAuth token_endpoint_auth_method{};
    std::vector<std::string> scopes;
    std::vector<GrantType> grant_types;
    SigningAlgorithm token_alg{};
    SigningAlgorithm id_token_alg = SigningAlgorithm::rs256;
    std::optional<Json> jwks;
    bool require_dpop = false;
    bool require_pkce = true;
    bool disabled = false;
    std::vector<std::string> secret_hashes; // of those that are live, hexadecimal
    std::vector<std::string> roles;         // names of those it has, inherited ones included
    std::vector<std::string> role_scopes;   // all that they let it do
    std::optional<Timestamp> same_until;    // when the first of the live secrets ends
};
BOOST_DESCRIBE_STRUCT(ClientAtDoor, (),
                      (id, token_endpoint_auth_method, scopes, grant_types, token_alg, id_token_alg, jwks, require_dpop, require_pkce, disabled,
                       secret_hashes, roles, role_scopes, same_until))

} // namespace gravity::issuer

template <>
struct gravity::meta::docs<gravity::issuer::ClientEdit> {
    static constexpr std::pair<std::string_view, std::string_view> fields[] = {
        {"scopes", "What its tokens may say at most; nothing that who registers it may not"},
        {"grant_types", "How it gets tokens; left out: client_credentials"},
        {"token_alg", "What its access tokens are signed with"},
        {"id_token_alg", "What its ID tokens and logout tokens are signed with: rs256 or es256"},
        {"jwks", "Public keys that private_key_jwt is verified with (RFC 7517)"},
        {"require_dpop", "Gets no tokens but those bound to a key (RFC 9449)"},
        {"redirect_uris", "Where browsers may be sent back to with a code: compared as text, of loopback addresses whatever the port"},
        {"post_logout_redirect_uris", "Where browsers may be sent to once somebody has signed out"},
        {"backchannel_logout_uri", "Where it is told that somebody has signed out (OpenID Connect Back-Channel Logout 1.0); https, but for loopback"},
        {"backchannel_logout_session_required", "It has to be told which session; it is told in any case"},
        {"first_party", "People are not asked whether it may know them"},
        {"require_pushed_authorization_requests", "People are sent on only with requests that it sent ahead (RFC 9126 section 6)"},
        {"require_pkce", "Its requests for a code have a challenge (RFC 7636); if not, those for an ID token with a nonce need none"},
        {"disabled", "Gets no tokens"},
    };
};
template <>
struct gravity::meta::docs<gravity::issuer::MadeClient> {
    static constexpr std::pair<std::string_view, std::string_view> fields[] = {{"client_secret", "The secret; shown this once"}};
};
template <>
struct gravity::meta::docs<gravity::issuer::MadeClientSecret> {
    static constexpr std::pair<std::string_view, std::string_view> fields[] = {{"client_secret", "The secret; shown this once"}};
};

GRAVITY_TABLES(issuer, ClientId, ClientSecretId, ClientEdit, NewClient, Client, MadeClient, ListClients, NewClientSecret, ClientSecret, MadeClientSecret,
               ClientSecrets, ClientAtDoor)
