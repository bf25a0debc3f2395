#include <gravity/auth/sealed.hpp>
#include <gravity/base/encoding.hpp>

#include <gtest/gtest.h>

#include <set>
#include <stdexcept>

namespace gravity::auth {
namespace {

const std::string key_a = base64_encode(std::string(32, 'a'));
const std::string key_b = base64_encode(std::string(32, 'b'));

MasterKeys keys(const std::string& text) { return MasterKeys::parse(text).or_throw(); }

TEST(MasterKeys, OpenWhatTheySealed) {
    const auto master = keys(key_a);
    for (const std::string& secret :
         {std::string(), std::string("s3cret"), std::string("\0\xff bytes", 8), std::string(100'000, 'x')}) {
        const auto envelope = master.seal(secret, "row-1");
        const auto opened = master.open(envelope, "row-1");
        ASSERT_TRUE(opened) << opened.why();
        EXPECT_EQ(opened->reveal(), secret);
        EXPECT_EQ(envelope.find("s3cret"), std::string::npos);
    }
}

TEST(MasterKeys, SealTheSameDifferentlyEachTime) {
    const auto master = keys(key_a);
    std::set<std::string> seen;
    for (int i = 0; i < 100; ++i) seen.insert(master.seal("x", "row"));
    EXPECT_EQ(seen.size(), 100u);
}

TEST(MasterKeys, AnEnvelopeBelongsToItsRow) {
    const auto master = keys(key_a);
    const auto envelope = master.seal("x", "row-1");
    EXPECT_FALSE(master.open(envelope, "row-2"));
    EXPECT_FALSE(master.open(envelope, ""));
    EXPECT_FALSE(master.open(envelope, "row-1 "));
}

TEST(MasterKeys, EveryChangedCharacterIsNoticed) {
    const auto master = keys(key_a);
    const auto envelope = master.seal("secret", "row");
    for (std::size_t i = 0; i < envelope.size(); ++i) {
        for (const char c : {'A', 'B', '0', '.', '='}) {
            if (envelope[i] == c) continue;
            auto bad = envelope;
            bad[i] = c;
            EXPECT_FALSE(master.open(bad, "row")) << bad;
        }
        EXPECT_FALSE(master.open(envelope.substr(0, i), "row"));
    }
    EXPECT_FALSE(master.open(envelope + "A", "row"));
}

TEST(MasterKeys, Rotate) {
    const auto before = keys(key_a);
    const auto envelope = before.seal("secret", "row");
    EXPECT_TRUE(before.current(envelope));
    const auto both = keys(key_b + ", " + key_a);
    const auto opened = both.open(envelope, "row");
    ASSERT_TRUE(opened);
    EXPECT_FALSE(both.current(envelope));
    const auto resealed = both.seal(opened->reveal(), "row");
    EXPECT_TRUE(both.current(resealed));
    const auto after = keys(key_b);
    EXPECT_EQ(after.open(resealed, "row")->reveal(), "secret");
    const auto lost = after.open(envelope, "row");
    ASSERT_FALSE(lost);
    EXPECT_EQ(lost.why(), "was sealed with a master key that is not configured");
    EXPECT_FALSE(both.current(""));
    EXPECT_FALSE(both.current("gs1."));
}

TEST(MasterKeys, RefusesOtherTexts) {
    for (const std::string& text :
         {std::string(), std::string(","), key_a + ',', key_a + ',' + key_a, base64_encode(std::string(31, 'a')),
          base64_encode(std::string(33, 'a')), key_a.substr(1), std::string("correct horse battery staple")}) {
        const auto parsed = MasterKeys::parse(text);
        EXPECT_FALSE(parsed) << text;
        if (text.size() > 5) {
            EXPECT_EQ(parsed.why().find(text.substr(0, 5)), std::string::npos) << "the value is in the message";
        }
    }
}

TEST(Authenticator, GivesBackWhatItSigned) {
    const auto mac = keys(key_a).authenticator("cursor");
    for (const std::string& bytes : {std::string(), std::string("created_at=1"), std::string("\0\xff", 2)}) {
        EXPECT_EQ(mac.verify(mac.sign(bytes, "project-1"), "project-1"), bytes);
        EXPECT_EQ(mac.verify(mac.sign(bytes)), bytes);
    }
    EXPECT_EQ(mac.sign("x"), mac.sign("x")) << "the same text each time, so that a cursor can be compared";
}

TEST(Authenticator, RefusesWhatItDidNot) {
    const auto master = keys(key_a);
    const auto mac = master.authenticator("cursor");
    const auto text = mac.sign("position", "project-1");
    EXPECT_FALSE(mac.verify(text, "project-2"));
    EXPECT_FALSE(mac.verify(text));
    EXPECT_FALSE(master.authenticator("state").verify(text, "project-1")) << "another purpose";
    EXPECT_FALSE(keys(key_b).authenticator("cursor").verify(text, "project-1"));
    for (std::size_t i = 0; i < text.size(); ++i) {
        auto bad = text;
        bad[i] = bad[i] == 'A' ? 'B' : 'A';
        EXPECT_FALSE(mac.verify(bad, "project-1")) << i;
        EXPECT_FALSE(mac.verify(text.substr(0, i), "project-1")) << i;
    }
    EXPECT_FALSE(mac.verify(text + "=", "project-1"));
    EXPECT_FALSE(mac.verify(std::string(10'000, 'A'), "project-1"));
    // What is bound and what is carried do not run into each other.
    EXPECT_FALSE(mac.verify(mac.sign("bc", "a"), "ab"));
    const auto shifted = *base64url_decode(mac.sign("bc", "a"));
    EXPECT_FALSE(mac.verify(base64url_encode(shifted.substr(0, 16) + "c"), "ab"));
    EXPECT_FALSE(mac.verify(base64url_encode(shifted.substr(0, 16) + ":abc"), ""));
}

TEST(Authenticator, KeysAreRotated) {
    const auto text = keys(key_a).authenticator("cursor").sign("x");
    EXPECT_EQ(keys(key_b + ',' + key_a).authenticator("cursor").verify(text), "x");
    EXPECT_NE(keys(key_b + ',' + key_a).authenticator("cursor").sign("x"), text);
}

TEST(Authenticator, TakesARandomKeyToo) {
    const Authenticator mac({Secret<>(std::string(32, 'k'))}, "cursor");
    EXPECT_EQ(mac.verify(mac.sign("x")), "x");
    EXPECT_THROW(Authenticator({}, "cursor"), std::invalid_argument);
    EXPECT_THROW(Authenticator({Secret<>(std::string(31, 'k'))}, "cursor"), std::invalid_argument);
}

} // namespace
} // namespace gravity::auth
