#include "tokens_domain.hpp"

namespace gravity::issuer {

auth::Claims client_claims(const Settings& settings, ClientId client, ProjectId project, std::vector<std::string> scopes, Timestamp now) {
    auth::Claims claims;
    claims.issuer = settings.public_url.str();
    claims.audience = {settings.token_audience.str()};
    claims.subject = claims.client = client.to_string(); // an id of its own kind, so that no person's can be taken for it
    claims.issued_at = now.unix_seconds();
    claims.expires_at = *claims.issued_at + settings.access_token_seconds;
    claims.id = Uuid::v4().to_string();
    claims.project = project;
    claims.scopes = std::move(scopes);
    return claims;
}

Json introspected(const auth::Claims& claims) {
    Json document = Json::parse(auth::to_json(claims)).or_throw();
    document["active"] = true;
    document["token_type"] = "Bearer";
    return document;
}

} // namespace gravity::issuer
