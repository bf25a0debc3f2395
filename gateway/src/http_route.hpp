#pragma once

#include "service_spec.hpp"

#include <gravity/base/pattern.hpp>
#include <gravity/json/json.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// Routes as HTTPRoute documents of the Gateway API (`gateway.networking.k8s.io/v1`) say them, checked and in the form they are followed in. Plain values.
namespace gravity::gateway {

enum class PathKind : std::uint8_t {
    prefix, // whole segments
    exact,
    pattern, // a regular expression over the whole path
};
std::string_view to_string(PathKind kind);

/// A header field or a parameter of the query with this value.
struct ValueMatch {
    std::string name;
    std::string value;
    std::optional<Pattern> pattern; // instead of the value
};

/// What a request must be like; all of it.
struct MatchSpec {
    PathKind kind = PathKind::prefix;
    std::string path = "/"; // in normal form (path.hpp), a prefix without a slash at the end but for "/"; of a pattern its text
    std::optional<Pattern> pattern;
    std::string method; // empty: any
    std::vector<ValueMatch> headers;
    std::vector<ValueMatch> queries;
};

/// Changes to the fields of a message.
struct FieldEdits {
    std::vector<std::pair<std::string, std::string>> set; // instead of what there is
    std::vector<std::pair<std::string, std::string>> add; // beside it
    std::vector<std::string> remove;

    bool empty() const { return set.empty() && add.empty() && remove.empty(); }
    /// A field of that name does not go on: it is removed, or set anew.
    bool takes_out(std::string_view name) const;
};

struct PathEdit {
    enum class Kind : std::uint8_t {
        none,
        full,
        prefix // what the route's prefix matched
    } kind = Kind::none;
    std::string value; // in normal form; of a prefix without a slash at the end, so "/" is empty
};

/// The path as the edit has it, of one that `prefix` matched.
void apply(const PathEdit& edit, std::string_view prefix, std::string_view path, std::string& out);

struct RedirectSpec {
    std::string scheme; // empty: the request's
    std::string host;   // empty: the request's
    PathEdit path;
    std::uint16_t port = 0; // 0: the scheme's own if one is named, else the request's
    int status = 302;
};

/// Where a request is to go.
struct BackendSpec {
    std::string service;    // of that name, if there is one; else a host name or address, with `port`
    std::uint16_t port = 0; // 0: it must be a service
    std::uint32_t weight = 1;
    FieldEdits request, response;

    /// The name of the cluster: the service's, or "host:port".
    std::string host_and_port() const { return service + ":" + std::to_string(port); }
};

struct MirrorSpec {
    BackendSpec backend;
    std::uint32_t numerator = 100, denominator = 100; // of how many requests
};

/// Which pages of other origins may call (WHATWG Fetch, section 3.2).
struct CorsSpec {
    std::vector<std::string> origins; // "*", "https://a.example", "https://*.a.example"
    std::vector<std::string> methods; // "*" alone: all
    std::vector<std::string> headers;
    std::vector<std::string> exposed;
    bool credentials = false;
    std::uint32_t max_age = 5; // seconds
};

struct RuleSpec {
    std::vector<MatchSpec> matches; // any of them; at least one
    FieldEdits request, response;
    std::optional<RedirectSpec> redirect;
    std::string rewrite_host; // empty: as it came
    PathEdit rewrite_path;
    std::vector<MirrorSpec> mirrors;
    std::optional<CorsSpec> cors;
    std::vector<BackendSpec> backends;
    std::optional<std::uint32_t> timeout_ms;         // of the whole; absent: the gateway's
    std::optional<std::uint32_t> attempt_timeout_ms; // of one attempt
};

struct HttpRoute {
    Json document;          // as it was given
    std::string name;       // "shop", of another namespace than "default" "web/shop"
    std::string created;    // RFC 3339; may be empty
    std::vector<std::string> hostnames; // lower case; "*.a.example" for what lies below; none: all
    std::vector<RuleSpec> rules;
    Access access = Access::public_;
    std::string scope;
    CertificateRule certificate{};
    std::uint64_t body_limit = 0;
    CacheUse cache = CacheUse::off;
    bool compress = false;
    bool hedge = false;
    std::uint64_t fingerprint = 0; // of the document
    bool sticky = false; // a caller stays with the backend that he got
};
using HttpRoutePtr = std::shared_ptr<const HttpRoute>;

/// One document, or why it is refused (one line that names the place). What the standard has and is not there is refused, never ignored. Annotations
/// that count: `gravity/auth` ("public", which is the default, or "jwt"), `gravity/scope`, `gravity/body-limit-bytes`, `gravity/sticky` ("true"),
/// `gravity/cache` ("shared", "shared-with-cookies"), `gravity/compress` ("true"), `gravity/hedge` ("true"),
/// `gravity/client-certificate` (as certificate_rule_from has it).
Parsed<HttpRoutePtr> parse_http_route(const Json& document);

bool is_http_route(const Json& document);

/// A duration of the Gateway API (GEP-2257), "1h30m", "250ms", in milliseconds; at most a day.
std::optional<std::uint32_t> parse_gateway_duration(std::string_view text);

} // namespace gravity::gateway
