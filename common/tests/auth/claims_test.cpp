#include <gravity/auth/claims.hpp>
#include <gravity/json/json.hpp>

#include <gtest/gtest.h>

namespace gravity::auth {
namespace {

Result<Claims> read(std::string_view payload, const ClaimPlaces& places = {}) {
    const auto json = Json::parse(payload);
    EXPECT_TRUE(json) << payload;
    return claims_from(*json, places);
}

constexpr std::string_view least = R"("iss":"i","aud":"a","sub":"s","exp":100)";
std::string with(std::string_view more) { return '{' + std::string(least) + ',' + std::string(more) + '}'; }

TEST(Claims, ReadsAll) {
    const auto claims =
        read(R"({"iss":"https://issuer","aud":["a","b"],"sub":"u1","exp":1000.9,"nbf":900,"iat":899,"jti":"t1",
        "project":"0190b6a0-0000-7000-8000-000000000001","env":"staging","plan":"team",
        "scope":"products:write  orders:read products:write","roles":["owner","staff"],
        "sid":"sess","client_id":"web","act":{"sub":"gateway","act":{"sub":"batch"}},"acr":"urn:mfa","amr":["pwd","otp"],"auth_time":850,
        "cnf":{"jkt":"thumb"},"something_else":{"deep":[1,2,3]}})");
    ASSERT_TRUE(claims);
    EXPECT_EQ(claims->issuer, "https://issuer");
    EXPECT_EQ(claims->audience, (std::vector<std::string>{"a", "b"}));
    EXPECT_EQ(claims->subject, "u1");
    EXPECT_EQ(claims->expires_at, 1000);
    EXPECT_EQ(claims->not_before, 900);
    EXPECT_EQ(claims->issued_at, 899);
    EXPECT_EQ(claims->id, "t1");
    EXPECT_EQ(claims->project.to_string(), "0190b6a0-0000-7000-8000-000000000001");
    EXPECT_EQ(claims->environment, "staging");
    EXPECT_EQ(claims->plan, "team");
    EXPECT_EQ(read(with(R"("plan":{"tier":1})"))->plan, "") << "another issuer's own";
    EXPECT_EQ(claims->scopes, (std::vector<std::string>{"orders:read", "products:write"}));
    EXPECT_EQ(claims->roles, (std::vector<std::string>{"owner", "staff"}));
    EXPECT_EQ(claims->session, "sess");
    EXPECT_EQ(claims->client, "web");
    EXPECT_EQ(claims->actors, (std::vector<std::string>{"gateway", "batch"}));
    EXPECT_EQ(claims->acr, "urn:mfa");
    EXPECT_EQ(claims->amr, (std::vector<std::string>{"pwd", "otp"}));
    EXPECT_EQ(claims->auth_time, 850);
    EXPECT_EQ(claims->key_thumbprint, "thumb");
    const Caller caller = caller_of(*claims);
    EXPECT_EQ(caller.subject, "u1");
    EXPECT_EQ(caller.project, claims->project);
    EXPECT_EQ(caller.session, "sess");
    EXPECT_EQ(caller.actor, "gateway");
    EXPECT_EQ(caller.roles, claims->roles);
    EXPECT_TRUE(caller.may("products:read"));
    EXPECT_FALSE(caller.may("orders:write"));
    const auto again = read(to_json(*claims));
    ASSERT_TRUE(again);
    EXPECT_EQ(*again, *claims);
    EXPECT_EQ(Json::parse(to_json(*claims)).or_throw().dump(), to_json(*claims)) << "in the order and the form of every other document";
}

TEST(Claims, NeedsFourOfThem) {
    ASSERT_TRUE(read('{' + std::string(least) + '}'));
    for (const char* payload :
         {R"({"aud":"a","sub":"s","exp":1})", R"({"iss":"i","sub":"s","exp":1})", R"({"iss":"i","aud":"a","exp":1})",
          R"({"iss":"i","aud":"a","sub":"s"})", R"({"iss":"","aud":"a","sub":"s","exp":1})",
          R"({"iss":"i","aud":[],"sub":"s","exp":1})", R"({"iss":"i","aud":"a","sub":"","exp":1})", "{}"}) {
        const auto claims = read(payload);
        ASSERT_FALSE(claims) << payload;
        EXPECT_EQ(claims.error(), VerifyError::missing_claim) << payload;
    }
}

TEST(Claims, RefusesWrongShapes) {
    std::string deep = R"({"sub":"x"})";
    for (int i = 0; i < 8; ++i) deep = R"({"sub":"x","act":)" + deep + '}';
    std::string many = R"(["r")";
    for (int i = 0; i < 256; ++i) many += R"(,"r")";
    many += ']';
    const std::string cases[] = {
        "[]",
        "null",
        R"({"iss":["i"],"aud":"a","sub":"s","exp":1})",
        R"({"iss":"i","aud":7,"sub":"s","exp":1})",
        R"({"iss":"i","aud":["a",7],"sub":"s","exp":1})",
        R"({"iss":"i","aud":"a","sub":7,"exp":1})",
        R"({"iss":"i","aud":"a","sub":"s","exp":"1"})",
        R"({"iss":"i","aud":"a","sub":"s","exp":-1})",
        R"({"iss":"i","aud":"a","sub":"s","exp":1e300})",
        R"({"iss":"i","aud":"a","sub":"s","exp":9223372036854775807})",
        R"({"iss":"i","aud":"a","sub":"s","exp":null})",
        R"({"iss":"i","aud":"a","sub":"s","exp":true})",
        with(R"("nbf":"now")"),
        with(R"("iat":[])"),
        with(R"("project":"not-a-uuid")"),
        with(R"("project":"00000000-0000-0000-0000-000000000000")"),
        with(R"("project":7)"),
        with(R"("scope":7)"),
        with(R"("scope":"a\u0007b")"),
        with(R"("scope":"caf\u00e9")"),
        with(R"("scope":"a\"b")"),
        with(R"("roles":"owner")"),
        with(R"("roles":[1])"),
        with(R"("roles":)" + many),
        with(R"("amr":"pwd")"),
        with(R"("sid":{})"),
        with(R"("act":"gateway")"),
        with(R"("act":{})"),
        with(R"("act":{"sub":1})"),
        with(R"("act":)" + deep),
        with(R"("cnf":"x")"),
        with(R"("cnf":{})"),
        with(R"("cnf":{"jwk":{}})"),
        with(R"("auth_time":"x")"),
        with(R"("jti":1)"),
    };
    for (const auto& payload : cases) {
        const auto claims = read(payload);
        ASSERT_FALSE(claims) << payload;
        EXPECT_EQ(claims.error(), VerifyError::malformed) << payload;
    }
}

TEST(Claims, FindsThemWhereAProviderKeepsThem) {
    ClaimPlaces places;
    places.roles = "/realm_access/roles";
    places.scope = "/scp";
    places.project = "/https:~1~1example.org~1project";
    const auto claims =
        read(with(R"("realm_access":{"roles":["admin"]},"scp":["a:read","b:write"],)"
                  R"("https://example.org/project":"0190b6a0-0000-7000-8000-000000000001","roles":"of no interest")"),
             places);
    ASSERT_TRUE(claims);
    EXPECT_EQ(claims->roles, std::vector<std::string>{"admin"});
    EXPECT_EQ(claims->scopes, (std::vector<std::string>{"a:read", "b:write"}));
    EXPECT_TRUE(claims->project.is_set());
}

} // namespace
} // namespace gravity::auth
