#include "metadata.hpp"

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
        document[endpoint + "_endpoint_auth_signing_alg_values_supported"] = Json::array({"ES256", "EdDSA", "RS256"});
    }
    document["grant_types_supported"] = Json::array({"client_credentials", exchange_grant});
    document["response_types_supported"] = Json::array();
    document["dpop_signing_alg_values_supported"] = Json::array({"ES256", "EdDSA", "Ed25519", "RS256"});
    Metadata metadata{document.dump(), {}};
    metadata.etag = '"' + hex_encode(sha256(metadata.document)).substr(0, 32) + '"';
    return metadata;
}

} // namespace gravity::issuer
