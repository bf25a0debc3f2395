#include "tokens_domain.hpp"

#include <algorithm>

namespace gravity::issuer {

std::vector<std::string> scopes_of(const ClientAtDoor& client) {
    std::vector<std::string> scopes = client.scopes;
    for (const std::string& scope : client.role_scopes)
        if (std::find(client.scopes.begin(), client.scopes.end(), scope) == client.scopes.end()) scopes.push_back(scope);
    return scopes;
}

std::optional<std::string> token_payload(const auth::Claims& claims) {
    constexpr std::size_t most_bytes = 5000; // with header, the longest signature and base64 within auth::max_token_bytes
    constexpr std::size_t most_items = 256;
    if (claims.scopes.size() > most_items || claims.roles.size() > most_items) return std::nullopt;
    std::string payload = auth::to_json(claims);
    if (payload.size() > most_bytes) return std::nullopt;
    return payload;
}

auth::Claims client_claims(const Settings& settings, const ClientAtDoor& client, ProjectId project, std::vector<std::string> scopes, Timestamp now) {
    auth::Claims claims;
    claims.issuer = settings.public_url.str();
    claims.audience = {settings.token_audience.str()};
    claims.subject = claims.client = client.id.to_string(); // an id of its own kind, so that no person's can be taken for it
    claims.issued_at = now.unix_seconds();
    claims.expires_at = *claims.issued_at + settings.access_token_seconds;
    claims.id = Uuid::v4().to_string();
    claims.project = project;
    claims.scopes = std::move(scopes);
    claims.roles = client.roles;
    return claims;
}

std::string_view token_type(const auth::Claims& claims) { return claims.key_thumbprint.empty() ? "Bearer" : "DPoP"; }

// In front of the claims, of which none is called so, and some are always there.
std::string introspected(const auth::Claims& claims) {
    std::string document = R"({"active":true,"token_type":")";
    document += token_type(claims);
    document += "\",";
    document.append(auth::to_json(claims), 1);
    return document;
}

} // namespace gravity::issuer
