#include <gravity/base/html.hpp>

#include <gtest/gtest.h>

namespace gravity {
namespace {

TEST(Html, NothingOfATextEndsWhatItStandsIn) {
    EXPECT_EQ(html_escape("<script>alert(\"1\" & '2')</script>"), "&lt;script&gt;alert(&quot;1&quot; &amp; &#39;2&#39;)&lt;/script&gt;");
    EXPECT_EQ(html_escape("&amp;"), "&amp;amp;") << "once more is once more";
}

TEST(Html, EverythingElseStaysAsItIs) {
    const std::string other = std::string("Zo\xc3\xab \xff\n", 7) + '\0' + "`=/";
    EXPECT_EQ(html_escape(other), other);
    EXPECT_EQ(html_escape(""), "");
}

} // namespace
} // namespace gravity
