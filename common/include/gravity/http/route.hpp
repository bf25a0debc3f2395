#pragma once

#include <gravity/async/task.hpp>
#include <gravity/base/problem.hpp>
#include <gravity/http/input.hpp>
#include <gravity/http/message.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace gravity {
class Tx;
class Ctx;

/// Which access keys a route takes beside the platform's own tokens: none, those kept secret, or also those that may
/// stand in a public page. For clients of a foreign standard and for what a shop's page asks by itself.
enum class AcceptKeys : unsigned char {
    no,
    secret,
    publishable
};
} // namespace gravity

namespace gravity::http {

class Output;
class Live;

/// How a body comes to its handler: in memory before it, piece by piece as it asks, in a file before it, or as a form before it.
enum class BodyMode : unsigned char {
    memory,
    streamed,
    spooled,
    form
};

/// What stands beside a stream or WebSocket.
struct LiveOptions {
    int heartbeat_ms = 15'000;                        // events: a comment when nothing was sent; WebSocket: a ping
    std::size_t max_queued_bytes = 256 * 1024;        // a consumer that is further behind is closed; WebSocket: with 1013
    std::size_t max_message_bytes = 1 << 20;          // WebSocket: a larger one is closed with 1009
    std::vector<std::string_view> subprotocols{};     // WebSocket: those understood, the preferred first
    bool compression = false;                         // WebSocket: permessage-deflate
};

/// How a parameter, body or answer of a route appears in OpenAPI.
struct ParameterDoc {
    std::string_view in; // "path", "query", "header"
    std::string_view name;
    const meta::Type* type = nullptr; // of one parameter; for "query" with an empty name an object whose fields are parameters
    bool required = false;
    std::string_view description{};
};
struct BodyDoc {
    std::string_view content_type;
    const meta::Type* type = nullptr; // null: bytes
    bool merge_patch = false;         // every field optional
};
struct AnswerDoc {
    int status = 200;
    std::string_view description = "OK";
    std::string_view content_type{};  // empty: no body
    const meta::Type* type = nullptr; // null with a content type: bytes
    bool etag = false;
    bool location = false;
};

/// How often one caller may ask for a route, on each replica: costly ones, and those that invite guessing.
struct RouteRate {
    int requests = 0; // none
    int per_seconds = 60;
    int burst = 0;    // at once; 0: all of them
};

/// What stands beside a route in `routes()`. Everything has a sensible value; only the summary is always worth writing.
struct RouteOptions {
    std::string_view summary{};
    std::string_view description{};
    std::string_view operation{};     // names it instead of the handler's function
    std::vector<Problem> problems{};  // beyond those every route can answer
    std::string_view scope{};         // instead of <collection>:read or :write
    std::string_view open{};          // no credentials needed: the reason, for the reader and the linter
    AcceptKeys keys = AcceptKeys::no; // by Basic, X-API-Key, ?key= or Bearer; the service says .access_keys()
    std::string_view error_type{};    // media type of a foreign standard's error form, which its handlers answer beside problem documents
    std::size_t body_limit = 1 << 20; // bytes
    RouteRate rate{};                 // beside the gateway's own limit
    int timeout_ms = 15'000;          // the most one request may take; the caller's X-Request-Timeout-Ms may shorten it
    bool serializable = false;        // its transaction runs as if alone; re-run on a conflict
    bool idempotency = true;          // of a POST: honours Idempotency-Key
    bool shows_secret = false;        // its answer is seen once: an idempotency record keeps it sealed by the Idempotency-Key, which is not kept itself
};

/// One method on one path template.
struct Route {
    Method method = Method::get;
    std::string path; // "/api/v1/products/{id}"
    std::string tag;  // the collection
    std::string operation_id;
    std::string scope; // empty: open
    RouteOptions options;

    std::vector<ParameterDoc> parameters;
    std::vector<BodyDoc> bodies; // empty: the request has none
    AnswerDoc answer;

    BodyMode body_mode = BodyMode::memory;
    LiveOptions live_options;

    // Exactly one is set: a plain function in a transaction, a coroutine on the I/O thread, or one for the life of a connection.
    void (*transaction)(Tx&, Input&, Output&) = nullptr;
    Task<void> (*coroutine)(Ctx&, Input&, Output&) = nullptr;
    Task<void> (*live)(Live&, Input&) = nullptr;

    bool honours_idempotency_key() const { return method == Method::post && options.idempotency && transaction != nullptr; }
};

} // namespace gravity::http
