#include "clients_domain.hpp"

#include "client_keys.hpp"
#include "problems.hpp"

#include <algorithm>

namespace gravity::issuer {

namespace {

bool has_grant(const NewClient& client, GrantType grant) {
    return std::find(client.grant_types.begin(), client.grant_types.end(), grant) != client.grant_types.end();
}

// Back-Channel Logout section 2.2; http only where nobody is between.
bool is_for_logout(const Url& url) {
    const bool loopback = url.host() == "127.0.0.1" || url.host() == "::1" || url.host() == "localhost";
    return (url.scheme() == "https" || loopback) && url.view().find('#') == std::string_view::npos;
}

void check_redirects(const NewClient& client, meta::Errors& errors) {
    if (client.redirect_uris.size() > 20) errors.reject("redirect_uris", "must have at most 20 items");
    if (client.post_logout_redirect_uris.size() > 20) errors.reject("post_logout_redirect_uris", "must have at most 20 items");
    if (client.backchannel_logout_uri && !is_for_logout(*client.backchannel_logout_uri))
        errors.reject("backchannel_logout_uri", "must be https, or http of a loopback address, without a fragment");
    const bool by_code = has_grant(client, GrantType::authorization_code);
    if (by_code && client.redirect_uris.empty()) errors.reject("redirect_uris", "must have one for authorization_code");
    if (!by_code && !has_grant(client, GrantType::device_code) && has_grant(client, GrantType::refresh_token))
        errors.reject("grant_types", "has refresh_token, which needs authorization_code or device_code");
    if (client.token_endpoint_auth_method == ClientAuth::none && !*client.require_pkce)
        errors.reject("require_pkce", "must be true for a client that proves nothing");
    const bool alone = has_grant(client, GrantType::client_credentials) || has_grant(client, GrantType::token_exchange);
    if (client.token_endpoint_auth_method == ClientAuth::none && alone)
        errors.reject("grant_types", "must be authorization_code, device_code and refresh_token only for a client that proves nothing");
}

} // namespace

void check(const NewClient& client, meta::Errors& errors) {
    check_redirects(client, errors);
    if (client.scopes.size() > 100) errors.reject("scopes", "must have at most 100 items");
    if (client.id_token_alg == SigningAlgorithm::eddsa) errors.reject("id_token_alg", "must be rs256 or es256");
    if (client.grant_types.size() > 10) errors.reject("grant_types", "must have at most 10 items");
    if (client.token_endpoint_auth_method != ClientAuth::private_key_jwt) {
        if (client.jwks) errors.reject("jwks", "is for private_key_jwt");
        return;
    }
    if (!client.jwks) return errors.reject("jwks", "is what private_key_jwt is verified with");
    if (client.jwks->dump().size() > 16 * 1024) return errors.reject("jwks", "must be at most 16 KiB");
    if (const auto keys = client_keys(*client.jwks); !keys) errors.reject("jwks", keys.why());
}

void check_scopes(const Caller& maker, const std::vector<ScopeName>& wanted, const std::vector<ScopeName>& before) {
    for (const ScopeName& scope : wanted) {
        if (std::find(before.begin(), before.end(), scope) != before.end()) continue;
        if (!maker.may(scope.view())) throw Refusal(scope_not_yours, "You lack the scope " + scope.str());
    }
}

} // namespace gravity::issuer
