#include "html.hpp"

#include <gtest/gtest.h>

namespace gravity::product_catalog::html {
namespace {

TEST(Escape, WhatHasAMeaningInMarkup) {
    EXPECT_EQ(escape(R"(<a href="x" title='y'>&amp;)"), "&lt;a href=&quot;x&quot; title=&#39;y&#39;&gt;&amp;amp;");
    EXPECT_EQ(escape(std::string_view("a\0b\x01\x0b\tc\n", 8)), "ab\tc\n"); // XML 1.0 section 2.2
    EXPECT_EQ(escape("Tasse für 2 €"), "Tasse für 2 €");
}

TEST(Sanitise, PlainTextBecomesParagraphs) {
    EXPECT_EQ(sanitise("One line"), "<p>One line</p>");
    EXPECT_EQ(sanitise("First\nline\n\n\nSecond\n"), "<p>First<br>line</p><p>Second</p>");
    EXPECT_EQ(sanitise("A <b>bold</b> word\n\n<i>and</i> more"), "<p>A <b>bold</b> word</p><p><i>and</i> more</p>");
    EXPECT_EQ(sanitise("<b>a\n\nb</b>"), "<p><b>a<br><br>b</b></p>");
    EXPECT_EQ(sanitise("5 < 7 & 8 > 6"), "<p>5 &lt; 7 &amp; 8 &gt; 6</p>");
    EXPECT_EQ(sanitise("   \n "), "");
}

TEST(Sanitise, KeepsWhatTextsAreMadeOf) {
    const std::string good = "<h2>Material</h2><p>Soft <strong>cotton</strong>, 100 m<sup>2</sup></p><ul><li>red</li><li>blue</li></ul>"
                             "<table><tr><th>Size</th><td>38</td></tr></table>";
    EXPECT_EQ(sanitise(good), good);
    EXPECT_EQ(sanitise("<h1>Title</h1>"), "<h2>Title</h2>");
    EXPECT_EQ(sanitise("<section><p>a</p></section>"), "<p>a</p>");
    EXPECT_EQ(sanitise("<p>unclosed <b>tags"), "<p>unclosed <b>tags</b></p>");
    EXPECT_EQ(sanitise("<p>ä&nbsp;&euro;</p>"), "<p>ä\u00a0€</p>");
    EXPECT_EQ(sanitise("<p>a</p></div><p>b</p>"), "<p>a</p><p>b</p>");
}

TEST(Sanitise, LinksLeadToTheWebOnly) {
    EXPECT_EQ(sanitise("<a href='https://example.com/?a=1&b=2' onclick='x()'>x</a>"),
              "<p><a href=\"https://example.com/?a=1&amp;b=2\" rel=\"nofollow noopener\">x</a></p>");
    for (const char* href : {"javascript:alert(1)", "JaVaScRiPt:alert(1)", " java\nscript:alert(1)", "data:text/html,x", "vbscript:x", "/relative", "//host/x",
                             "https://user:pass@example.com/", "&#106;avascript:alert(1)", "\x01javascript:alert(1)"})
        EXPECT_EQ(sanitise(std::string("<a href=\"") + href + "\">x</a>"), "<p><a>x</a></p>") << href;
}

// From the lists that attack sanitisers (OWASP's cheat sheet, mutation XSS): nothing of it may come out as markup that does something.
TEST(Sanitise, NothingActiveComesThrough) {
    const char* attacks[] = {"<script>alert(1)</script>",
                             "<ScRiPt src=//x></sCrIpT>",
                             "<img src=x onerror=alert(1)>",
                             "<svg onload=alert(1)>",
                             "<svg><script>alert(1)</script></svg>",
                             "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>",
                             "<iframe src=javascript:alert(1)></iframe>",
                             "<object data=x></object>",
                             "<p onmouseover=alert(1) style='x:expression(alert(1))'>x</p>",
                             "<noscript><p title=\"</noscript><img src=x onerror=alert(1)>\">",
                             "<!--><img src=x onerror=alert(1)>-->",
                             "<![CDATA[<img src=x onerror=alert(1)>]]>",
                             "<textarea><img title=\"</textarea><script>alert(1)</script>\">",
                             "<style><img src=\"</style><img src=x onerror=alert(1)>\">",
                             "<title><img src=\"</title><script>alert(1)</script>\">",
                             "<form action=javascript:x><input>",
                             "<base href=//evil>",
                             "<meta http-equiv=refresh content='0;url=javascript:x'>",
                             "<link rel=stylesheet href=//evil>",
                             "<body onload=alert(1)>x",
                             "<<script>alert(1)//<</script>",
                             "<img src=`x`onerror=alert(1)>",
                             "<a<script>alert(1)</script>",
                             "<xmp><script>alert(1)</script></xmp>",
                             "<template><script>alert(1)</script></template>",
                             "</p><script>alert(1)</script>",
                             "<p/onclick=alert(1)>x",
                             "<table background=javascript:x>"};
    for (const std::string attack : attacks) {
        const std::string out = sanitise(attack);
        std::string tags;
        for (std::size_t at = out.find('<'); at != std::string::npos; at = out.find('<', at + 1)) tags += out.substr(at, out.find('>', at) + 1 - at) + " ";
        for (const char* bad : {"script", "img", "svg", "style", "iframe", "object", "on", "=", "form", "input", "meta", "link", "base", "body", "math"})
            EXPECT_EQ(tags.find(bad), std::string::npos) << attack << " -> " << out;
    }
}

TEST(Sanitise, DeepAndBrokenInputEnds) {
    std::string deep;
    for (int i = 0; i < 5'000; ++i) deep += "<blockquote>";
    EXPECT_LT(sanitise(deep + "x").size(), 10'000u);
    EXPECT_EQ(sanitise("a\xff\xfe<b"), "<p>a</p>"); // what is not UTF-8 ends the text
    EXPECT_EQ(sanitise(std::string("a\0<b>c</b>", 10)), "<p>a<b>c</b></p>");
}

TEST(Sanitise, WhatComesOutComesOutAgain) {
    for (const std::string_view text :
         {R"html(<h1>Mug</h1><p onclick="x()">Blue &amp; <b>big</b><script>alert(1)</script><a href="https://a.example/?x=1&amp;y">more</a><br>)html"
          "<img src=script>aler/<t1)(scrle><tr><td>1</table>",
          "<tr><td>1", "a<td>b</td><tr>c", "<p>a<table>b", "<table>a<tr>b<td>c</table>d", "<li>a<p>b<li>c", "<p>a<p>b", "<b><p>a</b>b", "<ul>a<dd>b</ul>c",
          "<a href='https://a.example'>a<a href='https://b.example'>b", "<s><div><s>a</div>b", "<pre>\n\na</pre>", "a\n\n<b>b</b>\n", "<h1>a<h2>b"}) {
        const std::string once = sanitise(text);
        EXPECT_EQ(sanitise(once), once) << text;
    }
}

TEST(PlainText, BlocksAreLines) {
    EXPECT_EQ(plain_text("<p>One &amp; two</p><ul><li>red</li><li>blue</li></ul><script>x</script>"), "One & two\n- red\n- blue");
    EXPECT_EQ(plain_text("Nothing special\n\nhere"), "Nothing special\n\nhere");
}

TEST(Excerpt, CutsBetweenWords) {
    EXPECT_EQ(excerpt("short  text\nhere", 50), "short text here");
    EXPECT_EQ(excerpt("one two three four", 10), "one two…");
    EXPECT_EQ(excerpt("红色马克杯红色马克杯", 5), "红色马克…");
}

TEST(ScriptJson, CannotLeaveItsElement) {
    EXPECT_EQ(script_json("\"</script><!-- & \u2028 \u2029 \u2027\""), "\"\\u003c/script\\u003e\\u003c!-- \\u0026 \\u2028 \\u2029 \u2027\"");
}

} // namespace
} // namespace gravity::product_catalog::html
