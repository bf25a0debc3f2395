#include "authenticator_data.hpp"
#include "cbor.hpp"
#include "cose.hpp"
#include "passkey_fixture.hpp"
#include "relying_party.hpp"
#include "webauthn_options.hpp"

#include <gtest/gtest.h>

#include <limits>

namespace gravity::issuer {
namespace {

std::string hex(const std::string& text) { return hex_decode(text).value(); }

// ---- CBOR

// RFC 8949 appendix A.
TEST(Cbor, IsThatOfTheStandard) {
    const auto integer = [](const std::string& text) { return *cbor::read(hex(text))->integer(); };
    EXPECT_EQ(integer("00"), 0);
    EXPECT_EQ(integer("17"), 23);
    EXPECT_EQ(integer("1818"), 24);
    EXPECT_EQ(integer("1903e8"), 1000);
    EXPECT_EQ(integer("1a000f4240"), 1000000);
    EXPECT_EQ(integer("1b000000e8d4a51000"), 1000000000000);
    EXPECT_EQ(integer("20"), -1);
    EXPECT_EQ(integer("3903e7"), -1000);
    EXPECT_EQ(integer("3b7fffffffffffffff"), std::numeric_limits<std::int64_t>::min());
    EXPECT_FALSE(*cbor::read(hex("f4"))->truth());
    EXPECT_TRUE(*cbor::read(hex("f5"))->truth());
    EXPECT_EQ(*cbor::read(hex("f6")), cbor::Value());
    EXPECT_EQ(*cbor::read(hex("4401020304"))->octets(), hex("01020304"));
    EXPECT_EQ(*cbor::read(hex("40"))->octets(), "");
    EXPECT_EQ(*cbor::read(hex("62c3bc"))->text(), "\xc3\xbc");
    EXPECT_EQ(cbor::read(hex("83010203"))->array()->size(), 3u);
    const auto map = cbor::read(hex("a26161016162820203"));
    EXPECT_EQ(*map->find("a")->integer(), 1);
    EXPECT_EQ(map->find("b")->array()->size(), 2u);
    EXPECT_EQ(map->find("c"), nullptr);
    EXPECT_EQ(map->find(1), nullptr);
    EXPECT_EQ(map->find("a")->find("a"), nullptr);
    EXPECT_EQ(*cbor::read(hex("a201020304"))->find(3)->integer(), 4);
}

TEST(Cbor, IsInOneFormAlone) {
    const std::vector<std::string> cut{"", "18", "4401", "62c3", "8301", "a101", "a2010201", "9a00ffffff", "ba00ffffff"};
    const std::vector<std::string> longer{"1817", "190001", "1a00000001", "1b0000000000000001", "3800", "580101", "780161", "9801f6", "b80101f6"};
    const std::vector<std::string> other{"5f42010243", "7f6161ff", "9f01ff", "bf0102ff", "c074", "f93c00", "fa47c35000", "f7", "f0", "f820", "1c", "ff"};
    const std::vector<std::string> keys{"a201020103", "a1f401", "a14101f6", "a18001", "62c328"};
    const std::vector<std::string> huge{"1bffffffffffffffff", "3bffffffffffffffff", "5bffffffffffffffff", "9bffffffffffffffff", "bbffffffffffffffff"};
    for (const auto& list : {cut, longer, other, keys, huge})
        for (const std::string& none : list) EXPECT_FALSE(cbor::read(hex(none))) << none;
    EXPECT_FALSE(cbor::read(hex("0000"))) << "one item, and nothing else";
    const std::string two = hex("01f5");
    std::string_view rest = two;
    EXPECT_TRUE(cbor::take(rest));
    EXPECT_EQ(rest.size(), 1u);
}

TEST(Cbor, HasLimits) {
    EXPECT_TRUE(cbor::read(hex("8181818100")));
    EXPECT_FALSE(cbor::read(hex("818181818100"))) << "five levels";
    EXPECT_TRUE(cbor::read(cbor_item(4, 255, std::string(255, '\0'))));
    EXPECT_FALSE(cbor::read(cbor_item(4, 256, std::string(256, '\0')))) << "257 values";
}

// ---- keys

TEST(CoseKeys, VerifyWhatTheyAreFor) {
    for (const auto algorithm : {auth::Algorithm::es256, auth::Algorithm::eddsa, auth::Algorithm::rs256}) {
        const SoftPasskey passkey(algorithm);
        const auto key = cose::public_key(cose_of(passkey.key.public_key()));
        ASSERT_TRUE(key) << key.why();
        EXPECT_EQ(key->thumbprint(), passkey.key.public_key().thumbprint());
        const std::string signature = passkey.signature("text");
        EXPECT_TRUE(cose::verify(*key, "text", signature));
        EXPECT_FALSE(cose::verify(*key, "other", signature));
        EXPECT_FALSE(cose::verify(*key, "text", signature + '\0')) << "something behind it";
        EXPECT_FALSE(cose::verify(*key, "text", signature.substr(1)));
        EXPECT_FALSE(cose::verify(*key, "text", ""));
    }
    const SoftPasskey passkey;
    const auto key = cose::public_key(cose_of(passkey.key.public_key()));
    EXPECT_FALSE(cose::verify(*key, "text", passkey.key.sign("text"))) << "of ES256 it is DER";
    EXPECT_FALSE(cose::verify(*key, "text", hex("3006020101020101")));
    EXPECT_FALSE(cose::verify(*key, "text", hex("30060201ff0201ff"))) << "negative";
    EXPECT_FALSE(cose::verify(*key, "text", "\x30\x26\x02\x21" + std::string(33, '\x7f') + hex("020101"))) << "beyond the curve";
}

TEST(CoseKeys, AreOfFewKindsAlone) {
    const std::string x = "5820" + std::string(64, '1');
    const std::vector<std::string> refused{"a0", "00", "8100",
                                           "a5010203382e20012158" + x.substr(2) + "22" + x, // ES256K
                                           "a40102032620012158" + x.substr(2),               // no y
                                           "a50102032620012158" + x.substr(2) + "22f5",      // y by its sign
                                           "a50102032620022158" + x.substr(2) + "22" + x,    // P-384
                                           "a50102032620012158" + x.substr(2) + "22" + x,    // not on the curve
                                           "a501010326200121" + x + "22" + x,                // a key of EC that says it is of another type
                                           "a3010120062158" + x.substr(2),                   // no algorithm
                                           "a40101032720072158" + x.substr(2),               // Ed448
                                           "a3010103272006",                                 // no key
                                           "a4010303390100204401020304214101"}; // RSA of 32 bits
    for (const std::string& none : refused) EXPECT_FALSE(cose::public_key(hex(none))) << none;
}

// ---- authenticator data

TEST(AuthenticatorDataBytes, AreReadToTheEnd) {
    SoftPasskey passkey;
    passkey.count = 0x01020304;
    passkey.eligible = passkey.backed_up = true;
    const auto used = read_authenticator_data(passkey.data(false));
    ASSERT_TRUE(used) << used.why();
    EXPECT_EQ(used->rp_id_hash, sha256("localhost"));
    EXPECT_EQ(used->sign_count, 0x01020304u);
    EXPECT_TRUE(used->user_present && used->user_verified && used->backup_eligible && used->backed_up);
    EXPECT_FALSE(used->credential);
    const auto made = read_authenticator_data(passkey.data(true));
    ASSERT_TRUE(made && made->credential);
    EXPECT_EQ(made->credential->id, passkey.id);
    EXPECT_EQ(made->credential->public_key, cose_of(passkey.key.public_key()));
    passkey.present = passkey.verified = passkey.eligible = passkey.backed_up = false;
    const auto neither = read_authenticator_data(passkey.data(false));
    EXPECT_FALSE(neither->user_present || neither->user_verified || neither->backup_eligible || neither->backed_up);
}

TEST(AuthenticatorDataBytes, AreRefusedWhereTheyAreNotWhole) {
    SoftPasskey passkey;
    const std::string used = passkey.data(false), made = passkey.data(true);
    for (std::size_t size = 0; size < made.size(); ++size)
        EXPECT_FALSE(read_authenticator_data(made.substr(0, size))) << size;
    EXPECT_FALSE(read_authenticator_data(used + '\0'));
    EXPECT_FALSE(read_authenticator_data(made + '\0'));
    const auto flagged = [&](std::string bytes, int flags) {
        bytes[32] = static_cast<char>(flags);
        return bytes;
    };
    EXPECT_FALSE(read_authenticator_data(flagged(used, 0x11))) << "a copy of what may not be copied";
    EXPECT_TRUE(read_authenticator_data(flagged(used, 0x23))) << "reserved bits say nothing";
    EXPECT_FALSE(read_authenticator_data(flagged(used, 0x41))) << "there is no credential";
    EXPECT_FALSE(read_authenticator_data(flagged(used, 0x81))) << "there are no extensions";
    EXPECT_TRUE(read_authenticator_data(flagged(used, 0x81) + hex("a16b686d61632d736563726574f5")));
    EXPECT_FALSE(read_authenticator_data(flagged(used, 0x81) + hex("01"))) << "extensions are a map";
    EXPECT_FALSE(read_authenticator_data(flagged(used, 0x81) + hex("a16161")));
    EXPECT_TRUE(read_authenticator_data(flagged(made, 0xc5) + hex("a0")));
    passkey.id = "";
    EXPECT_FALSE(read_authenticator_data(passkey.data(true)));
    passkey.id = std::string(1023, 'i');
    EXPECT_TRUE(read_authenticator_data(passkey.data(true)));
    passkey.id = std::string(1024, 'i');
    EXPECT_FALSE(read_authenticator_data(passkey.data(true)));
    EXPECT_FALSE(read_authenticator_data(flagged(used, 0x81) + cbor_item(5, 1) + cbor_text("x") + cbor_bytes(std::string(8192, 'x')))) << "too long";
}

// ---- ceremonies: Web Authentication Level 3, section 16 (test vectors), as published

const webauthn::RelyingParty example{"example.org", {"https://example.org"}};

std::string registration_json(const std::string& id, const std::string& client, const std::string& attestation) {
    Json response = Json::object({{"clientDataJSON", base64url_encode(hex(client))}, {"attestationObject", base64url_encode(hex(attestation))}});
    return Json::object({{"id", base64url_encode(hex(id))}, {"type", "public-key"}, {"response", std::move(response)}}).dump();
}
std::string assertion_json(const std::string& id, const std::string& client, const std::string& data, const std::string& signature) {
    return Json::object({{"id", base64url_encode(hex(id))},
                         {"type", "public-key"},
                         {"response", Json::object({{"clientDataJSON", base64url_encode(hex(client))},
                                                    {"authenticatorData", base64url_encode(hex(data))},
                                                    {"signature", base64url_encode(hex(signature))}})}})
        .dump();
}

struct Vector {
    std::string id, made_challenge, made_client, attestation, used_challenge, used_client, used_data, signature;
};
// Section 16.2, "ES256 Credential with No Attestation".
const Vector none_es256{
    "f91f391db4c9b2fde0ea70189cba3fb63f579ba6122b33ad94ff3ec330084be4",
    "00c30fb78531c464d2b6771dab8d7b603c01162f2fa486bea70f283ae556e130",
    "7b2274797065223a22776562617574686e2e637265617465222c226368616c6c656e6765223a22414d4d507434557878475453746e63647134313759447742466938767049612d7077"
    "386f4f755657"
    "345441222c226f726967696e223a2268747470733a2f2f6578616d706c652e6f7267222c2263726f73734f726967696e223a66616c73652c22657874726144617461223a22636c69656e744461"
    "74614a534f4e206d617920626520657874656e6465642077697468206164646974696f6e616c206669656c647320696e20746865206675747572652c207375636820617320746869733a20426b"
    "5165446a646354427258426941774a544c453551227d",
    "a363666d74646e6f6e656761747453746d74a068617574684461746158a4bfabc37432958b063360d3ad6461c9c4735ae7f8edd46592a5e0f01452b2e4b559000000008446ccb9ab1db374750b"
    "2367ff6f3a1f0020f91f391db4c9b2fde0ea70189cba3fb63f579ba6122b33ad94ff3ec330084be4a5010203262001215820afefa16f97ca9b2d23eb86ccb64098d20db90856062eb249c33a9b"
    "672f26df61225820930a56b87a2fca66334b03458abf879717c12cc68ed73290af2e2664796b9220",
    "39c0e7521417ba54d43e8dc95174f423dee9bf3cd804ff6d65c857c9abf4d408",
    "7b2274797065223a22776562617574686e2e676574222c226368616c6c656e6765223a224f63446e55685158756c5455506f334a5558543049393770767a7a59425039745a63685879"
    "617630314167"
    "222c226f726967696e223a2268747470733a2f2f6578616d706c652e6f7267222c2263726f73734f726967696e223a66616c73657d",
    "bfabc37432958b063360d3ad6461c9c4735ae7f8edd46592a5e0f01452b2e4b51900000000",
    "3046022100f50a4e2e4409249c4a853ba361282f09841df4dd4547a13a87780218deffcd380221008480ac0f0b93538174f575bf11a1dd5d78c6e486013f937295ea13653e331e87"};
// Section 16.3, "ES256 Credential with Self Attestation".
const Vector self_es256{
    "455ef34e2043a87db3d4afeb39bbcb6cc32df9347c789a865ecdca129cbef58c",
    "7869c2b772d4b58eba9378cf8f29e26cf935aa77df0da89fa99c0bdc0a76f7e5",
    "7b2274797065223a22776562617574686e2e637265617465222c226368616c6c656e6765223a2265476e4374334c55745936366b336a506a796e6962506b31716e666644616966715a"
    "774c33417032"
    "392d55222c226f726967696e223a2268747470733a2f2f6578616d706c652e6f7267222c2263726f73734f726967696e223a66616c73652c22657874726144617461223a22636c69656e744461"
    "74614a534f4e206d617920626520657874656e6465642077697468206164646974696f6e616c206669656c647320696e20746865206675747572652c207375636820617320746869733a205539"
    "685458764b453255526b4d6e625f307859485667227d",
    "a363666d74667061636b65646761747453746d74a263616c672663736967584630440220067a20754ab925005dbf378097c92120031581c73228d1fb4f5b881bcd7da98302207fc7b1"
    "47558c7c0e"
    "ba3af18bd9d121fa3d3a26d17fe3f220272178f473b6006d68617574684461746158a4bfabc37432958b063360d3ad6461c9c4735ae7f8edd46592a5e0f01452b2e4b55d00000000df850e09db"
    "6afbdfab51697791506cfc0020455ef34e2043a87db3d4afeb39bbcb6cc32df9347c789a865ecdca129cbef58ca5010203262001215820eb151c8176b225cc651559fecf07af450fd8"
    "5802046656"
    "b34c18f6cf193843c5225820927b8aa427a2be1b8834d233a2d34f61f13bfd44119c325d5896e183fee484f2",
    "4478a10b1352348dd160c1353b0d469b5db19eb91c27f7dfa6fed39fe26af20b",
    "7b2274797065223a22776562617574686e2e676574222c226368616c6c656e6765223a225248696843784e534e493352594d45314f7731476d3132786e726b634a5f6666707637546e"
    "2d4a71386773"
    "222c226f726967696e223a2268747470733a2f2f6578616d706c652e6f7267222c2263726f73734f726967696e223a66616c73652c22657874726144617461223a22636c69656e744461746"
    "14a534f4e206d617920626520657874656e6465642077697468206164646974696f6e616c206669656c647320696e20746865206675747572652c207375636820617320746869733a2"
    "06754623533"
    "727a36456853576f6d58477a696d433151227d",
    "bfabc37432958b063360d3ad6461c9c4735ae7f8edd46592a5e0f01452b2e4b50900000000",
    "304402203310b9431903c401f1be2bdc8d23a4007682dbbddcf846994947b7f465daf84002204e94dd00047b316061b3b99772b7efd95994a83ef584b3b6b825ea3550251b66"};

TEST(Ceremonies, AreThoseOfTheStandard) {
    for (const Vector& vector : {none_es256, self_es256}) {
        const auto registration = webauthn::read_registration(registration_json(vector.id, vector.made_client, vector.attestation));
        ASSERT_TRUE(registration) << registration.why();
        EXPECT_EQ(registration->client.challenge, hex(vector.made_challenge));
        const auto made = webauthn::verify_registration(example, *registration);
        ASSERT_TRUE(made) << made.why();
        EXPECT_EQ(made->id, hex(vector.id));
        EXPECT_EQ(made->sign_count, 0u);
        EXPECT_TRUE(made->backup_eligible);
        EXPECT_TRUE(made->backed_up);
        const auto assertion = webauthn::read_assertion(assertion_json(vector.id, vector.used_client, vector.used_data, vector.signature));
        ASSERT_TRUE(assertion) << assertion.why();
        EXPECT_EQ(assertion->client.challenge, hex(vector.used_challenge));
        EXPECT_EQ(assertion->user_handle, "");
        const auto used = webauthn::verify_assertion(example, *assertion, made->public_key);
        ASSERT_TRUE(used) << used.why();
        EXPECT_FALSE(used->user_verified);
        const webauthn::RelyingParty domain{"example.com", {"https://example.org"}}, origin{"example.org", {"https://www.example.org"}};
        for (const auto& elsewhere : {domain, origin}) {
            EXPECT_FALSE(webauthn::verify_registration(elsewhere, *registration));
            EXPECT_FALSE(webauthn::verify_assertion(elsewhere, *assertion, made->public_key));
        }
    }
}

// Section 16.11, "Packed Attestation with Ed25519 Credential": what was made there and how it signs in. Its attestation has certificates, which are not taken.
TEST(Ceremonies, KnowKeysOfEd25519) {
    const auto assertion = webauthn::read_assertion(assertion_json(
        "ce9f840ed96599580cd140fbc7bb3230633f50f61041aff73308ae71caa8a2bd",
        "7b2274797065223a22776562617574686e2e676574222c226368616c6c656e6765223a2269566c583442786a4f6d6d44534b4c596f7870557439736e364d48454f794341313572"
        "6947514a6e7639"
        "49222c226f726967696e223a2268747470733a2f2f6578616d706c652e6f7267222c2263726f73734f726967696e223a66616c73657d",
        "bfabc37432958b063360d3ad6461c9c4735ae7f8edd46592a5e0f01452b2e4b50100000000",
        "f5c59c7e46c34f6f8cc197101ddf9934fa2595f68eb1913a637e8419eb9ba4cfdfc48f85393bc0d40b011f0d6fecb097d6607525713223a0dc0d453993dae00b"));
    ASSERT_TRUE(assertion) << assertion.why();
    const std::string key = hex("a401010327200621582044e06ddd331c36a8dc667bab52bcae63486c916aa5e339e6acebaa84934bf832");
    EXPECT_TRUE(webauthn::verify_assertion(example, *assertion, key));
    EXPECT_FALSE(webauthn::verify_assertion(example, *assertion, cose_of(auth::Signer::generate(auth::Algorithm::eddsa).public_key())));
}

// Section 16.4, "ES256 Credential with "crossOrigin": true in clientDataJSON": a page within another, which is not taken here.
TEST(Ceremonies, AreNotForPagesWithinOthers) {
    const auto registration = webauthn::read_registration(registration_json(
        "6e1050c0d2ca2f07c755cb2c66a74c64fa43065c18f938354d9915db2bd5ce57",
        "7b2274797065223a22776562617574686e2e637265617465222c226368616c6c656e6765223a224f2d57717a514e5463554a484930437257576e79515048596478626943326748"
        "72434d475666704c"
        "4f306b222c226f726967696e223a2268747470733a2f2f6578616d706c652e6f7267222c2263726f73734f726967696e223a747275652c22657874726144617461223a22636c69"
        "656e7444617461"
        "4a534f4e206d617920626520657874656e6465642077697468206164646974696f6e616c206669656c647320696e20746865206675747572652c20737563682061732074686973"
        "3a207a5a717545"
        "7444523944577170573574425754467567227d",
        "a363666d74646e6f6e656761747453746d74a068617574684461746158a4bfabc37432958b063360d3ad6461c9c4735ae7f8edd46592a5e0f01452b2e4b54500000000883f4f60"
        "14f19c09d87a"
        "a38123be48d000206e1050c0d2ca2f07c755cb2c66a74c64fa43065c18f938354d9915db2bd5ce57a501020326200121582022200a473f90b11078851550d03b4e44a2279f8c4e"
        "ca27b3153dedfe"
        "03e4e97d225820cbd0be95e746ad6f5a8191be11756e4c0420e72f65b466d39bc56b8b123a9c6e"));
    ASSERT_TRUE(registration) << registration.why();
    EXPECT_FALSE(webauthn::verify_registration(example, *registration));
}

// Every bit of what is signed, of the signature, and of what names the passkey.
TEST(Ceremonies, HoldForNothingThatWasChanged) {
    const auto made = webauthn::read_registration(registration_json(none_es256.id, none_es256.made_client, none_es256.attestation));
    const std::string key = webauthn::verify_registration(example, *made)->public_key;
    const auto changed = [](const std::string& text, std::size_t bit) {
        std::string bytes = hex(text);
        bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ 1 << bit % 8);
        return hex_encode(bytes);
    };
    const auto holds = [&](const std::string& client, const std::string& data, const std::string& signature) {
        const auto assertion = webauthn::read_assertion(assertion_json(none_es256.id, client, data, signature));
        return assertion && webauthn::verify_assertion(example, *assertion, key);
    };
    EXPECT_TRUE(holds(none_es256.used_client, none_es256.used_data, none_es256.signature));
    for (std::size_t bit = 0; bit < none_es256.used_client.size() * 4; ++bit)
        EXPECT_FALSE(holds(changed(none_es256.used_client, bit), none_es256.used_data, none_es256.signature)) << bit;
    for (std::size_t bit = 0; bit < none_es256.used_data.size() * 4; ++bit)
        EXPECT_FALSE(holds(none_es256.used_client, changed(none_es256.used_data, bit), none_es256.signature)) << bit;
    for (std::size_t bit = 0; bit < none_es256.signature.size() * 4; ++bit)
        EXPECT_FALSE(holds(none_es256.used_client, none_es256.used_data, changed(none_es256.signature, bit))) << bit;
    for (std::size_t bit = 0; bit < self_es256.attestation.size() * 4; ++bit) { // signed by the passkey itself, but for the statement's own words
        const auto registration = webauthn::read_registration(registration_json(self_es256.id, self_es256.made_client, changed(self_es256.attestation, bit)));
        EXPECT_FALSE(registration && webauthn::verify_registration(example, *registration)) << bit;
    }
}

TEST(Ceremonies, AreRefusedForWhatIsMissingOrTooMuch) {
    SoftPasskey passkey;
    passkey.origin = "https://example.org";
    passkey.rp_id = "example.org";
    const Json options = Json::object({{"challenge", base64url_encode(std::string(32, 'c'))}, {"user", Json::object({{"id", "aGFuZGxl"}})}});
    const auto registers = [&](const Json& changes) {
        const Json response = merge_patch(Json::parse(passkey.made(options)).or_throw(), changes);
        const auto registration = webauthn::read_registration(response.dump());
        return registration && webauthn::verify_registration(example, *registration);
    };
    const auto inner = [](const char* name, Json value) { return Json::object({{"response", Json::object({{name, std::move(value)}})}}); };
    EXPECT_TRUE(registers(Json::object()));
    EXPECT_TRUE(registers(Json::object({{"authenticatorAttachment", "platform"}, {"clientExtensionResults", Json::object()}})));
    using Changes = std::vector<std::pair<std::string, Json>>;
    Changes outer{{"type", "password"}, {"type", nullptr}, {"id", "AAAA"}, {"id", "="}, {"id", 1}};
    outer.insert(outer.end(), {{"response", nullptr}, {"response", "x"}});
    for (const auto& [name, value] : outer) EXPECT_FALSE(registers(Json::object({{name, value}}))) << name << " " << value.dump();
    for (const Json& client : {Json(), Json("e30"), Json("W10"), Json("!")}) EXPECT_FALSE(registers(inner("clientDataJSON", client))) << client.dump();
    for (const Json& object : {Json(), Json("oA"), Json("AA"), Json("oWhhdXRoRGF0YQ")})
        EXPECT_FALSE(registers(inner("attestationObject", object))) << object.dump();
    Changes changes{{"type", "webauthn.get"}, {"type", nullptr}, {"challenge", nullptr}, {"challenge", "AAAA"}, {"origin", "http://example.org"}};
    changes.insert(changes.end(), {{"origin", "https://example.org:444"}, {"origin", nullptr}, {"crossOrigin", true}, {"crossOrigin", 0}});
    changes.emplace_back("topOrigin", "https://example.com");
    for (const auto& [name, value] : changes) {
        passkey.more_client_data = Json::object({{name, value}});
        EXPECT_FALSE(registers(Json::object())) << name << " " << value.dump();
    }
    passkey.more_client_data = Json::object({{"crossOrigin", nullptr}, {"more", "x"}});
    EXPECT_TRUE(registers(Json::object())) << "older browsers do not say whether it is within another, newer ones may say more";
    passkey.present = false;
    EXPECT_FALSE(registers(Json::object()));
    EXPECT_FALSE(webauthn::read_registration(std::string(12 * 1024 + 1, ' ')));
    EXPECT_FALSE(webauthn::read_registration("[]"));
    EXPECT_FALSE(webauthn::read_assertion("{"));
    const Json transports = inner("transports", Json::array({"usb", 1, "", std::string(33, 'x'), "a", "b", "c", "d", "e", "f", "g", "h"}));
    const auto hinted = webauthn::read_registration(merge_patch(Json::parse(passkey.made(options)).or_throw(), transports).dump());
    EXPECT_EQ(hinted->transports, (std::vector<std::string>{"usb", "a", "b", "c", "d", "e", "f", "g"}));
}

TEST(Ceremonies, TakeNoAttestationThatTheyDoNotVerify) {
    const std::string object = hex(none_es256.attestation);
    const auto with = [&](const std::string& format, const std::string& statement) {
        const std::string data = object.substr(object.find("authData") - 1);
        const std::string changed = cbor_item(5, 3) + cbor_text("fmt") + format + cbor_text("attStmt") + statement + data;
        const auto registration = webauthn::read_registration(registration_json(none_es256.id, none_es256.made_client, hex_encode(changed)));
        return registration && webauthn::verify_registration(example, *registration);
    };
    const std::string alg = cbor_text("alg") + cbor_integer(-7), sig = cbor_text("sig") + cbor_bytes(std::string(70, 's'));
    EXPECT_TRUE(with(cbor_text("none"), cbor_item(5, 0)));
    EXPECT_FALSE(with(cbor_text("none"), cbor_item(5, 1) + alg));
    EXPECT_FALSE(with(cbor_text("none"), cbor_item(4, 0)));
    EXPECT_FALSE(with(cbor_bytes("none"), cbor_item(5, 0)));
    EXPECT_FALSE(with(cbor_text("packed"), cbor_item(5, 0)));
    EXPECT_FALSE(with(cbor_text("packed"), cbor_item(5, 1) + alg));
    EXPECT_FALSE(with(cbor_text("packed"), cbor_item(5, 2) + alg + sig)) << "not signed by the passkey";
    EXPECT_FALSE(with(cbor_text("tpm"), cbor_item(5, 2) + alg + sig));
    EXPECT_FALSE(with(cbor_text("apple"), cbor_item(5, 0)));
}

TEST(Counters, GoForwardOrAreNotThere) {
    EXPECT_TRUE(webauthn::may_follow(0, 0));
    EXPECT_TRUE(webauthn::may_follow(1, 0));
    EXPECT_TRUE(webauthn::may_follow(0xffffffff, 0xfffffffe));
    EXPECT_FALSE(webauthn::may_follow(5, 5));
    EXPECT_FALSE(webauthn::may_follow(4, 5));
    EXPECT_FALSE(webauthn::may_follow(0, 5));
}

TEST(Options, AskForWhatIsNeeded) {
    const std::string challenge(32, 'c');
    const KnownPasskey known{Bytes("id"), {"usb"}};
    const Json creation = webauthn::creation_options(example, {"handle", "ada@example.com"}, challenge, {known});
    EXPECT_EQ(*creation.at_pointer("/rp/id"), Json("example.org"));
    EXPECT_EQ(*creation.at_pointer("/user/id"), Json(base64url_encode("handle")));
    EXPECT_EQ(*creation.at_pointer("/pubKeyCredParams/0/alg"), Json(-7));
    EXPECT_EQ(*creation.at_pointer("/pubKeyCredParams/2/alg"), Json(-257));
    EXPECT_EQ(*creation.at_pointer("/excludeCredentials/0/id"), Json(base64url_encode("id")));
    EXPECT_EQ(*creation.at_pointer("/excludeCredentials/0/transports/0"), Json("usb"));
    EXPECT_EQ(*creation.find("attestation"), Json("none"));
    const Json any = webauthn::request_options(example, challenge, {{}, true});
    EXPECT_EQ(any.find("allowCredentials")->size(), 0u);
    EXPECT_EQ(*any.find("userVerification"), Json("required"));
    EXPECT_EQ(*any.find("challenge"), Json(base64url_encode(challenge)));
    const Json one = webauthn::request_options(example, challenge, {{known}, false});
    EXPECT_EQ(*one.at_pointer("/allowCredentials/0/type"), Json("public-key"));
    EXPECT_EQ(*one.find("userVerification"), Json("preferred"));
}

// ---- settings

std::optional<webauthn::RelyingParty> party(const std::string& url, const std::string& id = {}, const std::string& origins = {}) {
    Settings settings;
    settings.public_url = IssuerUrl::parse(url).or_throw();
    settings.passkey_rp_id = id;
    settings.passkey_origins = origins;
    return relying_party(settings);
}

TEST(RelyingParties, AreDomainsThatBrowsersHavePasskeysFor) {
    EXPECT_EQ(party("https://id.example.com/auth")->id, "id.example.com");
    EXPECT_EQ(party("https://id.example.com/auth")->origins, (std::vector<std::string>{"https://id.example.com"}));
    EXPECT_EQ(party("http://localhost:8081")->origins, (std::vector<std::string>{"http://localhost:8081"}));
    EXPECT_TRUE(party("http://auth.localhost"));
    for (const std::string none : {"http://127.0.0.1:8081", "https://127.0.0.1", "https://[::1]", "http://id.example.com"}) EXPECT_FALSE(party(none)) << none;
    const auto wide = party("https://id.example.com", "example.com", "https://login.example.com, https://example.com:8443,");
    EXPECT_EQ(wide->id, "example.com");
    EXPECT_EQ(wide->origins, (std::vector<std::string>{"https://id.example.com", "https://login.example.com", "https://example.com:8443"}));
    for (const std::string id : {"example.org", "ample.com", "com", "Example.com", "id.example.com.", "a.id.example.com", "127.0.0.1", "https://example.com",
                                 "example.com/", "-", "exa mple.com"})
        EXPECT_THROW(party("https://id.example.com", id), std::invalid_argument) << id;
    EXPECT_THROW(party("http://id.example.com", "example.com"), std::invalid_argument);
    for (const std::string origin : {"http://id.example.com", "https://example.org", "https://id.example.com/", "https://id.example.com/x", "id.example.com",
                                     "https://127.0.0.1", "x,y"})
        EXPECT_THROW(party("https://id.example.com", "", origin), std::invalid_argument) << origin;
    EXPECT_THROW(party("http://127.0.0.1:8081", "", "https://example.com"), std::invalid_argument);
}

} // namespace
} // namespace gravity::issuer
