// Ciphers that a Spring Cloud Config server made with a key of its own. The constants are what Spring Security 6.2.4 writes and reads.
#include "config_fixture.hpp"
#include "spring_cipher.hpp"

#include <gravity/base/crypto.hpp>
#include <gravity/base/encoding.hpp>

namespace gravity::config {
namespace {

constexpr const char* by_text = "57552655fe845626d44d39d829f55a375be90b214385e3b9fa6a9f18702eb984";                // Encryptors.text("foo", "c0ffee00")
constexpr const char* by_delux = "5521ed278fd263a66f5d9747bd2ce4378fa3946a72801914ae997968a8e92c693a76e3453c24b5"; // Encryptors.delux of the same

SpringCipherKey spring_key_of(const std::string& key, const std::string& salt = "deadbeef") { return {Secret<>(key), *hex_decode(salt)}; }

std::string opened_by(const SpringCipherKey& key, const std::string& cipher) {
    const auto text = key.open(cipher);
    return text ? text->reveal() : "closed";
}

TEST(SpringCipher, OpensAsSpringDoes) {
    const SpringCipherKey foo = spring_key_of("foo", "c0ffee00"), coast = spring_key_of("gr\xc3\xbcne K\xc3\xbcste");
    EXPECT_EQ(opened_by(foo, by_text), "hunter2");
    EXPECT_EQ(opened_by(foo, by_delux), "hunter2");
    EXPECT_EQ(opened_by(foo, "000102030405060708090A0B0C0D0E0F0BF68889F206D3A0FB0EFABDEF9A3875"), "hunter2") << "either case";
    EXPECT_EQ(opened_by(coast, "000102030405060708090a0b0c0d0e0f3ce60e4e2def78afec1f46607179ab5c"), "hunter2");
    EXPECT_EQ(opened_by(coast, "000102030405060708090a0b0c0d0e0faeef57447138fb0f812f484381332470e2f097429a03fa"), "hunter2");
    EXPECT_EQ(opened_by(coast, "000102030405060708090a0b0c0d0e0f8d7549f26d92acc5cd2a79fa48ac3872"), "") << "an empty text, by CBC";
    EXPECT_EQ(opened_by(coast, "000102030405060708090a0b0c0d0e0f4852f5e9e9c96be4f9c325939a5f59c7"), "") << "an empty text, by GCM";
}

TEST(SpringCipher, StaysClosedOtherwise) {
    const SpringCipherKey foo = spring_key_of("foo", "c0ffee00");
    EXPECT_EQ(opened_by(spring_key_of("foo"), by_delux), "closed") << "another salt";
    EXPECT_EQ(opened_by(spring_key_of("bar", "c0ffee00"), by_delux), "closed") << "another key";
    std::string changed = by_delux;
    for (std::size_t i = 0; i < changed.size(); ++i) {
        const char was = changed[i];
        changed[i] = was == '0' ? '1' : '0';
        EXPECT_EQ(opened_by(foo, changed), "closed") << i;
        changed[i] = was;
    }
    const SpringCipherKey coast = spring_key_of("gr\xc3\xbcne K\xc3\xbcste");
    EXPECT_EQ(opened_by(coast, "000102030405060708090a0b0c0d0e0f2aa7cc0d4ab3f08dab7a6e662541d31f"), "closed") << "no UTF-8";
    const std::string text = by_text;
    const std::string no_digits(64, 'x');
    for (const std::string& none : {std::string(), std::string("00"), text.substr(1), text.substr(0, 32), text.substr(0, 62), text + "0g", no_digits})
        EXPECT_EQ(opened_by(foo, none), "closed") << none;
    EXPECT_TRUE(is_spring_cipher(by_text) && is_spring_cipher(by_delux));
    EXPECT_FALSE(is_spring_cipher(text + "0") || is_spring_cipher(text.substr(2)) || is_spring_cipher("gs1." + text));
}

class SpringKeys : public ConfigApi {
protected:
    SpringKeys() : ConfigApi({{"CONFIG_MASTER_KEY", base64_encode(random_bytes(32))}}) {}
    testkit::Client trusted = service.caller(service.project(), "configs:read configs:secrets", "somebody");
    testkit::Client writer = service.caller(service.project(), "configs:write", "writer");
    const std::string key_at = "/api/v1/config/spring-key";

    void take_key() { as.owner.put(key_at, {{"key", "foo"}, {"salt", "c0ffee00"}}).expect(200); }
    testkit::Call import_of(const std::string& value) {
        return as.owner.post(configs + "/import", {{"application", "shop"}, {"format", "yaml"}, {"content", "password: '" + value + "'\n"}});
    }
};

TEST_F(SpringKeys, AreKeptAndNotShown) {
    as.owner.get(key_at).expect_problem(404, "not-found");
    const auto put = as.owner.put(key_at, {{"key", "very secret"}}).expect(200).field("/salt", "deadbeef").field("/version", 1).field("/updated_by", "tester");
    EXPECT_EQ(put.body().find("very secret"), std::string::npos);
    EXPECT_EQ(as.owner.get(key_at).expect(200).body(), put.body());
    as.owner.put(key_at, {{"key", "another"}, {"salt", "00"}}).expect(200).field("/salt", "00").field("/version", 2);
    for (const std::string table : {"spring_key", "audit"})
        EXPECT_EQ(service.database().admin("select count(*) from " + table + " t where t::text like '%secret%' or t::text like '%another%'"), "0") << table;
    as.stranger.get(key_at).expect_problem(404, "not-found");
    as.stranger.del(key_at).expect_problem(404, "not-found");
    as.reader.get(key_at).expect_problem(403, "forbidden");
    writer.put(key_at, {{"key", "mine"}}).expect_problem(403, "forbidden");
    const std::string long_one(4'097, 'k');
    const std::pair<std::string, std::string> refused[] = {
        {"xy", "k"}, {"abc", "k"}, {"", "k"}, {"00", long_one}, {"00", ""}, {"00", "-----BEGIN RSA PRIVATE KEY-----"}};
    for (const auto& [salt, key] : refused)
        as.owner.put(key_at, {{"key", key}, {"salt", salt}}).expect_problem(422, "invalid-value");
    as.owner.put(key_at, {{"key", "third"}}).if_match("\"1\"").expect_problem(412, "stale-version");
    as.owner.del(key_at).if_match("\"1\"").expect_problem(412, "stale-version");
    as.owner.del(key_at).expect(204);
    as.owner.get(key_at).expect_problem(404, "not-found");
}

TEST_F(SpringKeys, OpenWhatIsImported) {
    import_of("{cipher}" + std::string(by_text)).expect_problem(422, "invalid-value"); // there is no key
    take_key();
    import_of("{cipher}" + std::string(by_text)).expect(200).field("/keys", 1);
    const std::string shop = configs + "/" + as.owner.get(configs + "?application=shop").expect(200).text("/items/0/id");
    as.owner.get(shop + "/draft").expect(200).field("/items/password", "***");
    publish(as.owner, shop);
    const std::string password = "/propertySources/0/source/password";
    trusted.get("/spring/shop/default").expect(200).field(password, "hunter2");
    as.reader.get("/spring/shop/default").expect(200).field(password, "***");
    // The same text by the other mode, with the name of a key before it as servers with several have it, changes nothing.
    import_of("{cipher}{key:main}" + std::string(by_delux)).expect(200).field("/changed", 0);
    // Without the key what is sealed stays, and nothing new comes.
    as.owner.del(key_at).expect(204);
    trusted.get("/spring/shop/default").expect(200).field(password, "hunter2");
    import_of("{cipher}" + std::string(by_text)).expect_problem(422, "invalid-value");
}

TEST_F(SpringKeys, OpenForWhoMayBeShownSecretsAlone) {
    take_key();
    EXPECT_EQ(as.owner.post("/spring/decrypt").raw(by_text, "text/plain").expect(200).body(), "hunter2");
    EXPECT_EQ(trusted.post("/spring/decrypt").raw("{cipher}" + std::string(by_delux), "text/plain").expect(200).body(), "hunter2");
    as.stranger.post("/spring/decrypt").raw(by_text, "text/plain").expect_problem(400, "not-a-cipher");
    writer.post("/spring/decrypt").raw(by_text, "text/plain").expect_problem(403, "forbidden");
    const std::string at = set(as.owner, "shop").location();
    const Json items = Json::object({{"password", "{cipher}" + std::string(by_text)}});
    writer.patch(at + "/draft", {{"items", items}}).expect_problem(422, "invalid-value").field("/errors/0/pointer", "/items/password");
    draft(as.owner, at, items).field("/items/password", "***");
}

class NoMasterKeyForSpring : public ConfigApi {};

TEST_F(NoMasterKeyForSpring, SaysSo) {
    as.owner.put("/api/v1/config/spring-key", {{"key", "foo"}}).expect_problem(503, "secrets-unavailable");
    as.owner.get("/api/v1/config/spring-key").expect_problem(404, "not-found");
}

} // namespace
} // namespace gravity::config
