#include "own_pages.hpp"

#include "api_document.hpp"

#include <gravity/base/encoding.hpp>
#include <gravity/http/compress.hpp>
#include <gravity/http/problem.hpp>
#include <gravity/openapi/docs_page.hpp>

namespace gravity::gateway {

OwnPages::OwnPages(std::string version, std::string_view openapi, std::string docs) : version_(std::move(version)), docs_(std::move(docs)) {
    set_openapi(openapi);
}

bool OwnPages::owns(std::string_view path) {
    return path == "/health/live" || path == "/health/ready" || path == "/openapi.json" || (path.starts_with("/docs") && (path.size() == 5 || path[5] == '/'));
}

void OwnPages::set_ready(std::string reason) {
    const std::lock_guard lock(mutex_);
    blocked_ = std::move(reason);
}

void OwnPages::set_openapi(std::string_view document) {
    std::string packed = packed_description(document);
    const std::lock_guard lock(mutex_);
    openapi_ = std::move(packed);
    openapi_bytes_ = document.size();
}

http::Response OwnPages::description(std::string_view accept_encoding) const {
    http::Response response;
    response.headers.add("Content-Type", "application/json");
    response.headers.add("Vary", "Accept-Encoding");
    std::unique_lock lock(mutex_);
    const std::size_t bytes = openapi_bytes_;
    response.body = openapi_;
    lock.unlock();
    if (http::accepts_gzip(accept_encoding)) response.headers.add("Content-Encoding", "gzip");
    else response.body = http::decompress(http::Coding::gzip, response.body, bytes).value(); // ours, so it is whole
    return response;
}

/// Read when asked for: hardly anybody looks.
std::optional<http::Response> OwnPages::docs_page(std::string_view path) const {
    auto pages = openapi::docs_pages("Gravity API Gateway", docs_);
    const auto found = pages.find(path);
    return found == pages.end() ? std::nullopt : std::optional(std::move(found->second));
}

http::Response OwnPages::health(bool ready, std::string_view reason) const {
    http::Response response;
    response.status = ready ? 200 : 503;
    response.headers.add("Content-Type", "application/health+json");
    response.headers.add("Cache-Control", "no-store");
    response.body = ready ? R"({"status":"pass","serviceId":"gateway","releaseId":)" : R"({"status":"fail","serviceId":"gateway","releaseId":)";
    append_json_string(response.body, version_);
    if (!ready) {
        response.body += ",\"output\":";
        append_json_string(response.body, reason);
    }
    response.body += '}';
    return response;
}

std::optional<http::Response> OwnPages::answer(http::Method method, std::string_view path, std::string_view accept_encoding) const {
    if (method != http::Method::get && method != http::Method::head) {
        return http::problem_response(Refusal(problems::method_not_allowed).with_header("Allow", "GET, HEAD"), path, {});
    }
    if (path == "/health/live") return health(true, {});
    if (path == "/health/ready") {
        const std::lock_guard lock(mutex_);
        return health(blocked_.empty(), blocked_);
    }
    if (path == "/openapi.json") return description(accept_encoding);
    return docs_page(path);
}

} // namespace gravity::gateway
