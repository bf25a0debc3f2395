#include "metadata.hpp"

#include "acr.hpp"
#include "authorize_domain.hpp"
#include "devices_model.hpp"
#include "exchange_domain.hpp"

#include <gravity/base/crypto.hpp>
#include <gravity/base/encoding.hpp>

namespace gravity::issuer {

Metadata metadata_of(const Settings& settings) {
    Json document = Json::object();
    document["issuer"] = settings.public_url.str();
    document["jwks_uri"] = settings.at("/oauth2/jwks");
    document["token_endpoint"] = settings.at("/oauth2/token");
    document["introspection_endpoint"] = settings.at("/oauth2/introspect");
    document["revocation_endpoint"] = settings.at("/oauth2/revoke");
    document["registration_endpoint"] = settings.at("/oauth2/register");
    for (const std::string endpoint : {"token", "introspection", "revocation"}) {
        document[endpoint + "_endpoint_auth_methods_supported"] = Json::array({"client_secret_basic", "client_secret_post", "private_key_jwt"});
        document[endpoint + "_endpoint_auth_signing_alg_values_supported"] = Json::array({"ES256", "EdDSA", "Ed25519", "RS256"});
    }
    document["authorization_endpoint"] = settings.at("/oauth2/authorize");
    document["pushed_authorization_request_endpoint"] = settings.at("/oauth2/par");
    document["device_authorization_endpoint"] = settings.at("/oauth2/device_authorization");
    document["userinfo_endpoint"] = settings.at("/oauth2/userinfo");
    document["end_session_endpoint"] = settings.at("/oauth2/logout");
    document["backchannel_logout_supported"] = true;
    document["backchannel_logout_session_supported"] = true;
    document["token_endpoint_auth_methods_supported"].push_back("none");
    document["revocation_endpoint_auth_methods_supported"].push_back("none");
    document["grant_types_supported"] = Json::array({"client_credentials", "authorization_code", "refresh_token", device_grant, exchange_grant});
    document["response_types_supported"] = Json::array({"code"});
    document["response_modes_supported"] = Json::array({"query", "form_post"});
    document["code_challenge_methods_supported"] = Json::array({"S256"});
    document["authorization_response_iss_parameter_supported"] = true; // RFC 9207
    document["request_parameter_supported"] = false;
    document["request_uri_parameter_supported"] = false;
    document["claims_parameter_supported"] = true;
    document["require_pushed_authorization_requests"] = false; // but of clients that say so
    document["prompt_values_supported"] = Json::array({"none", "login", "consent", "select_account"});
    document["scopes_supported"] = Json::array();
    for (const std::string& scope : person_scopes()) document["scopes_supported"].push_back(scope);
    document["subject_types_supported"] = Json::array({"public"});
    document["id_token_signing_alg_values_supported"] = Json::array({"RS256", "ES256"});
    document["acr_values_supported"] = Json::array({acr_two, acr_one});
    document["claim_types_supported"] = Json::array({"normal"});
    document["claims_supported"] = Json::array();
    for (const std::string claim : {"iss", "sub", "aud", "exp", "iat", "auth_time", "nonce", "acr", "amr", "sid", "at_hash", "email", "email_verified",
                                    "phone_number", "phone_number_verified", "preferred_username", "roles"})
        document["claims_supported"].push_back(claim);
    document["dpop_signing_alg_values_supported"] = Json::array({"ES256", "EdDSA", "Ed25519", "RS256"});
    Metadata metadata{document.dump(), {}};
    metadata.etag = '"' + hex_encode(sha256(metadata.document)).substr(0, 32) + '"';
    return metadata;
}

} // namespace gravity::issuer
