#include "client_fixture.hpp"
#include "client_keys.hpp"

#include <gtest/gtest.h>

namespace gravity::issuer {
namespace {

/// The sets of keys that clients come with are those that they publish for everybody, not for us alone.
class ClientKeys : public ClientApi {
protected:
    const Json own = Json::parse(signer.public_key().jwk()).or_throw();
    const std::string x = std::string(43, 'A');

    static Json with(Json jwk, std::string_view name, Json value) {
        jwk[name] = std::move(value);
        return jwk;
    }
    static Json without(Json jwk, std::string_view name) {
        jwk.as_object().erase(std::string(name));
        return jwk;
    }
    static Parsed<auth::KeySet> read(Json::Array keys) { return client_keys(Json::object({{"keys", Json(std::move(keys))}})); }
    static std::string fault(Json::Array keys) {
        const auto set = read(std::move(keys));
        return set ? "" : set.why();
    }
    testkit::Answer registered(Json::Array keys) {
        return service.caller(service.project(), "clients:register products:read")
            .post("/oauth2/register", {{"grant_types", Json::array({"client_credentials"})},
                                       {"scope", "products:read"},
                                       {"token_endpoint_auth_method", "private_key_jwt"},
                                       {"jwks", Json::object({{"keys", Json(std::move(keys))}})}})
            .send();
    }
    // As libraries sign it: by this name of the algorithm, of this key.
    testkit::Answer asked(const std::string& id, const auth::Signer& by, Json header) {
        const auto seconds = now().unix_seconds();
        const Json claims = Json::object(
            {{"iss", id}, {"sub", id}, {"aud", "http://127.0.0.1:8081"}, {"exp", seconds + 60}, {"jti", Uuid::v4().to_string()}});
        const std::string input = base64url_encode(header.dump()) + "." + base64url_encode(claims.dump());
        const std::string type = "&client_assertion_type=urn:ietf:params:oauth:client-assertion-type:jwt-bearer&client_assertion=";
        return form("/oauth2/token", "grant_type=client_credentials" + type + input + "." + base64url_encode(by.sign(input)));
    }
};

TEST_F(ClientKeys, ThatAreForSomethingElseArePassedOver) {
    const Json others[] = {
        with(own, "use", "enc"),
        Json::object({{"kty", "RSA"}, {"use", "enc"}, {"n", "AQAB"}, {"e", "AQAB"}}),
        Json::object({{"kty", "RSA"}, {"alg", "RSA-OAEP-256"}, {"n", "AQAB"}, {"e", "AQAB"}}),
        Json::object({{"kty", "RSA"}, {"alg", "PS256"}, {"n", "AQAB"}, {"e", "AQAB"}}),
        Json::object({{"kty", "EC"}, {"crv", "P-384"}, {"x", x}, {"y", x}}),
        Json::object({{"kty", "OKP"}, {"crv", "X25519"}, {"x", x}}),
        Json::object({{"kty", "AKP"}, {"alg", "ML-DSA-44"}, {"pub", x}}),
        with(without(own, "use"), "key_ops", Json::array({"encrypt"})),
    };
    for (const Json& other : others) {
        const auto set = read({other, own});
        ASSERT_TRUE(set) << other.dump() << " " << set.why();
        ASSERT_EQ(set->keys().size(), 1u) << other.dump();
        EXPECT_EQ(set->keys().front().kid(), signer.kid());
        EXPECT_EQ(fault({other}), "must have a key for ES256, EdDSA or RS256") << other.dump();
    }
    const auto made = registered({others[0], own});
    ASSERT_EQ(made.status(), 201) << made.body();
    made.field("/jwks/keys/0/use", "enc"); // as it was sent
    EXPECT_EQ(form("/oauth2/token", "grant_type=client_credentials&" + assertion(made.text("/client_id"), "a")).status(), 200);
}

TEST_F(ClientKeys, ThatCannotBeUsedAreRefused) {
    EXPECT_EQ(fault({}), "must have a key for ES256, EdDSA or RS256");
    EXPECT_EQ(fault({own, own}), "has a key that cannot be used: key 2: its kid is taken by an earlier key");
    const std::string lost = "has a key that cannot be used: key 1: it contains private or secret members";
    EXPECT_EQ(fault({with(own, "d", "AAAA")}), lost);
    EXPECT_EQ(fault({with(with(own, "use", "enc"), "d", "AAAA"), own}), lost) << "whatever it is for";
    EXPECT_EQ(fault({Json::object({{"kty", "oct"}, {"k", "AAAA"}}), own}), lost);
    EXPECT_EQ(fault({Json::object({{"kty", "AKP"}, {"alg", "ML-DSA-44"}, {"pub", x}, {"priv", x}}), own}), lost);
    for (const Json& bad : {Json(), Json(1), Json::object(), with(own, "kty", 1), with(own, "x", "AA"), with(own, "x", Json()), with(own, "crv", 1),
                            with(own, "alg", "RS256"), with(own, "alg", 1), with(own, "use", 1), with(own, "key_ops", "verify"), with(own, "kid", ""),
                            Json::object({{"kty", "RSA"}, {"n", "AQAB"}, {"e", "AQAB"}})})
        EXPECT_TRUE(fault({bad, own}).starts_with("has a key that cannot be used: key 1: ")) << bad.dump() << ": " << fault({bad, own});
    for (const Json& none : {Json(), Json("keys"), Json::array(), Json::object(), Json::object({{"keys", own}})})
        EXPECT_EQ(client_keys(none).why(), "must be an object with an array \"keys\"") << none.dump();
    const auto refused = registered({with(own, "d", "AAAA")});
    EXPECT_EQ(refused.status(), 400);
    refused.field("/error", "invalid_client_metadata");
}

TEST_F(ClientKeys, NeedNoName) {
    const auto made = registered({without(without(own, "kid"), "alg")}); // as `exportJWK` of npm's jose gives it
    ASSERT_EQ(made.status(), 201) << made.body();
    const std::string id = made.text("/client_id");
    EXPECT_EQ(asked(id, signer, Json::object({{"alg", "ES256"}})).status(), 200);
    EXPECT_EQ(asked(id, signer, Json::object({{"alg", "ES256"}, {"kid", "whatever the library calls it"}})).status(), 200);
    EXPECT_EQ(asked(id, auth::Signer::generate(), Json::object({{"alg", "ES256"}})).status(), 401);
    const auto two = registered({without(own, "kid"), without(Json::parse(auth::Signer::generate().public_key().jwk()).or_throw(), "kid")});
    ASSERT_EQ(two.status(), 201) << two.body();
    EXPECT_EQ(asked(two.text("/client_id"), signer, Json::object({{"alg", "ES256"}})).status(), 200);
}

// RFC 9864: what was EdDSA is Ed25519 by its full name.
TEST_F(ClientKeys, AreOfEd25519ByEitherName) {
    const auto key = auth::Signer::generate(auth::Algorithm::eddsa);
    const Json jwk = Json::parse(key.public_key().jwk()).or_throw();
    for (const std::string alg : {"Ed25519", "EdDSA"}) {
        const auto made = registered({with(jwk, "alg", alg)});
        ASSERT_EQ(made.status(), 201) << made.body();
        made.field("/jwks/keys/0/alg", alg);
        for (const std::string named : {"Ed25519", "EdDSA"})
            EXPECT_EQ(asked(made.text("/client_id"), key, Json::object({{"alg", named}, {"kid", key.kid()}})).status(), 200) << alg << " " << named;
        EXPECT_EQ(asked(made.text("/client_id"), key, Json::object({{"alg", "ES256"}, {"kid", key.kid()}})).status(), 401);
        EXPECT_EQ(asked(made.text("/client_id"), key, Json::object({{"alg", "Ed448"}, {"kid", key.kid()}})).status(), 401);
    }
    const Json metadata = as.anonymous.get("/.well-known/openid-configuration").expect(200).json();
    EXPECT_EQ(*metadata.find("token_endpoint_auth_signing_alg_values_supported"), Json::array({"ES256", "EdDSA", "Ed25519", "RS256"}));
}

} // namespace
} // namespace gravity::issuer
