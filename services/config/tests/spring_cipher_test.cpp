// Ciphers that a Spring Cloud Config server made with a key of its own. The constants are what Spring Security 6.2.4 writes and reads.
#include "config_fixture.hpp"
#include "spring_cipher.hpp"

#include <gravity/base/crypto.hpp>
#include <gravity/base/encoding.hpp>

#include <algorithm>
#include <iterator>

namespace gravity::config {
namespace {

constexpr const char* by_text = "57552655fe845626d44d39d829f55a375be90b214385e3b9fa6a9f18702eb984";                // Encryptors.text("foo", "c0ffee00")
constexpr const char* by_delux = "5521ed278fd263a66f5d9747bd2ce4378fa3946a72801914ae997968a8e92c693a76e3453c24b5"; // Encryptors.delux of the same

// What spring-security-rsa 1.1.2 wrote with a key pair that is used nowhere else.
constexpr const char* pair = // PKCS #1
    R"(-----BEGIN RSA PRIVATE KEY-----
MIIEowIBAAKCAQEA02ENk/z1UZzGcxuBWCmVzP/d3RUx92XqnyANYQxi0FhBLoOW
FSw/sFBPwpP2SCHTiXuV7pVuTfzYYzcaJ5AH7VGlOA8EJgvjydMwWfDPtwTy8IF+
YEH47jV8m9xHkkGOD2imdd1/Z7FrNu3gbiG4Bh2v+t1vmiRVtw1SGbumGMVstYVD
hYmKmEqjG+g+qXvqHavYmMVby9rBfmW64gVYyTp4KjVNz638YA+3DTcF48Kvap+S
mHYKSpFTpR9LTXWePj6Ery2Pl6ZJU/kw0ppOtSrmKj3WmdDv2T8FKZGktjnZVKma
tiGsOOuZSzDNbqfOaXRemvD8U3ji8rfilb0QkwIDAQABAoIBAA8wKQ6aHXJoxmWc
81VHX6kkNWfeTwHMw+f9IJj5j9wSi1RxRgZtcIIVszVy9j5Gl/GH/MTw3cUixtWS
LwHquncV5744bf7h2dM1poK/59zpsR8Q3ujBtMZA95wnXskmhrOavGM5sB7eQ6rl
uruPFq7x0SRAZvV3aOVHQr/wmMWswFeA9u60iVIRdUMCrltQP5PgRyvUaaYEyZTB
Ojh+174LW72adRtJG1EY1JyTYsBn9IKrXJufGzflG+W5RrFD9A4LRwdMiYsE6GQI
7vxaIzxDhSw88F1ZJ8zwUSxGipDhQ1TnDdCueCsWh6wvaKTLBy1QnudemYP+0btx
QeQMWvkCgYEA+heHABX5LXOdC61wjJirTPhlzPI98wbqllQ0+VZUG32/UWCRQp95
dURxyhNlQvy8DXI+u5AbK2cQ+wMvT6Eh64Lj08UrpxEalgtsdvRkeBjw1GLw9g9r
LM6jUie7KBQ47lkSLFu+4yY22yZJ8GsojxiP26CrakdRNHIgyj1ejBcCgYEA2F9n
U0YPB9A1X/RsbBl68S+Ae/XsSGY2X9BkPXTNOVUZFy/xa19F1k4c75Awt6kRISXj
TGfHf6SVnSPpi6dmKh2EfjcsbfV6Y+pD0qR4E3nh0B62Jbr4e3BfBeFKEsNkcmT7
eeSCYQtiH1zIl4aIOBEieYTRdIzDEZf3oJ58QOUCgYBJ0Uf3roSt9cIVAEyIM0fc
oDTsGVRPt2rmlFROhDyvIJ6n1mkJ0Sh4hItRqgfpjc+z6FS75/0dAn7wmDAOwPDS
IwA8MaaA2XuPbi/FrL069aGgDtQwzLxFrXhnd3K2kcF8GK5UiX/+a/klFlgcroR6
ODW+Dd6KsCI36Lfk+dg+YQKBgDrviZpiG9f5+3/eeOXc7uLhGHMrYie6R5dDkPo4
ZWn3ZvUs5upjMgeUkUcjlFGCaJsJ0ebO4cU/1EzQKl4Sw742+g7TAnQVCDhM6Bpp
GBfd/AcPRnfyfJpK2mcknWOM+0A5h1IFTwoV6q02PaEgUNxMtoI5DkBb0wpoxVdn
s9qNAoGBAMs7HpILybfVPof+/kftKzLLax4RrD2Ps9LBJPvXmxICeApvdLARXoCQ
9ghyiFa4CW71vNN/mxK3JrEP7Yxu8QxS8MjPY1tIVDBPnOKisclgUJ6JipVLF067
9xBFsU9ocJTxHTcbkCoQpkHj1VqkwXjPf5RdQdrUJwUREEKMYGC+
-----END RSA PRIVATE KEY-----)";
constexpr const char* pair_as_pkcs8 = // the same as PKCS #8
    R"(-----BEGIN PRIVATE KEY-----
MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQDTYQ2T/PVRnMZz
G4FYKZXM/93dFTH3ZeqfIA1hDGLQWEEug5YVLD+wUE/Ck/ZIIdOJe5XulW5N/Nhj
NxonkAftUaU4DwQmC+PJ0zBZ8M+3BPLwgX5gQfjuNXyb3EeSQY4PaKZ13X9nsWs2
7eBuIbgGHa/63W+aJFW3DVIZu6YYxWy1hUOFiYqYSqMb6D6pe+odq9iYxVvL2sF+
ZbriBVjJOngqNU3PrfxgD7cNNwXjwq9qn5KYdgpKkVOlH0tNdZ4+PoSvLY+XpklT
+TDSmk61KuYqPdaZ0O/ZPwUpkaS2OdlUqZq2Iaw465lLMM1up85pdF6a8PxTeOLy
t+KVvRCTAgMBAAECggEADzApDpodcmjGZZzzVUdfqSQ1Z95PAczD5/0gmPmP3BKL
VHFGBm1wghWzNXL2PkaX8Yf8xPDdxSLG1ZIvAeq6dxXnvjht/uHZ0zWmgr/n3Omx
HxDe6MG0xkD3nCdeySaGs5q8YzmwHt5DquW6u48WrvHRJEBm9Xdo5UdCv/CYxazA
V4D27rSJUhF1QwKuW1A/k+BHK9RppgTJlME6OH7XvgtbvZp1G0kbURjUnJNiwGf0
gqtcm58bN+Ub5blGsUP0DgtHB0yJiwToZAju/FojPEOFLDzwXVknzPBRLEaKkOFD
VOcN0K54KxaHrC9opMsHLVCe516Zg/7Ru3FB5Axa+QKBgQD6F4cAFfktc50LrXCM
mKtM+GXM8j3zBuqWVDT5VlQbfb9RYJFCn3l1RHHKE2VC/LwNcj67kBsrZxD7Ay9P
oSHrguPTxSunERqWC2x29GR4GPDUYvD2D2sszqNSJ7soFDjuWRIsW77jJjbbJknw
ayiPGI/boKtqR1E0ciDKPV6MFwKBgQDYX2dTRg8H0DVf9GxsGXrxL4B79exIZjZf
0GQ9dM05VRkXL/FrX0XWThzvkDC3qREhJeNMZ8d/pJWdI+mLp2YqHYR+Nyxt9Xpj
6kPSpHgTeeHQHrYluvh7cF8F4UoSw2RyZPt55IJhC2IfXMiXhog4ESJ5hNF0jMMR
l/egnnxA5QKBgEnRR/euhK31whUATIgzR9ygNOwZVE+3auaUVE6EPK8gnqfWaQnR
KHiEi1GqB+mNz7PoVLvn/R0CfvCYMA7A8NIjADwxpoDZe49uL8WsvTr1oaAO1DDM
vEWteGd3craRwXwYrlSJf/5r+SUWWByuhHo4Nb4N3oqwIjfot+T52D5hAoGAOu+J
mmIb1/n7f9545dzu4uEYcytiJ7pHl0OQ+jhlafdm9Szm6mMyB5SRRyOUUYJomwnR
5s7hxT/UTNAqXhLDvjb6DtMCdBUIOEzoGmkYF938Bw9Gd/J8mkraZySdY4z7QDmH
UgVPChXqrTY9oSBQ3Ey2gjkOQFvTCmjFV2ez2o0CgYEAyzsekgvJt9U+h/7+R+0r
MstrHhGsPY+z0sEk+9ebEgJ4Cm90sBFegJD2CHKIVrgJbvW803+bErcmsQ/tjG7x
DFLwyM9jW0hUME+c4qKxyWBQnomKlUsXTrv3EEWxT2hwlPEdNxuQKhCmQePVWqTB
eM9/lF1B2tQnBREQQoxgYL4=
-----END PRIVATE KEY-----)";
constexpr const char* by_pair = // RsaSecretEncryptor with RsaAlgorithm.DEFAULT, as a server has it unless told otherwise
    "AQCHqtXSo/+KvZ5HhDJDWd1kdMFxCE8mgBJLHrkdXFvEi+VAksi2z6WqfZSnCFuFe5HSQaolLfct6Tx+5wWJsmK0PPNEgl0Ddr9qzaNtBh3ACW8CsgzOX3zokRGkAU2JPZp0qmTuT5K5"
    "ePvvSS/LLC3DZH1Cpp9CDfRadGDkHevjJyVV+Y3phMEAaLDpebsh2r2aq2MXKQJQSA2YrBIB4VN9aUdC4T/ee/+/290w9uDS8JSUjzgHJt/As7RAofnsv3h1dRMmPtl+37ghJrYyzIuI"
    "pAlJup9c5M1q088Jqxv/X+9YgZLdAxrc7MyaWQlu+wZX/6xFcU54Ta56s5Pb6AL6MARIKZ4h8DYADCyEI+WSe/W9lwri4137u4gd3MPLPr4=";
constexpr const char* by_pair_strong = // the same, `encrypt.rsa.strong`
    "AQAc6USQiEOtj+D95PiiJ/cdKaKknwWBMzVTdYXof/JmA5+hPC1+htKFcWN+JcQAP+Eobl/o8Do7Qpd87gDrLz869EEciNFFYM1YovxRbiBP715jEKBl+8LyqqLMfHPcOYS11DPqV+Nz"
    "lYvr0zZrzCo97q3p68x9mxS1Z4FuwxsKKLV3yVzh7jwyNMfF4rbmjEcgiOfm5tCi7xV3dmw5RmogsEXOEQkwCdTF4I4hV8ygH/5tfDPfyjRBno6xQcwpI40OavJBCeZmekPMtj99sQMM"
    "JvjyAlJLY43EoANYHuRInbxwtFmRzYr9JacAYIfTQ4rpsNsNMyvWdAFlDPPg/yjNz/XSmMvpuI/+87vlGV3LDH1UPo2MsKUm4ZgI744sQ3dcl+VC8NjA";
constexpr const char* by_pair_oaep = // `encrypt.rsa.algorithm: oaep`
    "AQDCLw7PvPXKRpZm3FWT1pP1vWaNOkMLFxKZc0RDkwGs2cSJf5OgLum/nVSyxqHE0j9HH0usSIOcOMISKShms2zCt6VoYELlKHWXBsIReFKSAI8IN166eZTeT6dLFrkYOlabLF53+6CW"
    "XKNkATzsxPluM8zQx5gOtsCU712exlggyFbXIafuByS4BplubVBasSphBeEm1q0BrxFsS4UIQwicYZYhiFGiUgWBkw4LrrsmYJJC+GVPEATH/7GBahdJci6W99CM+VnkaUxt8w4eg+Pn"
    "LkVhG0tTMg2KmjQ5edQ7rYMloxZOFb+LyEPfqtBARPwmkOuimXd4/8GF3f1DbL1TXxr46rElo+6XDfqvwLZGu1L8hzA9Ddlrj7xya2o0LcM=";
constexpr const char* by_pair_oaep_strong = // both
    "AQB3tOGjO9VjuQINXNqhtPT1vQPQ7A7RS34KzZNozbZsU7vSaYrGrxyMRY7iGTH2SFaeecN/kMfFtQZug5gaTBaD1e82oe/0iNf/smgO/RgVfVilEaqCZyKMkF2jTYmsXQDanOXi+vd3"
    "Ky0lz4l7QSVq+zFHfbVaz1SaOgSFWuFf95HjD+sPzH62AvqR8F4g+c/EdunOYB6YPaLgjjKCCTJoAwhpHDP9pQJmTQRneI2b+f/9kS6ST77hQ/FNK6Nyzv729A1OktkQyPwgv7HxqHQS"
    "2DgIoqi6zu8OwS2lZG01r5kpx9l/kxIKics1qLKO7DEw/2pNHLlwtdXG1+ri9+86xmcLsB1RtQfEbXhdOUu4lbVOYNGGeUVyztZNz0iDVpQiBXpUIbX3";
constexpr const char* by_pair_salted = // `encrypt.rsa.salt: some salt`; the text has umlauts
    "AQBtm1tdL3ky/iMh+cC445ZZxNVgp6HAKxmrLHCnibO3scWt7E4XogVEQ26GQsSWWKo+5JrKV+UQqY6xgvBGzZuZoawdNH9zW+4t2p3z0pmPMSZaK3eKrk8hsFpm5mXkmVdoVgjrJHSj"
    "spGo89GrVdx44Oz8CUvQ6kC9niKeWOKOqv6y24/rYobUC10JQO/3nmEZ99COlNnXPh0GlPsEa4NxFIXtPCsjAT8RzNtVUapjjJeWccbbwNmzVM6wB/eMEoy0WjEwu8x5up9a7s6smNGT"
    "O7/K2CvVI7O7f8Btn+QxIB+MKgWOrq4VRzlf+zN+TGAZxun7b8q4l7oFwL641z1XLoVgacYBTlHLxDz3VcqN3da31rIo94yk5jvU+Q0foIQ=";

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

std::string opened_by_pair(const std::string& pem, const std::string& cipher, std::string_view salt = "\xde\xad\xbe\xef") {
    const auto text = SpringKeyPair::parse(Secret<>(pem), salt).or_throw().open(cipher);
    return text ? text->reveal() : "closed";
}

TEST(SpringKeyPairs, OpenAsSpringDoes) {
    for (const std::string pem : {pair, pair_as_pkcs8})
        for (const std::string cipher : {by_pair, by_pair_strong, by_pair_oaep, by_pair_oaep_strong})
            EXPECT_EQ(opened_by_pair(pem, cipher), "hunter2") << cipher;
    EXPECT_EQ(opened_by_pair(pair, by_pair_salted, "some salt"), "gr\xc3\xbcne K\xc3\xbcste");
}

TEST(SpringKeyPairs, StayClosedOtherwise) {
    EXPECT_EQ(opened_by_pair(pair, by_pair_strong, "x"), "closed") << "another salt";
    const std::string good = *base64_decode(by_pair_oaep_strong);
    for (std::size_t i = 0; i < good.size(); ++i) { // each bit of it counts
        std::string changed = good;
        changed[i] = static_cast<char>(changed[i] ^ 1);
        EXPECT_EQ(opened_by_pair(pair, base64_encode(changed)), "closed") << i;
    }
    for (const std::size_t size : {0U, 1U, 2U, 258U, 289U}) EXPECT_EQ(opened_by_pair(pair, base64_encode(good.substr(0, size))), "closed") << size;
    for (const std::string none : {"", "x", "AQ", by_text, by_delux, "!!!!"}) EXPECT_FALSE(is_spring_pair_cipher(none)) << none;
    EXPECT_TRUE(is_spring_pair_cipher(by_pair));
    EXPECT_FALSE(is_spring_cipher(by_pair));
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
        {"xy", "k"}, {"abc", "k"}, {"", "k"}, {"00", long_one}, {"00", ""}, {"00", "-----BEGIN RSA PRIVATE KEY-----"}, {"00", "ssh-rsa AAAA"}};
    for (const auto& [salt, key] : refused)
        as.owner.put(key_at, {{"key", key}, {"salt", salt}}).expect_problem(422, "invalid-value");
    as.owner.put(key_at, {{"key", "third"}}).if_match("\"1\"").expect_problem(412, "stale-version");
    as.owner.del(key_at).if_match("\"1\"").expect_problem(412, "stale-version");
    as.owner.del(key_at).expect(204);
    as.owner.get(key_at).expect_problem(404, "not-found");
}

TEST_F(SpringKeys, AreMadeOnceByWhoDoNotReplaceThem) {
    const auto put = [&](const std::string& key) { return as.owner.put(key_at, {{"key", key}}); };
    for (int round = 0; round < 10; ++round) {
        int status[8] = {};
        at_once(8, [&](int i) { status[i] = put("of " + std::to_string(i)).header("If-None-Match", "*").send().status(); });
        EXPECT_EQ(std::count(std::begin(status), std::end(status), 200), 1) << round;
        EXPECT_EQ(std::count(std::begin(status), std::end(status), 412), 7) << round;
        as.owner.get(key_at).expect(200).field("/version", 1);
        as.owner.del(key_at).expect(204);
    }
    at_once(8, [&](int i) { put("of " + std::to_string(i)).expect(200); }); // who says nothing replaces what is there
    const auto last = as.owner.get(key_at).expect(200).field("/version", 8);
    put("other").header("If-None-Match", last.etag()).expect_problem(412, "stale-version").field("/current_version", 8);
    put("other").header("If-None-Match", "\"7\"").expect(200).field("/version", 9);
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

TEST_F(SpringKeys, MayBeKeyPairs) {
    as.owner.put(key_at, {{"key", pair}}).expect(200).field("/salt", "deadbeef");
    EXPECT_EQ(service.database().admin("select count(*) from spring_key t where t::text like '%PRIVATE%'"), "0");
    import_of("{cipher}" + std::string(by_pair)).expect(200).field("/keys", 1);
    import_of("{cipher}{key:main}" + std::string(by_pair_oaep)).expect(200).field("/changed", 0); // the same text
    import_of("{cipher}" + std::string(by_text)).expect_problem(422, "invalid-value"); // which is of another kind of key
    const std::string shop = configs + "/" + as.owner.get(configs + "?application=shop").expect(200).text("/items/0/id");
    publish(as.owner, shop);
    trusted.get("/spring/shop/default").expect(200).field("/propertySources/0/source/password", "hunter2");
    as.reader.get("/spring/shop/default").expect(200).field("/propertySources/0/source/password", "***");
    writer.patch(shop + "/draft", {{"items", Json::object({{"password", "{cipher}" + std::string(by_pair)}})}}).expect_problem(422, "invalid-value");
    for (const std::string type : {"text/plain", "application/x-www-form-urlencoded"}) // curl says the second of itself, and encodes nothing
        for (const std::string prefix : {"", "{cipher}"})
            EXPECT_EQ(trusted.post("/spring/decrypt").raw(prefix + by_pair_strong, type).expect(200).body(), "hunter2") << type << prefix;
    as.stranger.post("/spring/decrypt").raw(by_pair, "text/plain").expect_problem(400, "not-a-cipher");

    // One whose numbers do not belong together would not be one: a digit of it is another.
    std::string broken = pair;
    const auto at = broken.find('\n', broken.size() / 2) + 10;
    broken[at] = broken[at] == 'A' ? 'B' : 'A';
    as.owner.put(key_at, {{"key", broken}}).expect_problem(422, "invalid-value").field("/errors/0/pointer", "/key");
    as.owner.get(key_at).expect(200).field("/version", 1);
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
