#include <gravity/auth/access_key.hpp>
#include <gravity/base/ascii.hpp>
#include <gravity/log/log.hpp>

#include <gtest/gtest.h>

#include <set>
#include <type_traits>

namespace gravity::auth {
namespace {

static_assert(!std::is_constructible_v<log::Value, Secret<>>, "the platform's secret has no way into the log");

TEST(AccessKey, ReadsBackFromItsText) {
    const auto key = AccessKey::generate();
    const auto text = key.text().reveal();
    EXPECT_EQ(text.size(), 88u);
    EXPECT_TRUE(text.starts_with("gk_" + key.id() + "_"));
    const auto again = AccessKey::parse(text);
    ASSERT_TRUE(again) << again.why();
    EXPECT_EQ(again->id(), key.id());
    EXPECT_TRUE(again->matches(key.hash()));
    EXPECT_EQ(key.hash().size(), 32u);
    EXPECT_EQ(text.find(key.hash()), std::string::npos);
}

TEST(AccessKey, TellsWhetherItMayBeSeen) {
    const auto key = AccessKey::generate(KeyKind::publishable);
    const auto text = key.text().reveal();
    EXPECT_TRUE(text.starts_with("gp_" + key.id() + "_"));
    const auto again = AccessKey::parse(text);
    ASSERT_TRUE(again) << again.why();
    EXPECT_EQ(again->kind(), KeyKind::publishable);
    EXPECT_EQ(AccessKey::parse("gk_" + text.substr(3))->kind(), KeyKind::secret);
    EXPECT_FALSE(AccessKey::parse("gx_" + text.substr(3)));
}

TEST(AccessKey, AnotherSecretDoesNotMatch) {
    const auto key = AccessKey::generate();
    auto text = key.text().reveal();
    text.back() = text.back() == '0' ? '1' : '0';
    const auto other = AccessKey::parse(text);
    ASSERT_TRUE(other);
    EXPECT_EQ(other->id(), key.id());
    EXPECT_FALSE(other->matches(key.hash()));
    EXPECT_FALSE(key.matches(""));
    EXPECT_FALSE(key.matches(key.hash().substr(1)));
}

TEST(AccessKey, RefusesOtherForms) {
    const auto good = AccessKey::generate().text().reveal();
    ASSERT_TRUE(AccessKey::parse(good));
    auto no_separator = good;
    no_separator[23] = '0';
    auto not_hex = good;
    not_hex[30] = 'g';
    for (const std::string& bad : {std::string(), std::string("gk__"), good.substr(0, 87), good + '0',
                                   ' ' + good.substr(1), "GK" + good.substr(2), ascii::upper(good),
                                   "gk_" + ascii::upper(good.substr(3)), no_separator, not_hex, std::string(88, '_')}) {
        EXPECT_FALSE(AccessKey::parse(bad)) << bad;
    }
}

TEST(AccessKey, AreAllDifferent) {
    std::set<std::string> ids;
    std::set<std::string> hashes;
    for (int i = 0; i < 200; ++i) {
        const auto key = AccessKey::generate();
        ids.insert(key.id());
        hashes.insert(key.hash());
    }
    EXPECT_EQ(ids.size(), 200u);
    EXPECT_EQ(hashes.size(), 200u);
}

} // namespace
} // namespace gravity::auth
