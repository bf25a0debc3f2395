#include "own_pages.hpp"

#include <gravity/base/encoding.hpp>
#include <gravity/http/problem.hpp>
#include <gravity/openapi/docs_page.hpp>

namespace gravity::gateway {

void OwnPages::set_ready(std::string reason) {
    const std::lock_guard lock(mutex_);
    blocked_ = std::move(reason);
}

void OwnPages::set_openapi(std::string document) {
    const std::lock_guard lock(mutex_);
    openapi_ = std::move(document);
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

std::optional<http::Response> OwnPages::answer(http::Method method, std::string_view path) const {
    const bool live = path == "/health/live", ready = path == "/health/ready";
    const bool docs = path.starts_with("/docs") && (path.size() == 5 || path[5] == '/');
    if (!live && !ready && !docs && path != "/openapi.json") return std::nullopt;
    if (method != http::Method::get && method != http::Method::head) {
        return http::problem_response(Refusal(problems::method_not_allowed).with_header("Allow", "GET, HEAD"), path, {});
    }
    if (live) return health(true, {});
    if (ready) {
        const std::lock_guard lock(mutex_);
        return health(blocked_.empty(), blocked_);
    }
    if (docs) return docs_page(path);
    http::Response response;
    response.headers.add("Content-Type", "application/json");
    const std::lock_guard lock(mutex_);
    response.body = openapi_;
    return response;
}

} // namespace gravity::gateway
