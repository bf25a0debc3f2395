#include <gravity/openapi/docs_page.hpp>

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>

namespace gravity::openapi {
namespace {

class DocsPage : public testing::Test {
protected:
    void SetUp() override {
        std::string pattern = (std::filesystem::temp_directory_path() / "gravity-docs-XXXXXX").string();
        ASSERT_NE(mkdtemp(pattern.data()), nullptr);
        folder_ = pattern;
    }
    void TearDown() override { std::filesystem::remove_all(folder_); }

    void put(std::string_view name, std::string_view bytes) {
        std::ofstream(folder_ / name, std::ios::binary) << bytes;
    }

    std::filesystem::path folder_;
};

TEST_F(DocsPage, ShowsSwaggerUiFromTheFolder) {
    put("swagger-ui.css", "body{}");
    put("swagger-ui-bundle.js", "var SwaggerUIBundle;");
    put("secrets.txt", "no");
    const auto pages = docs_pages("Shop", folder_);
    ASSERT_EQ(pages.size(), 4u); // the page, two files, our script; nothing else of the folder
    const auto& page = pages.at("/docs");
    EXPECT_EQ(page.status, 200);
    EXPECT_EQ(page.headers.get("Content-Type"), "text/html; charset=utf-8");
    EXPECT_EQ(page.headers.get("Content-Security-Policy"), docs_policy);
    EXPECT_NE(page.body.find("<title>Shop</title>"), std::string::npos);
    EXPECT_EQ(pages.at("/docs/assets/swagger-ui.css").body, "body{}");
    EXPECT_EQ(pages.at("/docs/assets/swagger-ui-bundle.js").headers.get("Content-Type"),
              "text/javascript; charset=utf-8");
    EXPECT_NE(pages.at("/docs/assets/start.js").body.find("openapi.json"), std::string::npos);
    // What the page asks for is what there is.
    for (const auto& [path, answer] : pages) {
        if (path != "/docs") {
            EXPECT_NE(page.body.find('"' + path.substr(1) + '"'), std::string::npos) << path;
        }
    }
}

TEST_F(DocsPage, HasNoScriptThatThePolicyWouldStop) {
    put("swagger-ui.css", "");
    put("swagger-ui-bundle.js", "");
    const auto pages = docs_pages("Shop", folder_);
    const std::string& html = pages.at("/docs").body;
    for (auto at = html.find("<script"); at != std::string::npos; at = html.find("<script", at + 1))
        EXPECT_EQ(html.substr(at, 13), "<script src=\"");
    EXPECT_EQ(docs_policy.find("unsafe-eval"), std::string_view::npos);
    EXPECT_NE(docs_policy.find("script-src 'self';"), std::string_view::npos);
}

TEST_F(DocsPage, SaysWhatIsMissing) {
    put("swagger-ui.css", "");
    for (const auto& folder : {std::filesystem::path(), folder_, folder_ / "nowhere"}) {
        const auto pages = docs_pages("Shop", folder);
        ASSERT_EQ(pages.size(), 1u) << folder;
        const auto& page = pages.at("/docs");
        EXPECT_EQ(page.status, 200);
        EXPECT_NE(page.body.find("<a href=\"openapi.json\">"), std::string::npos);
        EXPECT_NE(page.body.find("DOCS_DIR"), std::string::npos);
        EXPECT_EQ(page.headers.get("Content-Security-Policy"), docs_policy);
    }
}

TEST_F(DocsPage, TakesTheTitleAsText) {
    const auto pages = docs_pages("<script>alert('x')</script> & \"co\"", {});
    EXPECT_EQ(pages.at("/docs").body.find("<script>"), std::string::npos);
    EXPECT_NE(pages.at("/docs").body.find("&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt; &amp; &quot;co&quot;"),
              std::string::npos);
}

TEST_F(DocsPage, LeavesOutAnIconThatIsNotThere) {
    put("swagger-ui.css", "");
    put("swagger-ui-bundle.js", "");
    EXPECT_EQ(docs_pages("Shop", folder_).at("/docs").body.find("favicon"), std::string::npos);
    put("favicon-32x32.png", "png");
    const auto pages = docs_pages("Shop", folder_);
    EXPECT_NE(pages.at("/docs").body.find("docs/assets/favicon-32x32.png"), std::string::npos);
    EXPECT_EQ(pages.at("/docs/assets/favicon-32x32.png").headers.get("Content-Type"), "image/png");
}

} // namespace
} // namespace gravity::openapi
