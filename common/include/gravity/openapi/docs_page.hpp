#pragma once

#include <gravity/http/message.hpp>

#include <filesystem>
#include <map>
#include <string>
#include <string_view>

namespace gravity::openapi {

/// What /docs and everything below it is answered with under: nothing from elsewhere, no inline script, not framed.
/// Inline styles are allowed because Swagger UI sets them on its elements; they cannot run anything.
inline constexpr std::string_view docs_policy =
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// The answers to GET /docs and to /docs/assets/<file>, by path, ready to be sent as they are.
///
/// `assets` is a folder with Swagger UI's distribution (`swagger-ui.css`, `swagger-ui-bundle.js` and, if there,
/// `favicon-32x32.png`); only these are served, each at most 16 MiB, read here once. Without the folder or one of the
/// first two the page says so, tells where the document is, and there are no assets. The links are relative, so that
/// the page also works behind a prefix of a gateway.
std::map<std::string, http::Response, std::less<>> docs_pages(std::string_view title,
                                                              const std::filesystem::path& assets);

} // namespace gravity::openapi
