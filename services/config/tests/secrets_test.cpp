#include "problems.hpp"
#include "secrets.hpp"

#include <gravity/base/crypto.hpp>
#include <gravity/base/encoding.hpp>
#include <gravity/base/problem.hpp>

#include <gtest/gtest.h>

namespace gravity::config {
namespace {

const SecretPlace place{Uuid::v7(), Uuid::v7(), "db.password"};

std::string text_of(const DataKey& key, const SecretPlace& at, const Json& secret) {
    const auto opened = key.open(at, secret);
    return opened ? opened->reveal() : "closed";
}

TEST(Secrets, OpenWhereTheyBelongAndNowhereElse) {
    const DataKey key = DataKey::fresh();
    const Json secret = key.seal(place, "hunter2");
    EXPECT_TRUE(is_secret(secret));
    EXPECT_EQ(secret.dump().find("hunter2"), std::string::npos);
    EXPECT_EQ(text_of(key, place, secret), "hunter2");
    EXPECT_EQ(text_of(key, {place.project, place.set, "db.user"}, secret), "closed");
    EXPECT_EQ(text_of(key, {place.project, Uuid::v7(), place.key}, secret), "closed");
    EXPECT_EQ(text_of(key, {Uuid::v7(), place.set, place.key}, secret), "closed");
    EXPECT_EQ(text_of(DataKey::fresh(), place, secret), "closed");
    EXPECT_EQ(text_of(key, place, key.seal(place, "")), "");
    std::string bytes = *base64url_decode(secret.find("secret")->as_string());
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        std::string damaged = bytes;
        damaged[i] = static_cast<char>(damaged[i] ^ 1);
        EXPECT_EQ(text_of(key, place, Json::object({{"secret", base64url_encode(damaged)}})), "closed") << i;
    }
    for (const Json& none : {Json::object(), Json::object({{"secret", 1}}), Json::object({{"secret", "!"}}), Json::object({{"secret", "AAAA"}})})
        EXPECT_EQ(text_of(key, place, none), "closed");
}

TEST(Secrets, AreToldApartByFingerprint) {
    const DataKey key = DataKey::fresh();
    const Json one = key.seal(place, "a"), again = key.seal(place, "a"), other = key.seal(place, "b");
    EXPECT_NE(one, again); // another nonce
    EXPECT_EQ(fingerprint_of(one), fingerprint_of(again));
    EXPECT_EQ(fingerprint_of(one), key.fingerprint(place, "a"));
    EXPECT_NE(fingerprint_of(one), fingerprint_of(other));
    EXPECT_NE(fingerprint_of(one), DataKey::fresh().fingerprint(place, "a"));
    EXPECT_NE(fingerprint_of(one), key.fingerprint({place.project, place.set, "other"}, "a")); // the same text elsewhere is not told either
    EXPECT_EQ(fingerprint_of(one).size(), 16u);
}

TEST(Secrets, AreMasked) {
    const Items items = mask({{"a", 1}, {"b", DataKey::fresh().seal(place, "x")}});
    EXPECT_EQ(to_json(items).dump(), R"({"a":1,"b":"***"})");
}

std::string slug_of(const std::function<void()>& call) {
    try {
        call();
    } catch (const Refusal& refusal) {
        return std::string(refusal.problem().slug);
    }
    return "fine";
}

std::string master_key() { return base64_encode(random_bytes(32)); }

TEST(Vault, SealsDataKeys) {
    const std::string first = master_key(), second = master_key();
    const Vault vault(auth::MasterKeys::parse(first).or_throw()), rotated(auth::MasterKeys::parse(second + "," + first).or_throw());
    const Vault wrong(auth::MasterKeys::parse(second).or_throw()), none(std::nullopt);
    const DataKey key = DataKey::fresh();
    const Uuid id = Uuid::v7();
    const std::string sealed = vault.seal(key, id);
    const Json secret = key.seal(place, "x");
    EXPECT_EQ(text_of(vault.open(sealed, id), place, secret), "x");
    EXPECT_EQ(text_of(rotated.open(sealed, id), place, secret), "x");
    EXPECT_TRUE(vault.current(sealed));
    EXPECT_FALSE(rotated.current(sealed));
    EXPECT_FALSE(none.has_key());
    EXPECT_EQ(vault.sealed_anew(sealed, id.to_string()), std::nullopt) << "the first key has sealed it";
    const auto anew = rotated.sealed_anew(sealed, id.to_string());
    ASSERT_TRUE(anew);
    EXPECT_TRUE(rotated.current(*anew));
    EXPECT_EQ(text_of(wrong.open(*anew, id), place, secret), "x") << "which is the new key alone";
    EXPECT_EQ(none.sealed_anew(sealed, id.to_string()), std::nullopt);
    EXPECT_FALSE(vault.found_closed() || wrong.found_closed() || none.found_closed());
    EXPECT_EQ(wrong.sealed_anew(sealed, id.to_string()), std::nullopt) << "it does not open";
    EXPECT_TRUE(wrong.found_closed());
    EXPECT_EQ(slug_of([&] { wrong.open(sealed, id); }), "secrets-unavailable");
    EXPECT_EQ(slug_of([&] { vault.open(sealed, Uuid::v7()); }), "secrets-unavailable");
    EXPECT_EQ(slug_of([&] { vault.open("gs1.nonsense", id); }), "secrets-unavailable");
    EXPECT_EQ(slug_of([&] { none.open(sealed, id); }), "secrets-unavailable");
    EXPECT_EQ(slug_of([&] { none.seal(key, id); }), "secrets-unavailable");
    EXPECT_TRUE(none.found_closed());
}

} // namespace
} // namespace gravity::config
