#include "common_passwords.hpp"
#include "passwords.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace gravity::issuer {
namespace {

std::string fault(std::string_view password, const std::vector<std::string>& own_words = {}) {
    const auto found = password_fault(password, own_words);
    return found ? std::string(explained(*found)) : "";
}

TEST(CommonPasswords, AreTenThousandOfEightCharactersOrMore) {
    std::size_t passwords = 0;
    for (std::string_view rest = common_passwords_text; !rest.empty();) {
        const std::string_view line = rest.substr(0, rest.find('\n'));
        rest.remove_prefix(std::min(rest.size(), line.size() + 1));
        if (line.starts_with('#')) continue;
        ++passwords;
        EXPECT_GE(line.size(), 8u) << line;
        EXPECT_TRUE(is_common_password(line)) << line;
    }
    EXPECT_EQ(passwords, 10'000u);
    EXPECT_FALSE(is_common_password("correct horse battery staple"));
    EXPECT_FALSE(is_common_password(""));
    EXPECT_FALSE(is_common_password("# copyright (c) 2012-2016 dan wheeler and dropbox, inc."));
}

TEST(Passwords, HaveEightTo256CharactersOfAnyKind) {
    EXPECT_EQ(fault("correct horse battery staple"), "");
    EXPECT_EQ(fault("vkzqwmxj"), "") << "no rule says what kinds of characters";
    EXPECT_EQ(fault("\u043f\u0430\u0440\u043e\u043b\u044c\u043a\u0430"), "") << "eight characters, sixteen bytes";
    EXPECT_EQ(fault("sh0rt!!"), "must have at least 8 characters");
    EXPECT_EQ(fault(""), "must have at least 8 characters");
    std::string long_one;
    for (int i = 0; i < 128; ++i) long_one += "ab";
    EXPECT_EQ(fault(long_one), "");
    EXPECT_EQ(fault(long_one + "c"), "must have at most 256 characters");
    EXPECT_EQ(fault(std::string("abcde\0xyz", 9)), "must not have control characters");
}

TEST(Passwords, AreNotAmongTheCommonest) {
    EXPECT_EQ(fault("password"), "is one of the commonest passwords");
    EXPECT_EQ(fault("PassWord"), "is one of the commonest passwords");
    EXPECT_EQ(fault("qwertyuiop"), "is one of the commonest passwords");
}

TEST(Passwords, AreNoRuns) {
    for (const std::string run : {"xxxxxxxxxxxx", "cdefghijkl", "lkjihgfedc", "\u00e4\u00e4\u00e4\u00e4\u00e4\u00e4\u00e4\u00e4"})
        EXPECT_EQ(fault(run), "is one character repeated, or a run of characters") << run;
    EXPECT_EQ(fault("acegikmoqs"), "");
}

TEST(Passwords, AreNotMadeOfOnesOwnNames) {
    const std::vector<std::string> own{"Ada.Lovelace@example.com", "Ada.Lovelace", "Engine", "ada"};
    const std::string why = "is little more than a name of the account or of the service";
    EXPECT_EQ(fault("ada.lovelace", own), why);
    EXPECT_EQ(fault("ADA.LOVELACE2026!", own), why);
    EXPECT_EQ(fault("engineengine1", own), why);
    EXPECT_EQ(fault("ada.lovelace@example.com", own), why);
    EXPECT_EQ(fault("engine of analysis", own), "") << "eleven characters are left";
    EXPECT_EQ(fault("adamant pearls", own), "") << "three letters are in many a word";
}

} // namespace
} // namespace gravity::issuer
