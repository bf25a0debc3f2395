#include "client_proof.hpp"
#include "oauth.hpp"
#include "opaque.hpp"
#include "scopes.hpp"

#include <gravity/auth/signer.hpp>
#include <gravity/base/crypto.hpp>
#include <gravity/base/encoding.hpp>

#include <gtest/gtest.h>

#include <functional>

namespace gravity::issuer {
namespace {

using oauth::Form;
using oauth::Refused;

constexpr std::string_view form_type = "application/x-www-form-urlencoded";

// The code of the error that a call ends in; "none" if it does not.
std::string error_of(const std::function<void()>& call) {
    try {
        call();
    } catch (const Refused& refused) {
        return std::string(refused.code().name);
    }
    return "none";
}

TEST(Forms, AreReadAsTheStandardHasThem) {
    const Form form = Form::parse("Application/X-WWW-Form-Urlencoded; charset=UTF-8", "grant_type=a+b%26&scope=&unknown=1");
    EXPECT_EQ(*form.find("grant_type"), "a b&");
    EXPECT_EQ(form.find("scope"), nullptr) << "without a value it counts as left out";
    EXPECT_EQ(error_of([&] { (void)form.required("scope"); }), "invalid_request");
    for (const std::string bad : {"a=1&a=2", "a=%zz", "a=%ff", "a=b%00", "%00=a"})
        EXPECT_EQ(error_of([&] { Form::parse(form_type, bad); }), "invalid_request") << bad;
    const Form brought = Form::of_browser("a=1&b=2&a=3&resource=x&resource=y&c=&c=");
    EXPECT_EQ(*brought.find("a"), "1") << "of a browser the first, with word of the second";
    EXPECT_TRUE(brought.repeats("a") && brought.repeats_any());
    EXPECT_FALSE(brought.repeats("b") || brought.repeats("resource") || brought.repeats("c"));
    EXPECT_FALSE(Form::of_browser("a=1&a=").repeats_any());
    EXPECT_EQ(error_of([&] { Form::of_browser("a=%zz"); }), "invalid_request");
    EXPECT_EQ(error_of([] { Form::parse("application/json", "{}"); }), "invalid_request");
    EXPECT_EQ(error_of([] { Form::parse("", "a=1"); }), "invalid_request");
}

TEST(Scopes, AreNarrowedNeverGrown) {
    const std::vector<std::string> granted{"orders:read", "products:write"};
    EXPECT_EQ(narrowed(granted, nullptr), granted);
    const auto asked = [&](std::string text) { return narrowed(granted, &text); };
    EXPECT_EQ(asked("products:read"), std::vector<std::string>{"products:read"});
    EXPECT_EQ(asked("products:write  orders:read orders:read"), granted);
    for (const std::string more : {"products:admin", "orders:write", "orders:read carts:read", "\"", " "}) EXPECT_EQ(asked(more), std::nullopt) << more;
    EXPECT_TRUE(ScopeName::parse("projects:purge"));
    for (const std::string bad : {"", "a b", "a\"b", "a\\b", "\xc3\xa4"}) EXPECT_FALSE(ScopeName::parse(bad)) << bad;
}

TEST(OpaqueSecrets, TellWhatTheyAreAndAreKeptAsHashes) {
    const Secret<> one = fresh_opaque(client_secret_prefix), two = fresh_opaque(client_secret_prefix);
    EXPECT_EQ(one.reveal().size(), 4u + 64);
    EXPECT_TRUE(one.reveal().starts_with("gcs_"));
    EXPECT_NE(one.reveal(), two.reveal());
    const std::string hash = hex_encode(opaque_hash(one.reveal()).view());
    EXPECT_TRUE(secret_matches(one, {std::string(64, '0'), hash}));
    EXPECT_FALSE(secret_matches(two, {hash}));
    EXPECT_FALSE(secret_matches(one, {}));
}

// ---- proofs

const ClientId somebody = ClientId::fresh(), another = ClientId::fresh();

ClientProof proof_of(std::string authorization, std::string form = "grant_type=client_credentials") {
    http::Headers headers;
    if (!authorization.empty()) headers.add("Authorization", authorization);
    return client_proof(headers, Form::parse(form_type, form));
}
std::string basic(const std::string& pair) { return "Basic " + base64_encode(pair); }

TEST(ClientProofs, AreReadFromWhereTheyMayStand) {
    const std::string id = somebody.to_string();
    auto proof = proof_of(basic(id + ":gcs_x"));
    EXPECT_EQ(proof.client, somebody);
    EXPECT_EQ(proof.text.reveal(), "gcs_x");
    proof = proof_of(basic(id + ":a%3Ab+c"));
    EXPECT_EQ(proof.text.reveal(), "a:b c") << "both parts are form-encoded";
    EXPECT_EQ(proof.as_sent.reveal(), "a%3Ab+c") << "or not";
    EXPECT_EQ(proof_of(basic(id + ":100%")).text.reveal(), "100%") << "which cannot have been encoded";
    proof = proof_of(basic(id + ":"));
    EXPECT_EQ(proof.client, somebody);
    EXPECT_EQ(proof.kind, ClientProof::Kind::none) << "an empty secret is as good as left out";
    EXPECT_EQ(proof_of("bASIC " + base64_encode(id + ":x"), "client_id=" + id).client, somebody);
    proof = proof_of("", "client_id=" + id + "&client_secret=s");
    EXPECT_EQ(proof.client, somebody);
    EXPECT_EQ(proof.text.reveal(), "s");
}

TEST(ClientProofs, AreOneAndWhole) {
    const std::string id = somebody.to_string();
    const auto error = [](std::string authorization, std::string form = "a=1") { return error_of([&] { proof_of(authorization, form); }); };
    EXPECT_EQ(error(""), "invalid_client");
    EXPECT_EQ(proof_of("", "client_id=" + id).kind, ClientProof::Kind::none) << "a public client only says who it is";
    EXPECT_EQ(error("", "client_id=nobody"), "invalid_client");
    EXPECT_EQ(error("", "client_secret=s"), "invalid_request");
    EXPECT_EQ(error("", "client_id=nobody&client_secret=s"), "invalid_client");
    EXPECT_EQ(error("Bearer abc"), "invalid_client");
    EXPECT_EQ(error("Basic"), "invalid_client");
    EXPECT_EQ(error("Basic !!"), "invalid_client");
    EXPECT_EQ(error(basic(id)), "invalid_client");
    EXPECT_EQ(error(basic("%zz:s")), "invalid_client");
    EXPECT_EQ(error(basic(":s")), "invalid_client");
    EXPECT_EQ(error(basic(id + ":"), "client_secret=s"), "invalid_request");
    EXPECT_EQ(error(basic(id + ":s"), "client_secret=s"), "invalid_request");
    EXPECT_EQ(error(basic(id + ":s"), "client_id=" + another.to_string()), "invalid_request");
    EXPECT_EQ(error("", "client_id=" + id + "&client_secret=s&client_assertion=x"), "invalid_request");
    EXPECT_EQ(error("", "client_assertion=x"), "invalid_request") << "of no type";
    EXPECT_EQ(error("", "client_assertion=x&client_assertion_type=saml"), "invalid_request");
    EXPECT_EQ(error("", "client_assertion=x&client_assertion_type=urn:ietf:params:oauth:client-assertion-type:jwt-bearer"), "invalid_client");
}

class Assertions : public testing::Test {
protected:
    static constexpr std::int64_t moment = 1'800'000'000;
    auth::Signer signer = auth::Signer::generate();
    auth::KeySet keys = auth::KeySet::parse(signer.jwks()).or_throw();

    Json claims() const {
        const std::string id = somebody.to_string();
        return Json::object({{"iss", id}, {"sub", id}, {"aud", "https://id.example.com"}, {"exp", moment + 60}, {"iat", moment}, {"jti", "1"}});
    }
    std::string check(const std::string& jwt, const auth::KeySet& with) const {
        return error_of([&] { check_assertion(jwt, somebody, with, {"https://id.example.com", "https://id.example.com/oauth2/token"}, moment); });
    }
    std::string check(const Json& payload) const { return check(signer.token(payload.dump(), "JWT"), keys); }
    std::string with(std::string_view name, Json value) const {
        Json changed = claims();
        changed[name] = std::move(value);
        return check(changed);
    }
    std::string without(std::string_view name) const {
        Json changed = claims();
        changed.as_object().erase(std::string(name));
        return check(changed);
    }
};

TEST_F(Assertions, AreGoodFromTheClientForUsForAWhile) {
    const Assertion good = check_assertion(signer.token(claims().dump(), "JWT"), somebody, keys, {"https://id.example.com"}, moment);
    EXPECT_EQ(good.jti, "1");
    EXPECT_GE(good.expires_at, moment + 60) << "it has to be remembered for as long as it would be taken";
    EXPECT_EQ(with("aud", Json::array({"other", "https://id.example.com/oauth2/token"})), "none");
    EXPECT_EQ(without("iat"), "none");

    EXPECT_EQ(with("iss", another.to_string()), "invalid_client");
    EXPECT_EQ(with("sub", another.to_string()), "invalid_client");
    EXPECT_EQ(with("aud", "https://other.example.com"), "invalid_client");
    EXPECT_EQ(with("exp", moment - 60), "invalid_client");
    EXPECT_EQ(with("exp", moment + 7200), "invalid_client");
    EXPECT_EQ(with("nbf", moment + 60), "invalid_client");
    EXPECT_EQ(with("iat", moment + 60), "invalid_client");
    EXPECT_EQ(with("jti", ""), "invalid_client");
    EXPECT_EQ(with("jti", std::string(256, 'j')), "invalid_client");
    for (const std::string name : {"iss", "sub", "aud", "exp", "jti"}) EXPECT_EQ(without(name), "invalid_client") << name;
}

TEST_F(Assertions, AreSignedByAKeyOfTheClient) {
    const std::string good = signer.token(claims().dump(), "JWT");
    EXPECT_EQ(check(good, auth::KeySet::parse(auth::Signer::generate().jwks()).or_throw()), "invalid_client");
    EXPECT_EQ(check(auth::Signer::generate(auth::Algorithm::es256, signer.kid()).token(claims().dump(), "JWT"), keys), "invalid_client");
    for (const auto alg : {auth::Algorithm::eddsa, auth::Algorithm::rs256}) {
        const auto other = auth::Signer::generate(alg);
        EXPECT_EQ(check(other.token(claims().dump(), "JWT"), auth::KeySet::parse(other.jwks()).or_throw()), "none");
    }
    const std::string body = base64url_encode(claims().dump());
    const auto made = [&](const Json& header, const std::string& key) {
        const std::string input = base64url_encode(header.dump()) + "." + body;
        return input + "." + base64url_encode(hmac_sha256(key, input));
    };
    EXPECT_EQ(check(base64url_encode(R"({"alg":"none"})") + "." + body + ".", keys), "invalid_client");
    EXPECT_EQ(check(made(Json::object({{"alg", "HS256"}}), signer.public_key().jwk()), keys), "invalid_client");
    EXPECT_EQ(check(made(Json::object({{"alg", "ES256"}}), "x"), keys), "invalid_client");
    EXPECT_EQ(check(std::string(20'000, 'a'), keys), "invalid_client");
    EXPECT_EQ(check("a.b", keys), "invalid_client");
    const std::string unnamed = base64url_encode(R"({"alg":"ES256"})") + "." + body;
    EXPECT_EQ(check(unnamed + "." + base64url_encode(signer.sign(unnamed)), keys), "none") << "a client with one key need not name it";
}

} // namespace
} // namespace gravity::issuer
