#include "issuer_fixture.hpp"

namespace gravity::issuer {
namespace {

class MetadataApi : public IssuerApi {
protected:
    MetadataApi() : IssuerApi({{"AUTH_PUBLIC_URL", "https://id.example.com/"}}) {}
};

// Whatever it names is there, and nothing it does not name is promised by default (RFC 8414 section 2).
TEST_F(MetadataApi, ClaimsWhatIsThere) {
    for (const std::string path : {"/.well-known/oauth-authorization-server", "/.well-known/openid-configuration"}) {
        const auto answer = as.anonymous.get(path).expect(200).expect_header("Content-Type", "application/json");
        answer.expect_header("Cache-Control", "public, max-age=300").field("/issuer", "https://id.example.com");
        as.anonymous.get(path).header("If-None-Match", answer.etag()).expect(304);
        const Json document = answer.json();
        for (const auto& [name, value] : document.as_object()) {
            if (!name.ends_with("_endpoint") && name != "jwks_uri") continue;
            ASSERT_TRUE(value.as_string().starts_with("https://id.example.com/")) << name;
            const std::string target = value.as_string().substr(std::string_view("https://id.example.com").size());
            EXPECT_NE(as.anonymous.get(target).send().status(), 404) << name;
        }
        EXPECT_NE(document.find("grant_types_supported"), nullptr);
        EXPECT_NE(document.find("response_types_supported"), nullptr);
        answer.field("/claims_parameter_supported", true);
    }
}

TEST_F(MetadataApi, IsNowhereElseForAnIssuerWithoutAPath) {
    as.anonymous.get("/.well-known/oauth-authorization-server/auth").expect_problem(404, "not-found");
}

class MetadataBelowAPath : public IssuerApi {
protected:
    MetadataBelowAPath() : IssuerApi({{"AUTH_PUBLIC_URL", "https://example.com/id/auth"}}) {}
};

// RFC 8414 section 3.1.
TEST_F(MetadataBelowAPath, HasThePathBehind) {
    const auto answer = as.anonymous.get("/.well-known/oauth-authorization-server/id/auth").expect(200);
    answer.field("/issuer", "https://example.com/id/auth").field("/token_endpoint", "https://example.com/id/auth/oauth2/token");
    for (const std::string other : {"/id", "/id/auth/more", "/auth", "/ID/auth"})
        as.anonymous.get("/.well-known/oauth-authorization-server" + other).expect(404);
}

} // namespace
} // namespace gravity::issuer
