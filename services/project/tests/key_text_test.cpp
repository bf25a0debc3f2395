#include "api_keys_domain.hpp"
#include "key_text.hpp"
#include "members_domain.hpp"

#include <gravity/base/problem.hpp>

#include <gtest/gtest.h>

#include <set>

namespace gravity::project {
namespace {

TEST(KeyText, HasTheCheckOfZlib) {
    EXPECT_EQ(key_text::crc32("123456789"), 0xcbf43926u); // the check value of CRC-32/ISO-HDLC in the CRC RevEng catalogue
    EXPECT_EQ(key_text::crc32(""), 0u);
}

TEST(KeyText, IsReadAsItWasMade) {
    std::set<std::string> seen;
    for (int i = 0; i < 200; ++i) {
        const auto made = key_text::fresh("preview-2");
        const std::string text = made.text.reveal();
        EXPECT_EQ(text.size(), 4u + 9 + 1 + 12 + 1 + 43 + 6);
        EXPECT_EQ(key_text::public_id_of(text), made.public_id);
        EXPECT_TRUE(seen.insert(text).second);
    }
}

TEST(KeyText, OfAnyOtherFormIsNone) {
    const auto made = key_text::fresh("production");
    const std::string text = made.text.reveal();
    for (std::size_t i = 0; i < text.size(); ++i) {
        std::string other = text;
        other[i] = other[i] == 'x' ? 'y' : 'x';
        EXPECT_FALSE(key_text::public_id_of(other)) << "one character, at " << i;
        EXPECT_FALSE(key_text::public_id_of(text.substr(0, i)));
        other[i] = '\0';
        EXPECT_FALSE(key_text::public_id_of(other));
    }
    EXPECT_FALSE(key_text::public_id_of(text + "0"));
    EXPECT_FALSE(key_text::public_id_of("grv__" + text.substr(15)));
}

TEST(KeyText, UsesAllDigitsEvenly) {
    std::size_t count[256] = {};
    for (int i = 0; i < 2'000; ++i)
        for (const char c : key_text::fresh("a").text.reveal().substr(6 + 13, 43)) ++count[static_cast<unsigned char>(c)];
    // 86,000 digits, 1,387 of each to be expected with a deviation of 37: seven of them do not happen by chance.
    for (const char c : std::string_view("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"))
        EXPECT_NEAR(static_cast<double>(count[static_cast<unsigned char>(c)]), 1387, 7 * 37) << c;
}

ApiKeyAtDoor stored(const std::string& text) {
    ApiKeyAtDoor key;
    key.id = ApiKeyId::fresh();
    key.project_id = ProjectId::fresh();
    key.env = EnvironmentName("production");
    key.scopes = {ScopeName("products:read"), ScopeName("orders:write")};
    key.created_at = Timestamp::from_unix_seconds(1000);
    key.hash = key_text::hash_of(text);
    return key;
}

Verification verified(const std::optional<ApiKeyAtDoor>& found, const Bytes& hash, const std::optional<Network>& network, Timestamp now) {
    return is_good(found ? &*found : nullptr, hash, network, now) ? told_of(*found, network) : Verification{};
}

TEST(Verified, SaysWhoAKeyStandsFor) {
    const auto key = stored("text");
    const auto answer = verified(key, key_text::hash_of("text"), {}, Timestamp::from_unix_seconds(2000));
    EXPECT_TRUE(answer.active);
    EXPECT_EQ(answer.scope, "products:read orders:write");
    EXPECT_EQ(answer.iat, 1000);
    EXPECT_FALSE(answer.exp);
    EXPECT_FALSE(verified(key, key_text::hash_of("other"), {}, Timestamp::from_unix_seconds(2000)).active);
    EXPECT_FALSE(verified({}, key_text::hash_of("text"), {}, Timestamp::from_unix_seconds(2000)).active);
}

TEST(Verified, EndsWithTheFirstOfExpiryAndGrace) {
    auto key = stored("text");
    const auto hash = key_text::hash_of("text");
    const auto at = [](std::int64_t seconds) { return Timestamp::from_unix_seconds(seconds); };
    key.expires_at = at(3000);
    key.grace_until = at(2500);
    EXPECT_EQ(verified(key, hash, {}, at(2499)).exp, 2500);
    EXPECT_FALSE(verified(key, hash, {}, at(2500)).active);
    key.grace_until = at(3500);
    EXPECT_EQ(verified(key, hash, {}, at(2999)).exp, 3000);
    EXPECT_FALSE(verified(key, hash, {}, at(3000)).active);
    key.revoked_at = at(100);
    EXPECT_FALSE(verified(key, hash, {}, at(2000)).active);
    auto other = stored("text");
    other.project_state = ProjectState::suspended;
    EXPECT_FALSE(verified(other, hash, {}, at(2000)).active);
}

TEST(Rights, FollowFromRoles) {
    const std::string expected = "owner:1111 admin:1110 developer:1100 viewer:1000 billing:1000 ";
    std::string table;
    const std::pair<MemberRole, std::string> roles[] = {{MemberRole::owner, "owner"},
                                                        {MemberRole::admin, "admin"},
                                                        {MemberRole::developer, "developer"},
                                                        {MemberRole::viewer, "viewer"},
                                                        {MemberRole::billing, "billing"}};
    for (const auto& [role, name] : roles) {
        table += name + ":";
        for (const Right right : {Right::see, Right::develop, Right::administer, Right::own}) table += allows(role, right) ? "1" : "0";
        table += " ";
    }
    EXPECT_EQ(table, expected);
    EXPECT_EQ(right_to_change(MemberRole::viewer, MemberRole::admin), Right::administer);
    EXPECT_EQ(right_to_change(MemberRole::owner, {}), Right::own);
    EXPECT_EQ(right_to_change({}, MemberRole::owner), Right::own);
}

} // namespace
} // namespace gravity::project
