#include "openapi/answers.hpp"

#include <gravity/base/ascii.hpp>

#include <algorithm>
#include <vector>

namespace gravity::openapi {

using http::Method;
using http::Route;

namespace {

// What the platform itself says with a status; a service's own problems come on top.
std::vector<Problem> platform_problems(int status) {
    static constexpr Problem all[] = {
        problems::malformed,
        problems::invalid_cursor,
        problems::unauthenticated,
        problems::forbidden,
        problems::not_found,
        problems::conflict,
        problems::request_running,
        problems::stale_version,
        problems::too_large,
        problems::invalid,
        problems::key_reused,
        problems::unsupported_media_type,
        problems::rate_limited,
        problems::internal,
        problems::integrity_violation,
        problems::store_unavailable,
        problems::overloaded,
        problems::outcome_unknown,
        problems::deadline_exceeded,
        // Those of the transport (http/wire.hpp), before there is a route.
        {408, "request-timeout", "The request did not arrive fast enough"},
        {414, "uri-too-long", "The request target is too long"},
        {426, "upgrade-required", "This is a WebSocket"},
        {431, "header-fields-too-large", "The request head is too large"},
        {431, "too-many-header-fields", "The request has too many header fields"},
    };
    std::vector<Problem> found;
    std::copy_if(std::begin(all), std::end(all), std::back_inserter(found),
                 [&](const Problem& p) { return p.status == status; });
    return found;
}

bool has_parameter(const Route& route, std::string_view in, std::string_view name = {}) {
    return std::any_of(route.parameters.begin(), route.parameters.end(),
                       [&](const auto& p) { return p.in == in && (name.empty() || ascii::iequals(p.name, name)); });
}

std::set<int> statuses_of(const Route& route) {
    // Any route: X-Request-Timeout-Ms may be malformed and its time may run out, a token may be a bad one even where
    // none is needed, the gateway limits, and the store may be away.
    std::set<int> statuses{400, 401, 414, 429, 431, 500, 503, 504};
    const bool writes = route.transaction != nullptr && route.method != Method::get;
    if (!route.scope.empty()) statuses.insert(403);
    if (route.answer.status == 101) statuses.insert(426);
    if (route.path.find('{') != std::string::npos) statuses.insert(404);
    if (writes) statuses.insert({409, 422}); // rows that others keep changing; a number that overflows in SQL
    if (route.honours_idempotency_key()) statuses.insert({409, 422});
    if (has_parameter(route, "header", "If-Match")) statuses.insert(412);
    if (has_parameter(route, "query")) statuses.insert(422);
    if (!route.bodies.empty()) statuses.insert({408, 413, 415, 422});
    for (const Problem& problem : route.options.problems) statuses.insert(problem.status);
    return statuses;
}

// "UnprocessableContent"
std::string component_of(int status) {
    std::string name;
    for (const char c : http::reason_phrase(status))
        if (ascii::is_alnum(c)) name += c;
    return name.empty() ? "Status" + std::to_string(status) : name;
}

std::string describe(const std::vector<Problem>& list) {
    std::string text;
    for (const Problem& problem : list) {
        if (!text.empty()) text += "\n";
        text += "- `" + problem_type(problem.slug) + "`: " + std::string(problem.title);
    }
    return text;
}

Json header(std::string_view description, Json schema, bool required) {
    Json object = Json::object({{"description", description}, {"schema", std::move(schema)}});
    if (required) object["required"] = true;
    return object;
}

Json etag_header(bool required) {
    return header("Entity tag of the resource's version, for If-Match and If-None-Match", text_schema(), required);
}

Json refusal_headers(int status) {
    Json headers = Json::object();
    const auto seconds = Json::object({{"type", "integer"}, {"minimum", 0}});
    if (status == 401 || status == 403)
        headers["WWW-Authenticate"] = header("What credentials are wanted (RFC 6750)", text_schema(), false);
    if (status == 409 || status == 429 || status == 503)
        headers["Retry-After"] = header("Seconds after which to try again", seconds, false);
    if (status == 412) headers["ETag"] = etag_header(false);
    if (status == 415) {
        headers["Accept"] = header("The media type that is taken here", text_schema(), false);
        headers["Accept-Patch"] = header("The media type that PATCH takes here (RFC 5789)", text_schema(), false);
    }
    return headers;
}

} // namespace

Json text_schema() { return Json::object({{"type", "string"}}); }

void add_refusals(const Route& route, Json& responses, std::set<int>& used) {
    for (const int status : statuses_of(route)) {
        used.insert(status); // its component too, for the schema of problems
        Json& response = responses[std::to_string(status)];
        if (!route.options.error_type.empty() && status < 500) {
            const std::string kinds = describe(platform_problems(status));
            response["description"] = kinds.empty() ? std::string(http::reason_phrase(status)) : kinds;
            response["content"][route.options.error_type] = Json::object();
            response["content"]["application/problem+json"]["schema"]["$ref"] = "#/components/schemas/Problem";
            continue;
        }
        response["$ref"] = "#/components/responses/" + component_of(status);
        // A reference may have a description of its own (OpenAPI 3.1 section 4.8.23): the kinds of refusal of this very
        // route.
        std::vector<Problem> kinds = platform_problems(status);
        const auto before = kinds.size();
        for (const Problem& problem : route.options.problems) {
            const bool known =
                std::any_of(kinds.begin(), kinds.end(), [&](const Problem& p) { return p.slug == problem.slug; });
            if (problem.status == status && !known) kinds.push_back(problem);
        }
        if (kinds.size() != before) response["description"] = describe(kinds);
    }
}

Json refusal_components(const std::set<int>& statuses) {
    Json components = Json::object();
    for (const int status : statuses) {
        Json& response = components[component_of(status)];
        const std::string kinds = describe(platform_problems(status));
        const std::string_view phrase = http::reason_phrase(status);
        response["description"] = !kinds.empty()   ? kinds
                                  : phrase.empty() ? "Status " + std::to_string(status)
                                                   : std::string(phrase);
        response["content"]["application/problem+json"]["schema"]["$ref"] = "#/components/schemas/Problem";
        Json headers = refusal_headers(status);
        if (headers.size() != 0) response["headers"] = std::move(headers);
    }
    return components;
}

Json problem_schema() {
    const auto text = [](std::string_view description) {
        return Json::object({{"type", "string"}, {"description", description}});
    };
    Json fault = Json::object({{"type", "object"}, {"required", Json::array({"pointer", "detail"})}});
    Json& fault_members = fault["properties"];
    fault_members["pointer"] = text("Where: a JSON Pointer (RFC 6901) into the body, or \"/<name>\" of a parameter");
    fault_members["detail"] = text("What is wrong there");
    fault_members["in"] = Json::object(
        {{"type", "string"}, {"enum", Json::array({"query", "path", "header"})}, {"description", "Absent: the body"}});

    Json schema =
        Json::object({{"type", "object"},
                      {"description", "Why a request was refused (RFC 9457). Some kinds add members of their own."}});
    Json& members = schema["properties"];
    members["type"] = text("The kind of refusal; stable");
    members["type"]["format"] = "uri";
    members["title"] = text("The same for every occurrence of the kind");
    members["status"] =
        Json::object({{"type", "integer"}, {"minimum", 400}, {"maximum", 599}, {"description", "The HTTP status"}});
    members["detail"] = text("What was wrong this time");
    members["instance"] = text("The path of the request");
    members["trace_id"] = text("Leads to the logs and spans of this request (W3C Trace Context)");
    members["errors"] = Json::object(
        {{"type", "array"}, {"items", std::move(fault)}, {"description", "Every fault that was found in the input"}});
    schema["required"] = Json::array({"type", "title", "status"});
    return schema;
}

Json success_response(const Route& route, Json content) {
    const http::AnswerDoc& answer = route.answer;
    Json response = Json::object({{"description", answer.description}});
    if (content.size() != 0) response["content"] = std::move(content);
    Json headers = Json::object();
    if (answer.etag) headers["ETag"] = etag_header(true);
    if (route.options.rate.requests > 0) {
        headers["RateLimit"] = header("What is left of the route's rate (draft-ietf-httpapi-ratelimit-headers)", text_schema(), true);
        headers["RateLimit-Policy"] = header("The rate", text_schema(), true);
    }
    if (answer.location) {
        // A reference without an id in the value cannot be promised: only what is always sent is required.
        Json schema = text_schema();
        schema["format"] = "uri-reference";
        headers["Location"] =
            header(answer.status == 201 ? "Where the new resource is" : "Where to go", std::move(schema), false);
    }
    if (route.honours_idempotency_key()) {
        Json schema = text_schema();
        schema["const"] = "true";
        headers["Idempotency-Replayed"] = header(
            "Sent if this is the answer that an earlier request with the same key was given", std::move(schema), false);
    }
    if (headers.size() != 0) response["headers"] = std::move(headers);
    return response;
}

bool answers_not_modified(const Route& route) {
    return route.method == Method::get && route.answer.status == 200 && route.answer.etag;
}

Json not_modified_response() {
    Json response = Json::object({{"description", "The version that If-None-Match names is the present one"}});
    response["headers"]["ETag"] = etag_header(true);
    return response;
}

} // namespace gravity::openapi
