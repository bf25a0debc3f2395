#include "vcard.hpp"

#include <gravity/base/utf8.hpp>
#include <gravity/json/codec.hpp>

#include <gtest/gtest.h>

namespace gravity::user {
namespace {

std::string card(std::string_view members) {
    User user;
    user.id = UserId::parse("0190c5a8-7d3a-7b52-a1f6-0d3f3a2c9e11").or_throw();
    static_cast<UserEdit&>(user) = json::decode<UserEdit>(members).or_throw();
    return vcard_of(user);
}

TEST(VCards, HaveWhatAddressBooksKnow) {
    EXPECT_EQ(card(R"({"handle":"ada","locale":"de-AT","time_zone":"Europe/Vienna",
        "profile":{"name":{"family_name":"Lovelace","given_name":"Ada","honorific_prefix":"Countess"},"display_name":"Ada; Lovelace, Countess",
                   "nick_name":"al","title":"Engineer","profile_url":"https://example.com/ada","picture_url":"https://example.com/ada.png",
                   "employment":{"organization":"Engines","department":"Numbers"},
                   "addresses":[{"street_address":"1 Square\nFlat 2","locality":"London","country":"GB","type":"Home","primary":true}]},
        "emails":[{"address":"ada@example.com","type":"work","primary":true},{"address":"al@example.com","type":"secret"}],
        "phones":[{"number":"+49 30 1234567","type":"home"},{"number":"ext. 7, at night"}]})"),
              "BEGIN:VCARD\r\nVERSION:4.0\r\nUID:urn:uuid:0190c5a8-7d3a-7b52-a1f6-0d3f3a2c9e11\r\nFN:Ada\\; Lovelace\\, Countess\r\n"
              "N:Lovelace;Ada;;Countess;\r\nNICKNAME:al\r\nTITLE:Engineer\r\nORG:Engines;;Numbers\r\n"
              "ADR;TYPE=home;PREF=1:;;1 Square\\nFlat 2;London;;;GB\r\nURL:https://example.com/ada\r\nPHOTO:https://example.com/ada.png\r\n"
              "EMAIL;TYPE=work;PREF=1:ada@example.com\r\nEMAIL:al@example.com\r\nTEL;TYPE=home;VALUE=uri:tel:+49301234567\r\nTEL:ext. 7\\, at night\r\n"
              "LANG:de-AT\r\nTZ:Europe/Vienna\r\nEND:VCARD\r\n");
}

TEST(VCards, HaveANameInAnyCase) {
    EXPECT_NE(card(R"({"handle":"ada"})").find("\r\nFN:ada\r\n"), std::string::npos);
    EXPECT_NE(card(R"({"handle":"ada","profile":{"name":{"formatted":"Ada L"}}})").find("\r\nFN:Ada L\r\n"), std::string::npos);
}

TEST(VCards, AreFoldedBetweenCharacters) {
    std::string long_name;
    for (int i = 0; i < 90; ++i) long_name += "\u20ac";
    const std::string text = card(R"({"handle":"ada","profile":{"display_name":")" + long_name + "\"}}");
    std::string unfolded;
    std::size_t begin = 0;
    for (std::size_t end = 0; (end = text.find("\r\n", begin)) != std::string::npos; begin = end + 2) {
        const std::string line = text.substr(begin, end - begin);
        EXPECT_LE(line.size(), 75U);
        EXPECT_TRUE(utf8::valid(line)) << line;
        unfolded += line.starts_with(" ") ? line.substr(1) : "\n" + line;
    }
    EXPECT_NE(unfolded.find("\nFN:" + long_name + "\n"), std::string::npos);
}

} // namespace
} // namespace gravity::user
