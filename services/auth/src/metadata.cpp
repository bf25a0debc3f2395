#include "metadata.hpp"

#include <gravity/base/crypto.hpp>
#include <gravity/base/encoding.hpp>

namespace gravity::issuer {

Metadata metadata_of(const Settings& settings) {
    Json document = Json::object();
    document["issuer"] = settings.public_url.str();
    document["jwks_uri"] = settings.at("/oauth2/jwks");
    document["grant_types_supported"] = Json::array(); // left out, it would mean the code grant
    document["response_types_supported"] = Json::array();
    Metadata metadata{document.dump(), {}};
    metadata.etag = '"' + hex_encode(sha256(metadata.document)).substr(0, 32) + '"';
    return metadata;
}

} // namespace gravity::issuer
