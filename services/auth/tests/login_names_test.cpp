#include "login_names.hpp"

#include <gravity/meta/errors.hpp>

#include <gtest/gtest.h>

namespace gravity::issuer {
namespace {

std::string canonical(LoginKind kind, std::string_view value) { return canonical_name(kind, value).or_throw(); }
std::string email(std::string_view value) { return canonical(LoginKind::email, value); }
std::string username(std::string_view value) { return canonical(LoginKind::username, value); }
bool taken(LoginKind kind, std::string_view value) { return static_cast<bool>(canonical_name(kind, value)); }

TEST(LoginNames, OfMailAreOneWhateverTheirCaseAndTheFormOfTheirDomain) {
    EXPECT_EQ(email("Ada@Example.COM"), "ada@example.com");
    EXPECT_EQ(email("ada@m\u00fcnchen.example"), "ada@xn--mnchen-3ya.example");
    EXPECT_EQ(email("ada@XN--MNCHEN-3YA.example"), "ada@xn--mnchen-3ya.example");
    EXPECT_EQ(email("a.da+shop@example.com"), "a.da+shop@example.com") << "no provider's own rules";
    for (const std::string bad : {"ada", "ada@", "@example.com", "ada@localhost", "a da@example.com", "ada@exa_mple.com", "ada@example.com\nx"})
        EXPECT_FALSE(taken(LoginKind::email, bad)) << bad;
}

TEST(LoginNames, OfPhonesAreE164) {
    EXPECT_EQ(canonical(LoginKind::phone, "+49 (30) 1234-5678"), "+493012345678");
    EXPECT_EQ(canonical(LoginKind::phone, "+493012345678"), "+493012345678");
    for (const std::string bad : {"030 12345678", "+0301234567", "+49", "+49301234567890123", "+49x0123456"})
        EXPECT_FALSE(taken(LoginKind::phone, bad)) << bad;
}

TEST(LoginNames, OfUsersAreOneWordHoweverItIsTyped) {
    EXPECT_EQ(username("Ada"), "ada");
    EXPECT_EQ(username("\uff21\uff24\uff21"), "ada") << "full width";
    EXPECT_EQ(username("STRASSE"), username("stra\u00dfe"));
    EXPECT_EQ(username("e\u0301va"), username("\u00c9va"));
    EXPECT_EQ(username("a\u200bda"), "ada") << "what is not seen does not tell two names apart";
    EXPECT_EQ(username(std::string(64, 'a')).size(), 64u);
    EXPECT_FALSE(taken(LoginKind::username, std::string(65, 'a')));
    for (const std::string bad : {"", "\u200b", "a da", "a\u00a0da", "ada@home", "\uff20da", "+ada", "\ue000"})
        EXPECT_FALSE(taken(LoginKind::username, bad)) << bad;
}

TEST(LoginNames, AreSoughtByWhatTheyLookLike) {
    EXPECT_EQ(sought("ADA@example.com")->kind, LoginKind::email);
    EXPECT_EQ(sought("+49 30 12345678")->canonical, "+493012345678");
    EXPECT_EQ(sought("Ada")->kind, LoginKind::username);
    EXPECT_FALSE(sought("ada @ home"));
}

std::string faults(std::vector<LoginName> names) {
    meta::Errors errors;
    check(IdentityEdit{std::move(names)}, errors);
    return errors.to_string();
}

TEST(LoginNames, OfOneIdentityAreCheckedTogether) {
    EXPECT_EQ(faults({{LoginKind::email, "ada@example.com"}, {LoginKind::username, "ada"}}), "");
    EXPECT_EQ(faults({{LoginKind::username, "ada"}, {LoginKind::username, "ADA"}}), "/login_names/1/value: is there twice");
    EXPECT_EQ(faults({{LoginKind::phone, "12"}}).substr(0, 21), "/login_names/0/value:");
    EXPECT_EQ(faults(std::vector<LoginName>(11, {LoginKind::username, "ada"})), "/login_names: must have at most 10 items");
}

} // namespace
} // namespace gravity::issuer
