#include "cipher.hpp"
#include "cipher_api.hpp"
#include "config_fixture.hpp"

#include <gravity/base/crypto.hpp>
#include <gravity/base/encoding.hpp>

namespace gravity::config {
namespace {

class Ciphers : public ConfigApi {
protected:
    Ciphers() : ConfigApi({{"CONFIG_MASTER_KEY", base64_encode(random_bytes(32))}}) {}
    testkit::Client trusted = service.caller(service.project(), "configs:read configs:secrets", "somebody");

    testkit::Answer encrypt(const testkit::Client& who, const std::string& text, const std::string& type = "text/plain") {
        return who.post("/spring/encrypt").raw(text, type).expect(200);
    }
    testkit::Answer decrypt(const testkit::Client& who, const std::string& cipher, const std::string& type = "text/plain") {
        return who.post("/spring/decrypt").raw(cipher, type).send();
    }
};

TEST_F(Ciphers, AreMadeAndOpened) {
    as.reader.get("/spring/encrypt/status").expect(200).field("/status", "OK");
    for (const std::string text : {"hunter2", "", "gr\xc3\xbcn & \"=\"\n", "{cipher}x"}) {
        const auto cipher = encrypt(as.owner, text);
        EXPECT_EQ(cipher.header("Content-Type"), "text/plain; charset=utf-8");
        EXPECT_EQ(cipher.body().find("hunter2"), std::string::npos);
        EXPECT_NE(encrypt(as.owner, text).body(), cipher.body());
        EXPECT_EQ(decrypt(as.owner, cipher.body()).body(), text);
        EXPECT_EQ(decrypt(trusted, "{cipher}" + cipher.body() + "\n").body(), text);
    }
}

// What curl makes of -d and of --data-urlencode, and what Spring's own clients of forms send.
TEST_F(Ciphers, AreTakenFromForms) {
    const std::string form = "application/x-www-form-urlencoded";
    const std::pair<std::string, std::string> texts[] = {
        {"hunter2", "hunter2"}, {"a%2Bb%3D", "a+b="}, {"hunter2=", "hunter2"}, {"a+b", "a b"}, {"100%", "100%"}};
    for (const auto& [sent, text] : texts)
        EXPECT_EQ(decrypt(as.owner, encrypt(as.owner, sent, form).body()).body(), text) << sent;
    const std::string cipher = encrypt(as.owner, "x").body();
    EXPECT_EQ(decrypt(as.owner, cipher + "=", form).body(), "x");
    EXPECT_EQ(decrypt(as.owner, cipher, form + "; charset=UTF-8").body(), "x");
}

TEST_F(Ciphers, AreTheSameForWhomever) {
    const std::string cipher = as.owner.post("/spring/encrypt/shop/dev,eu").raw("hunter2", "text/plain").expect(200).body();
    EXPECT_EQ(decrypt(as.owner, cipher).body(), "hunter2");
    EXPECT_EQ(as.owner.post("/spring/decrypt/till/default").raw(cipher, "text/plain").expect(200).body(), "hunter2");
    as.owner.get("/api/v1/config/audit?action=cipher.decrypted").expect(200).field("/items/1/subject", "tester").field("/items/2", Json());
    as.reader.post("/spring/encrypt/shop/dev").raw("x", "text/plain").expect_problem(403, "forbidden");
    as.reader.post("/spring/decrypt/shop/dev").raw(cipher, "text/plain").expect_problem(403, "forbidden");
    // An application may be called like this.
    published(as.owner, "encrypt", "dev", Json::object({{"a", 1}}));
    as.owner.get("/spring/encrypt/dev").expect(200).field("/propertySources/0/source/a", 1);
    as.owner.get("/spring/encrypt/dev/main").expect(200).field("/propertySources/0/source/a", 1);
}

TEST_F(Ciphers, OpenInTheirProjectForWhoMaySeeSecrets) {
    const std::string cipher = encrypt(as.owner, "hunter2").body();
    const auto elsewhere = decrypt(as.stranger, cipher);
    EXPECT_EQ(elsewhere.status(), 400);
    elsewhere.field("/type", "urn:gravity:problem:not-a-cipher");
    as.reader.post("/spring/decrypt").raw(cipher, "text/plain").expect_problem(403, "forbidden");
    as.reader.post("/spring/encrypt").raw("x", "text/plain").expect_problem(403, "forbidden");
    const auto writer = service.caller(service.project(), "configs:read configs:write");
    EXPECT_EQ(decrypt(writer, encrypt(writer, "x").body()).status(), 403);
    as.anonymous.post("/spring/encrypt").raw("x", "text/plain").expect_problem(401, "unauthenticated");
    as.anonymous.get("/spring/encrypt/status").expect_problem(401, "unauthenticated");
}

TEST_F(Ciphers, RefuseWhatIsNone) {
    std::string cipher = encrypt(as.owner, "hunter2").body();
    for (const std::string none : {"", "x", "{cipher}", "{cipher}x", "gs1.x.y"}) EXPECT_EQ(decrypt(as.owner, none).status(), 400) << none;
    cipher.back() = cipher.back() == 'A' ? 'Q' : 'A';
    EXPECT_EQ(decrypt(as.owner, cipher).status(), 400);
    as.owner.post("/spring/encrypt").raw(std::string(64 * 1024 + 1, 'x'), "text/plain").expect_problem(413, "value-too-large");
    as.owner.post("/spring/encrypt").raw(std::string(300 * 1024, 'x'), "text/plain").expect(413);
    as.owner.post("/spring/encrypt").raw("\xff", "text/plain").expect_problem(400, "malformed-request");
    const std::string most(64 * 1024, 'x');
    EXPECT_EQ(decrypt(as.owner, encrypt(as.owner, most).body()).body(), most);
}

TEST_F(Ciphers, BecomeSecretsOfASet) {
    const std::string cipher = "{cipher}" + encrypt(as.owner, "hunter2").body();
    const std::string at = set(as.owner, "shop").location();
    const Json db = Json::object({{"user", "sa"}, {"password", cipher}, {"hosts", Json::array({"a", cipher})}});
    const auto drafted = draft(as.owner, at, Json::object({{"db", db}, {"url", "db://${db.user}:${db.password}@h"}}));
    drafted.field("/items/db.password", "***").field("/items/db.hosts[1]", "***").field("/items/db.user", "sa");
    EXPECT_EQ(drafted.text("/secrets/db.password").size(), 16u);
    publish(as.owner, at);
    const std::string source = "/propertySources/0/source/";
    trusted.get("/spring/shop/dev").expect(200).field(source + "db.password", "hunter2").field(source + "db.hosts[1]", "hunter2");
    trusted.get("/spring/shop-dev.json").expect(200).field("/url", "db://sa:hunter2@h");
    service.caller(service.project(), "configs:read", "shop").get("/spring/shop/dev").expect(200).field("/propertySources/0/source/db.password", "hunter2");
    as.reader.get("/spring/shop/dev").expect(200).field("/propertySources/0/source/db.password", "***");
    for (const std::string table : {"draft", "release_item"})
        EXPECT_EQ(service.database().admin("select count(*) from " + table + " t where t::text like '%hunter%' or t::text like '%{cipher}%'"), "0") << table;
    // The same cipher again, and another of the same text, change nothing.
    draft(as.owner, at, Json::object({{"db.password", "{cipher}" + encrypt(as.owner, "hunter2").body()}}));
    as.owner.post(at + "/releases", testkit::Members(Json::object())).expect_problem(409, "nothing-to-publish");
}

TEST_F(Ciphers, AreRefusedInDraftsWhereTheyDoNotOpen) {
    const std::string at = set(as.owner, "shop").location();
    const std::string theirs = "{cipher}" + encrypt(as.stranger, "hunter2").body();
    for (const std::string& cipher : {theirs, std::string("{cipher}"), std::string("{cipher}0123456789abcdef")})
        as.owner.patch(at + "/draft", {{"items", Json::object({{"a", cipher}, {"b", 1}})}})
            .expect_problem(422, "invalid-value")
            .field("/errors/0/pointer", "/items/a");
    as.owner.get(at + "/draft").expect(200).field("/items", Json::object());
    EXPECT_TRUE(is_cipher(theirs));
    EXPECT_FALSE(is_cipher("x{cipher}") || is_cipher("{cipher") || is_cipher(""));
}

class NoCipherKey : public ConfigApi {};

TEST_F(NoCipherKey, SaysSo) {
    as.owner.get("/spring/encrypt/status").expect_problem(503, "secrets-unavailable");
    as.owner.post("/spring/encrypt").raw("x", "text/plain").expect_problem(503, "secrets-unavailable");
    as.owner.post("/spring/decrypt").raw("x", "text/plain").expect_problem(503, "secrets-unavailable");
    const std::string at = set(as.owner, "shop").location();
    as.owner.patch(at + "/draft", {{"items", Json::object({{"a", "{cipher}x"}})}}).expect_problem(503, "secrets-unavailable");
    draft(as.owner, at, Json::object({{"a", "x{cipher}"}})).field("/items/a", "x{cipher}");
}

class PlatformsKey : public ConfigApi {
protected:
    PlatformsKey() : ConfigApi({{"MASTER_KEY", base64_encode(random_bytes(32))}}) {}
};

TEST_F(PlatformsKey, IsTakenWhereThereIsNoOther) {
    as.owner.get("/spring/encrypt/status").expect(200);
    const std::string cipher = as.owner.post("/spring/encrypt").raw("x", "text/plain").expect(200).body();
    EXPECT_EQ(as.owner.post("/spring/decrypt").raw(cipher, "text/plain").expect(200).body(), "x");
}

} // namespace
} // namespace gravity::config
