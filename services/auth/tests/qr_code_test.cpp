// A reader of codes that are not damaged, as ISO/IEC 18004 has them, against the pictures.
#include "passkey_fixture.hpp"
#include "qr_code.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <string>
#include <vector>

namespace gravity::issuer {
namespace {

// Behind the character at `at`, which is left behind it.
int number_behind(const std::string& text, std::size_t& at) {
    int number = 0;
    for (++at; at < text.size() && text[at] >= '0' && text[at] <= '9'; ++at) number = number * 10 + (text[at] - '0');
    return number;
}

/// The modules of a picture, black ones true: [row][column], without the quiet zone.
std::vector<std::vector<bool>> modules_in(const std::string& picture) {
    const int size = std::stoi(text_between(picture, "viewBox=\"0 0 ", " "));
    std::vector<std::vector<bool>> all(static_cast<std::size_t>(size), std::vector<bool>(static_cast<std::size_t>(size)));
    const std::string path = text_between(picture, "<path fill=\"#000\" d=\"", "\"");
    for (std::size_t at = path.find('M'); at != std::string::npos; at = path.find('M', at)) {
        const int x = number_behind(path, at), y = number_behind(path, at), length = number_behind(path, at);
        EXPECT_TRUE(path.substr(at).starts_with("v1h-" + std::to_string(length) + "z")) << path.substr(at, 20);
        for (int i = 0; i < length; ++i) all.at(static_cast<std::size_t>(y)).at(static_cast<std::size_t>(x + i)) = true;
    }
    std::vector<std::vector<bool>> inner;
    for (int y = 0; y < size; ++y) {
        const auto& row = all[static_cast<std::size_t>(y)];
        const bool quiet = y < 4 || y >= size - 4;
        for (int x = 0; x < size; ++x) {
            const bool outside = quiet || x < 4 || x >= size - 4;
            EXPECT_FALSE(outside && row[static_cast<std::size_t>(x)]) << "the quiet zone, at " << x << " " << y;
        }
        if (!quiet) inner.emplace_back(row.begin() + 4, row.end() - 4);
    }
    return inner;
}

// Section 7.8.2: which modules of the data are inverted.
bool inverted(int mask, int x, int y) {
    const int product = x * y, third = product % 3;
    const int conditions[] = {(x + y) % 2, y % 2, x % 3, (x + y) % 3,
                              (x / 3 + y / 2) % 2, product % 2 + third, (product % 2 + third) % 2, ((x + y) % 2 + third) % 2};
    return conditions[mask] == 0;
}

// What is no data in version 3, of 29 modules: finders with their separators and the format, timing, alignment.
bool is_pattern(int x, int y) {
    const bool finder = (x < 9 && y < 9) || (x < 9 && y >= 21) || (x >= 21 && y < 9);
    return finder || x == 6 || y == 6 || (std::abs(x - 22) <= 2 && std::abs(y - 22) <= 2);
}

/// The text of a code of version 3 and level M, whose codewords are one block.
std::string text_of(const std::vector<std::vector<bool>>& code) {
    const auto black = [&](int x, int y) { return code.at(static_cast<std::size_t>(y)).at(static_cast<std::size_t>(x)); };
    int format = 0;
    for (int x = 0; x < 5; ++x) format = format << 1 | static_cast<int>(black(x, 8));
    format ^= 0x5412 >> 10;        // section 7.9.1
    EXPECT_EQ(format >> 3, 0);     // level M
    std::string bits;
    for (int right = 28; right >= 1; right -= 2) {
        if (right == 6) right = 5;
        for (int step = 0; step < 29; ++step)
            for (int side = 0; side < 2; ++side) {
                const int x = right - side, y = ((right + 1) & 2) == 0 ? 28 - step : step;
                if (!is_pattern(x, y)) bits += black(x, y) != inverted(format & 7, x, y) ? '1' : '0';
            }
    }
    const auto number = [&](std::size_t from, std::size_t count) { return std::stoi(bits.substr(from, count), nullptr, 2); };
    EXPECT_EQ(number(0, 4), 4) << "bytes"; // section 7.4.1
    std::string text;
    for (int i = 0; i < number(4, 8); ++i) text += static_cast<char>(number(12 + 8 * static_cast<std::size_t>(i), 8));
    return text;
}

TEST(QrCodes, AreReadBack) {
    for (const std::string text : {"otpauth://totp/a?secret=GEZDGNBVGY3TQOJQ", "30 bytes, in version 3 as well", "http://example.com/\xc3\xa9?<&\">, 35 b"}) {
        const auto picture = qr_code(text, "a label");
        ASSERT_TRUE(picture) << text;
        const auto modules = modules_in(*picture);
        ASSERT_EQ(modules.size(), 29u) << text;
        EXPECT_EQ(text_of(modules), text);
    }
}

TEST(QrCodes, AskTheirPageForNothing) {
    const auto picture = qr_code("otpauth://totp/a", "<b> & \"c\"");
    ASSERT_TRUE(picture);
    EXPECT_TRUE(picture->starts_with("<svg xmlns=\"http://www.w3.org/2000/svg\" role=\"img\" aria-label=\"&lt;b&gt; &amp; &quot;c&quot;\" ")) << *picture;
    EXPECT_EQ(picture->find("style"), std::string::npos);
    EXPECT_EQ(picture->find("<script"), std::string::npos);
    EXPECT_NE(picture->find("<path fill=\"#fff\" d=\"M0 0h"), std::string::npos) << "white, in the dark too";
}

TEST(QrCodes, HoldSoMuch) {
    EXPECT_FALSE(qr_code("", "nothing"));
    const auto most = qr_code(std::string(2331, 'x'), "most");
    ASSERT_TRUE(most);
    EXPECT_EQ(modules_in(*most).size(), 177u);
    EXPECT_FALSE(qr_code(std::string(2332, 'x'), "one more"));
    EXPECT_FALSE(qr_code(std::string(1'000'000, 'x'), "far more"));
}

/// At the page where somebody sets up an app.
class AppPicture : public SignInApi {
protected:
    testkit::Answer begun(const std::string& name) {
        const auto shop = web_client(Json::object({{"first_party", true}}));
        Browser browser(service.port());
        const auto step = type(browser, flow_of(browser.get(request(shop))), name, good_password);
        EXPECT_TRUE(step.location().starts_with(callback)) << step.location();
        const std::string proof = text_between(browser.get("/account/security").body(), "name=\"proof\" value=\"", "\"");
        return browser.post("/account/security/totp", "proof=" + proof);
    }
};

TEST_F(AppPicture, IsOfTheLink) {
    person("a@b.example");
    const auto page = begun("a@b.example");
    ASSERT_EQ(page.status(), 200);
    std::string link = "otpauth://" + text_between(page.body(), "href=\"otpauth://", "\"");
    for (auto at = link.find("&amp;"); at != std::string::npos; at = link.find("&amp;", at)) link.replace(at, 5, "&");
    const auto picture = qr_code(link, "The same link as a picture");
    ASSERT_TRUE(picture);
    EXPECT_NE(page.body().find(*picture), std::string::npos) << "the link and the key stand beside it as text";
    EXPECT_NE(page.body().find("<code>"), std::string::npos);
    const std::string policy = page.header("Content-Security-Policy");
    EXPECT_EQ(policy.find("unsafe"), std::string::npos);
    EXPECT_EQ(policy.find("img-src"), std::string::npos);
    EXPECT_EQ(policy.find("script-src"), std::string::npos);
}

TEST_F(AppPicture, IsLeftOutWhereTheNameIsTooLongForOne) {
    std::string name = "a";
    for (int i = 0; i < 220; ++i) name += "\xf3\xa0\x84\x80"; // U+E0100: nothing in a canonical name, twelve characters in a link
    const auto made = as.owner.post("/api/v1/identities", {{"login_names", names({{"username", name}})}}).expect(201);
    set_password(made, good_password).expect(201);
    const auto page = begun("a");
    ASSERT_EQ(page.status(), 200);
    EXPECT_EQ(page.body().find("<svg"), std::string::npos);
    EXPECT_NE(page.body().find("href=\"otpauth://"), std::string::npos);
}

} // namespace
} // namespace gravity::issuer
