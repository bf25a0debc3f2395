#include "app/http_endpoints.hpp"

#include <gravity/app/app.hpp>
#include <gravity/async/coroutine.hpp>
#include <gravity/base/crypto.hpp>
#include <gravity/base/encoding.hpp>
#include <gravity/http/conditional.hpp>
#include <gravity/http/output.hpp>
#include <gravity/log/log.hpp>
#include <gravity/metrics/metrics.hpp>
#include <gravity/openapi/docs_page.hpp>

#include <map>
#include <tuple>

namespace gravity::app {
namespace {

using http::Request;
using http::Response;

Response text_response(int status, std::string_view content_type, std::string body) {
    Response response;
    response.status = status;
    response.headers.add("Content-Type", content_type);
    response.body = std::move(body);
    return response;
}

} // namespace

void add_fixed_paths(http::DispatcherOptions& options, const Definition& definition, const PlatformSettings& settings, const Health& health,
                     Description& description, std::function<void()> collect) {
    options.fixed["/health/live"] = [](const Request&) -> Task<Response> {
        co_return text_response(200, "application/health+json", "{\"status\":\"pass\"}");
    };
    // A named closure object outlives its coroutines: it stays in the map for the life of the dispatcher.
    options.fixed["/health/ready"] = [name = definition.name, &health](const Request&) -> Task<Response> {
        Response response = text_response(health.ready() ? 200 : 503, "application/health+json", health.document(name, GRAVITY_VERSION));
        response.headers.add("Cache-Control", "no-store");
        if (!health.ready()) response.headers.add("Retry-After", "1");
        co_return response;
    };
    options.fixed["/metrics"] = [collect = std::move(collect)](const Request&) -> Task<Response> {
        collect();
        co_return text_response(200, "text/plain; version=0.0.4; charset=utf-8", metrics::render());
    };
    options.fixed["/openapi.json"] = [&definition, &description](const Request& request) -> Task<Response> {
        const auto known = request.headers.get("If-None-Match");
        if (known && !description.etag.empty() && http::etag_listed(http::uncoded_etags(*known), description.etag, false)) {
            Response unchanged;
            unchanged.status = 304;
            unchanged.headers.add("ETag", description.etag);
            co_return unchanged;
        }
        if (description.text.empty()) {
            description.text = openapi_of(definition);
            description.text.shrink_to_fit();
            description.etag = '"' + hex_encode(sha256(description.text)).substr(0, 32) + '"';
        }
        Response response = text_response(200, "application/json", description.text);
        response.headers.add("ETag", description.etag);
        co_return response;
    };
    // Read when asked for, not kept: two megabytes that hardly anybody looks at would be a quarter of an idle daemon.
    const std::string title = definition.name, folder = settings.docs_dir.value_or("");
    for (const auto& page : openapi::docs_pages(title, folder))
        options.fixed[page.first] = [title, folder](const Request& request) -> Task<Response> {
            auto pages = openapi::docs_pages(title, folder);
            const auto found = pages.find(request.path);
            if (found == pages.end()) throw Refusal(problems::not_found); // removed meanwhile
            co_return std::move(found->second);
        };
}

std::function<void(const http::Observation&)> observer(AccessLog access_log) {
    auto& durations = metrics::histogram("gravity_http_request_duration_seconds", "Time from the request's head to its answer", {"method", "route", "status"});
    using Key = std::tuple<const http::Route*, http::Method, int>;
    // The series by what is at hand, so that a request need not spell its labels. I/O thread only; as many entries as there are series.
    return [access_log, &durations, known = std::map<Key, metrics::Histogram>()](const http::Observation& seen) mutable {
        const std::string_view route = seen.route == nullptr ? std::string_view("none") : std::string_view(seen.route->path);
        auto series = known.find({seen.route, seen.request.method, seen.status});
        if (series == known.end()) {
            const std::string_view method = seen.request.method == http::Method::other ? "other" : http::to_string(seen.request.method);
            series = known.emplace(Key{seen.route, seen.request.method, seen.status}, durations.with({method, route, std::to_string(seen.status)})).first;
        }
        const double seconds = std::chrono::duration<double>(seen.duration).count();
        // The life of a stream is no response time; gravity_http_streams counts those that are open.
        if (seen.route == nullptr || seen.route->live == nullptr) series->second.observe(seconds);
        if (access_log == AccessLog::off || (access_log == AccessLog::errors && seen.status < 500)) return;
        log::info("request", {{"method", seen.request.method_text},
                              {"path", seen.request.path},
                              {"route", route},
                              {"status", seen.status},
                              {"duration_ms", seconds * 1000},
                              {"peer", seen.request.peer_address},
                              {"problem", seen.problem},
                              {"request_trace", seen.trace_id}});
    };
}

} // namespace gravity::app
