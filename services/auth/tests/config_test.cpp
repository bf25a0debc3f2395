#include "config.hpp"
#include "metadata.hpp"

#include <gtest/gtest.h>

namespace gravity::issuer {
namespace {

TEST(IssuerUrls, AreOneTextForOneIssuer) {
    EXPECT_EQ(IssuerUrl::parse("https://ID.example.com/").or_throw().str(), "https://id.example.com");
    EXPECT_EQ(IssuerUrl::parse("https://example.com/auth/").or_throw().str(), "https://example.com/auth");
    EXPECT_EQ(IssuerUrl::parse("http://127.0.0.1:8081").or_throw().str(), "http://127.0.0.1:8081");
    for (const std::string bad : {"https://example.com/?a", "https://example.com/#a", "ftp://example.com", "example.com", ""})
        EXPECT_FALSE(IssuerUrl::parse(bad)) << bad;
}

TEST(MetadataDocument, IsBelowItsIssuer) {
    Settings settings;
    settings.public_url = IssuerUrl::parse("https://example.com/auth/").or_throw();
    const Json document = Json::parse(metadata_of(settings).document).or_throw();
    EXPECT_EQ(*document.find("issuer"), Json("https://example.com/auth"));
    EXPECT_EQ(*document.find("jwks_uri"), Json("https://example.com/auth/oauth2/jwks"));
}

} // namespace
} // namespace gravity::issuer
