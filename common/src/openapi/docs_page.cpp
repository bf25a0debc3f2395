#include <gravity/base/html.hpp>
#include <gravity/openapi/docs_page.hpp>

#include <fstream>
#include <optional>

namespace gravity::openapi {
namespace {

constexpr std::uintmax_t max_asset = 16 << 20;

struct Asset {
    std::string_view name;
    std::string_view content_type;
    bool needed;
};
constexpr Asset swagger_assets[] = {
    {"swagger-ui.css", "text/css; charset=utf-8", true},
    {"swagger-ui-bundle.js", "text/javascript; charset=utf-8", true},
    {"favicon-32x32.png", "image/png", false},
};

// Ours: the distribution's own would show a document from elsewhere, and a script in the page would need a hole in the
// policy. The address is relative to the page, which stands beside openapi.json.
constexpr std::string_view start_script = R"js("use strict";
window.addEventListener("load", function () {
  window.ui = SwaggerUIBundle({
    url: "openapi.json",
    dom_id: "#swagger-ui",
    deepLinking: true,
    docExpansion: "list",
    tryItOutEnabled: false,
    validatorUrl: null,
  });
});
)js";

http::Response answer(std::string_view content_type, std::string body) {
    http::Response response;
    response.headers.add("Content-Type", content_type);
    response.headers.add("Content-Security-Policy", docs_policy);
    response.headers.add("X-Content-Type-Options", "nosniff");
    response.headers.add("Referrer-Policy", "no-referrer");
    response.headers.add("Cache-Control", "no-cache"); // after an update of the service the page must fit its document
    response.body = std::move(body);
    return response;
}

std::string page(std::string_view title, std::string_view head, std::string_view body) {
    std::string html = "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                       "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>";
    html += html_escape(title);
    html += "</title>\n";
    html += head;
    html += "</head>\n<body>\n";
    html += body;
    html += "</body>\n</html>\n";
    return html;
}

std::optional<std::string> read(const std::filesystem::path& file) {
    std::error_code error;
    if (!std::filesystem::is_regular_file(file, error) || error) return std::nullopt;
    const auto size = std::filesystem::file_size(file, error);
    if (error || size > max_asset) return std::nullopt;
    std::string bytes(static_cast<std::size_t>(size), '\0');
    std::ifstream in(file, std::ios::binary);
    if (!in.read(bytes.data(), static_cast<std::streamsize>(bytes.size()))) return std::nullopt;
    return bytes;
}

} // namespace

std::map<std::string, http::Response, std::less<>> docs_pages(std::string_view title,
                                                              const std::filesystem::path& assets) {
    std::map<std::string, http::Response, std::less<>> pages;
    std::string missing = assets.empty() ? "no folder is set (DOCS_DIR)" : "";
    for (const Asset& asset : swagger_assets) {
        if (!missing.empty()) break;
        if (auto bytes = read(assets / asset.name))
            pages.emplace("/docs/assets/" + std::string(asset.name), answer(asset.content_type, *std::move(bytes)));
        else if (asset.needed)
            missing = std::string(asset.name) + " cannot be read from the folder set by DOCS_DIR";
    }
    if (!missing.empty()) {
        pages.clear();
        const std::string body =
            "<h1>" + html_escape(title) +
            "</h1>\n<p>The description of this service is at <a href=\"openapi.json\">/openapi.json</a> " +
            "(OpenAPI 3.1).</p>\n<p>It is not shown here because the files of Swagger UI are missing: " +
            html_escape(missing) + ".</p>\n";
        pages.emplace("/docs", answer("text/html; charset=utf-8", page(title, {}, body)));
        return pages;
    }
    std::string head = "<link rel=\"stylesheet\" href=\"docs/assets/swagger-ui.css\">\n";
    if (pages.find("/docs/assets/favicon-32x32.png") != pages.end())
        head += "<link rel=\"icon\" type=\"image/png\" href=\"docs/assets/favicon-32x32.png\">\n";
    head += "<script src=\"docs/assets/swagger-ui-bundle.js\" defer></script>\n<script src=\"docs/assets/start.js\" "
            "defer></script>\n";
    const std::string body = "<div id=\"swagger-ui\"></div>\n<noscript>The description of this service is at <a "
                             "href=\"openapi.json\">/openapi.json</a>."
                             "</noscript>\n";
    pages.emplace("/docs/assets/start.js", answer("text/javascript; charset=utf-8", std::string(start_script)));
    pages.emplace("/docs", answer("text/html; charset=utf-8", page(title, head, body)));
    return pages;
}

} // namespace gravity::openapi
