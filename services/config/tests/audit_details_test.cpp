#include "audit_details.hpp"
#include "secrets.hpp"

#include <gtest/gtest.h>

namespace gravity::config {
namespace {

TEST(AuditDetails, AreShort) {
    EXPECT_EQ(brief("short").dump(), R"("short")");
    const Json told = brief(std::string(5'000, 'x'));
    EXPECT_EQ(told.find("bytes")->as_integer(), 5'002);
    EXPECT_EQ(told.find("sha256")->as_string().size(), 64u);
    EXPECT_NE(told, brief(std::string(5'000, 'y'))) << "another value is seen to be another";
}

TEST(AuditDetails, HaveFingerprintsOfSecrets) {
    const SecretPlace place{Uuid::v7(), Uuid::v7(), "password"};
    const Json secret = DataKey::fresh().seal(place, "hunter2");
    const Json told = changed_items({}, {{"password", secret}, {"user", "sa"}});
    EXPECT_EQ(told.dump(), R"({"changes":[{"after":{"fingerprint":")" + fingerprint_of(secret) + R"("},"key":"password"},{"after":"sa","key":"user"}]})");
}

TEST(AuditDetails, TellWhatDiffers) {
    const Items before{{"a", 1}, {"b", true}, {"c", "x"}}, after{{"a", 2}, {"b", true}, {"d", Json::array()}};
    EXPECT_EQ(changed_items(before, after).dump(),
              R"({"changes":[{"after":2,"before":1,"key":"a"},{"before":"x","key":"c"},{"after":[],"key":"d"}]})");
    EXPECT_EQ(changed_items(before, before).dump(), R"({"changes":[]})");
    EXPECT_EQ(changed_fields(Json::object({{"a", 1}, {"b", 2}}), Json::object({{"b", 3}, {"c", nullptr}})).dump(),
              R"({"changes":[{"before":1,"field":"a"},{"after":3,"before":2,"field":"b"},{"after":null,"field":"c"}]})");
}

TEST(AuditDetails, AreBounded) {
    Items many;
    for (int i = 0; i < 1'000; ++i) many["key" + std::to_string(1'000 + i)] = i;
    const Json told = changed_items({}, many);
    EXPECT_EQ(told.find("changes")->size(), 50u);
    EXPECT_EQ(told.find("more")->as_integer(), 950);
    EXPECT_EQ(told.at_pointer("/changes/0/key")->as_string(), "key1000");
    Json fields = Json::object();
    for (const auto& [key, value] : many) fields[key] = value;
    EXPECT_EQ(changed_fields(fields, Json::object()).find("more")->as_integer(), 950);
}

} // namespace
} // namespace gravity::config
