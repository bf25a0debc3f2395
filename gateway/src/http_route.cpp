#include "http_route.hpp"

#include "document.hpp"
#include "head.hpp"
#include "path.hpp"

#include <gravity/base/ascii.hpp>
#include <gravity/base/number.hpp>
#include <gravity/http/authority.hpp>
#include <gravity/json/codec.hpp>

#include <algorithm>
#include <set>

namespace gravity::gateway {

// The documents' own form, as the standard names it.
struct DocPath {
    std::optional<std::string> type;
    std::optional<std::string> value;
};
BOOST_DESCRIBE_STRUCT(DocPath, (), (type, value))

struct DocValue {
    std::optional<std::string> type;
    std::string name;
    std::string value;
};
BOOST_DESCRIBE_STRUCT(DocValue, (), (type, name, value))

struct DocMatch {
    std::optional<DocPath> path;
    std::vector<DocValue> headers;
    std::vector<DocValue> queryParams;
    std::optional<std::string> method;
};
BOOST_DESCRIBE_STRUCT(DocMatch, (), (path, headers, queryParams, method))

struct DocField {
    std::string name;
    std::string value;
};
BOOST_DESCRIBE_STRUCT(DocField, (), (name, value))

struct DocFields {
    std::vector<DocField> set;
    std::vector<DocField> add;
    std::vector<std::string> remove;
};
BOOST_DESCRIBE_STRUCT(DocFields, (), (set, add, remove))

struct DocPathEdit {
    std::string type;
    std::optional<std::string> replaceFullPath;
    std::optional<std::string> replacePrefixMatch;
};
BOOST_DESCRIBE_STRUCT(DocPathEdit, (), (type, replaceFullPath, replacePrefixMatch))

struct DocRedirect {
    std::optional<std::string> scheme;
    std::optional<std::string> hostname;
    std::optional<DocPathEdit> path;
    std::optional<Bounded<int, 1, 65535>> port;
    std::optional<Bounded<int, 300, 399>> statusCode;
};
BOOST_DESCRIBE_STRUCT(DocRedirect, (), (scheme, hostname, path, port, statusCode))

struct DocRewrite {
    std::optional<std::string> hostname;
    std::optional<DocPathEdit> path;
};
BOOST_DESCRIBE_STRUCT(DocRewrite, (), (hostname, path))

struct DocReference {
    std::optional<std::string> group;
    std::optional<std::string> kind;
    std::string name;
    std::optional<std::string> namespace_;
    std::optional<Bounded<int, 1, 65535>> port;
};
BOOST_DESCRIBE_STRUCT(DocReference, (), (group, kind, name, namespace_, port))

struct DocFraction {
    Bounded<int, 0, 1'000'000'000> numerator;
    std::optional<Bounded<int, 1, 1'000'000'000>> denominator;
};
BOOST_DESCRIBE_STRUCT(DocFraction, (), (numerator, denominator))

struct DocMirror {
    DocReference backendRef;
    std::optional<Bounded<int, 0, 100>> percent;
    std::optional<DocFraction> fraction;
};
BOOST_DESCRIBE_STRUCT(DocMirror, (), (backendRef, percent, fraction))

struct DocCors {
    std::vector<std::string> allowOrigins;
    std::optional<bool> allowCredentials;
    std::vector<std::string> allowMethods;
    std::vector<std::string> allowHeaders;
    std::vector<std::string> exposeHeaders;
    std::optional<Bounded<int, 1, 86'400>> maxAge;
};
BOOST_DESCRIBE_STRUCT(DocCors, (), (allowOrigins, allowCredentials, allowMethods, allowHeaders, exposeHeaders, maxAge))

struct DocFilter {
    std::string type;
    std::optional<DocFields> requestHeaderModifier;
    std::optional<DocFields> responseHeaderModifier;
    std::optional<DocRedirect> requestRedirect;
    std::optional<DocRewrite> urlRewrite;
    std::optional<DocMirror> requestMirror;
    std::optional<DocCors> cors;
};
BOOST_DESCRIBE_STRUCT(DocFilter, (), (type, requestHeaderModifier, responseHeaderModifier, requestRedirect, urlRewrite, requestMirror, cors))

struct DocBackend {
    std::optional<std::string> group;
    std::optional<std::string> kind;
    std::string name;
    std::optional<std::string> namespace_;
    std::optional<Bounded<int, 1, 65535>> port;
    std::optional<Bounded<int, 0, 1'000'000>> weight;
    std::vector<DocFilter> filters;
};
BOOST_DESCRIBE_STRUCT(DocBackend, (), (group, kind, name, namespace_, port, weight, filters))

struct DocTimeouts {
    std::optional<std::string> request;
    std::optional<std::string> backendRequest;
};
BOOST_DESCRIBE_STRUCT(DocTimeouts, (), (request, backendRequest))

struct DocRule {
    std::optional<std::string> name;
    std::vector<DocMatch> matches;
    std::vector<DocFilter> filters;
    std::vector<DocBackend> backendRefs;
    std::optional<DocTimeouts> timeouts;
};
BOOST_DESCRIBE_STRUCT(DocRule, (), (name, matches, filters, backendRefs, timeouts))

struct DocSpec {
    std::vector<Json> parentRefs; // this gateway is the only parent there is
    std::vector<std::string> hostnames;
    std::vector<DocRule> rules;
};
BOOST_DESCRIBE_STRUCT(DocSpec, (), (parentRefs, hostnames, rules))

namespace {

using document::in_quotes;
using document::is_dns_name;
using document::refuse;
using document::Refused;
using document::text_of;

std::string hostname_of(const std::string& text) {
    std::string host = ascii::lower(text);
    const bool wildcard = host.starts_with("*.");
    if (!is_dns_name(wildcard ? std::string_view(host).substr(2) : host)) refuse(in_quotes(text) + " is no host name");
    return host;
}

std::string path_of(const std::string& text) {
    std::string path;
    if (!text.starts_with('/') || text.size() > 1024 || text.find_first_of("?# \t") != std::string::npos) refuse(in_quotes(text) + " is no path");
    if (const auto why = normalise_path(text, path); !why.empty()) refuse(in_quotes(text) + " is no path: " + std::string(why));
    return path;
}

std::string prefix_of(const std::string& text) {
    std::string path = path_of(text);
    if (path.size() > 1 && path.back() == '/') path.pop_back();
    return path;
}

Pattern pattern_of(const std::string& text) {
    auto pattern = Pattern::parse(text);
    if (!pattern) refuse(in_quotes(text) + " " + pattern.why());
    return *std::move(pattern);
}

ValueMatch value_of(const DocValue& from, bool header) {
    ValueMatch match{from.name, from.value, std::nullopt};
    if (header && !http::is_token(from.name)) refuse(in_quotes(from.name) + " is no name of a header field");
    if (from.name.empty()) refuse("a parameter of the query has no name");
    const std::string type = from.type.value_or("Exact");
    if (type == "RegularExpression") match.pattern = pattern_of(from.value);
    else if (type != "Exact") refuse(in_quotes(type) + " is no way to compare a value");
    return match;
}

MatchSpec match_of(const DocMatch& from) {
    MatchSpec match;
    if (from.path) {
        const std::string type = from.path->type.value_or("PathPrefix"), value = from.path->value.value_or("/");
        if (type == "Exact") match.kind = PathKind::exact;
        else if (type == "RegularExpression") match.kind = PathKind::pattern;
        else if (type != "PathPrefix") refuse(in_quotes(type) + " is no way to compare a path");
        switch (match.kind) {
        case PathKind::prefix: match.path = prefix_of(value); break;
        case PathKind::exact: match.path = path_of(value); break;
        case PathKind::pattern:
            match.path = value;
            match.pattern = pattern_of(value);
            break;
        }
    }
    match.method = from.method.value_or("");
    if (!match.method.empty() && !http::is_token(match.method)) refuse(in_quotes(match.method) + " is no method");
    // Of two entries with one name the first counts, as the standard has it.
    for (const DocValue& header : from.headers) {
        const auto same = [&](const ValueMatch& other) { return ascii::iequals(other.name, header.name); };
        if (std::none_of(match.headers.begin(), match.headers.end(), same)) match.headers.push_back(value_of(header, true));
    }
    for (const DocValue& query : from.queryParams) {
        const auto same = [&](const ValueMatch& other) { return other.name == query.name; };
        if (std::none_of(match.queries.begin(), match.queries.end(), same)) match.queries.push_back(value_of(query, false));
    }
    return match;
}

/// What frames a message, ends at this hop, or is the gateway's own word.
void check_editable(const std::string& name) {
    if (!http::is_token(name)) refuse(in_quotes(name) + " is no name of a header field");
    switch (known_field(name)) {
    case Known::connection:
    case Known::content_length:
    case Known::date:
    case Known::expect:
    case Known::forwarded:
    case Known::keep_alive:
    case Known::proxy:
    case Known::te:
    case Known::traceparent:
    case Known::tracestate:
    case Known::trailer:
    case Known::transfer_encoding:
    case Known::upgrade:
    case Known::via:
    case Known::x_forwarded:
    case Known::x_forwarded_for:
    case Known::x_request_timeout_ms: refuse("the field " + in_quotes(name) + " is the gateway's own and cannot be changed by a filter");
    case Known::host: refuse("Host is changed by the filter URLRewrite");
    default: return;
    }
}

void add_edits(const DocFields& from, FieldEdits& edits) {
    if (!edits.empty()) refuse("a filter for header fields is there twice");
    std::set<std::string> names;
    const auto fields = [&](const std::vector<DocField>& list, auto& out) {
        for (const DocField& field : list) {
            check_editable(field.name);
            if (!http::is_field_value(field.value)) refuse("the value of " + in_quotes(field.name) + " has a control character");
            if (!names.insert(ascii::lower(field.name)).second) refuse("a filter names " + in_quotes(field.name) + " twice");
            out.emplace_back(field.name, field.value);
        }
    };
    fields(from.set, edits.set);
    fields(from.add, edits.add);
    for (const std::string& name : from.remove) {
        check_editable(name);
        if (!names.insert(ascii::lower(name)).second) refuse("a filter names " + in_quotes(name) + " twice");
        edits.remove.push_back(name);
    }
}

PathEdit edit_of(const DocPathEdit& from) {
    PathEdit edit;
    if (from.type == "ReplaceFullPath" && from.replaceFullPath && !from.replacePrefixMatch) {
        edit.kind = PathEdit::Kind::full;
        edit.value = from.replaceFullPath->empty() ? "/" : path_of(*from.replaceFullPath);
    } else if (from.type == "ReplacePrefixMatch" && from.replacePrefixMatch && !from.replaceFullPath) {
        edit.kind = PathEdit::Kind::prefix;
        edit.value = from.replacePrefixMatch->empty() ? "" : prefix_of(*from.replacePrefixMatch);
        if (edit.value == "/") edit.value.clear();
    } else {
        refuse("a path is replaced by ReplaceFullPath with replaceFullPath, or by ReplacePrefixMatch with replacePrefixMatch");
    }
    return edit;
}

RedirectSpec redirect_of(const DocRedirect& from) {
    RedirectSpec redirect;
    redirect.scheme = from.scheme.value_or("");
    if (!redirect.scheme.empty() && redirect.scheme != "http" && redirect.scheme != "https")
        refuse(in_quotes(redirect.scheme) + " is no scheme to redirect to");
    if (from.hostname) redirect.host = hostname_of(*from.hostname);
    if (redirect.host.starts_with("*")) refuse("a redirect leads to one host");
    if (from.path) redirect.path = edit_of(*from.path);
    if (from.port) redirect.port = static_cast<std::uint16_t>(from.port->value());
    if (from.statusCode) redirect.status = from.statusCode->value();
    constexpr int allowed[] = {301, 302, 303, 307, 308};
    if (std::find(std::begin(allowed), std::end(allowed), redirect.status) == std::end(allowed))
        refuse(std::to_string(redirect.status) + " is no status of a redirect");
    return redirect;
}

/// The name a service is known by, or a host's: "shop"; of another namespace than the route's "shop.web", as its DNS has it.
template <class Reference>
BackendSpec backend_of(const Reference& from, const std::string& space) {
    if (from.group.value_or("") != "" || from.kind.value_or("Service") != "Service") refuse(in_quotes(from.name) + ": only a Service can be a backend");
    BackendSpec backend;
    backend.service = from.name;
    if (from.namespace_ && *from.namespace_ != space) backend.service += "." + *from.namespace_;
    const bool plain = backend.service.starts_with('[') || backend.service.find_first_of(":%") == std::string::npos;
    if (!http::is_authority(backend.service) || !plain || backend.service.ends_with(':')) refuse(in_quotes(backend.service) + " is no name of a service");
    if (from.port) backend.port = static_cast<std::uint16_t>(from.port->value());
    return backend;
}

CorsSpec cors_of(const DocCors& from) {
    CorsSpec cors;
    cors.origins = from.allowOrigins;
    cors.methods = from.allowMethods;
    cors.headers = from.allowHeaders;
    cors.exposed = from.exposeHeaders;
    cors.credentials = from.allowCredentials.value_or(false);
    if (cors.origins.empty()) refuse("CORS allows no origin");
    if (cors.credentials && std::find(cors.origins.begin(), cors.origins.end(), "*") != cors.origins.end())
        refuse("credentials are not for any origin whatever");
    if (from.maxAge) cors.max_age = static_cast<std::uint32_t>(from.maxAge->value());
    for (std::string& origin : cors.origins) {
        origin = ascii::lower(origin);
        if (origin == "*") continue;
        const std::size_t scheme = origin.find("://");
        std::string_view authority = scheme == std::string::npos ? std::string_view() : std::string_view(origin).substr(scheme + 3);
        if (authority.starts_with("*.")) authority.remove_prefix(2);
        if (scheme == 0 || !http::is_authority(authority)) refuse(in_quotes(origin) + " is no origin");
    }
    for (const auto* names : {&cors.methods, &cors.headers, &cors.exposed})
        for (const std::string& name : *names)
            if (!http::is_token(name)) refuse(in_quotes(name) + " is no name");
    return cors;
}

void add_backend_filter(const DocFilter& filter, BackendSpec& backend) {
    if (filter.type == "RequestHeaderModifier" && filter.requestHeaderModifier) add_edits(*filter.requestHeaderModifier, backend.request);
    else if (filter.type == "ResponseHeaderModifier" && filter.responseHeaderModifier) add_edits(*filter.responseHeaderModifier, backend.response);
    else refuse("the filter " + in_quotes(filter.type) + " cannot be one of a backend, or lacks what it is about");
}

void add_filter(const DocFilter& filter, const std::string& space, RuleSpec& rule) {
    const int given = filter.requestHeaderModifier.has_value() + filter.responseHeaderModifier.has_value() + filter.requestRedirect.has_value() +
                      filter.urlRewrite.has_value() + filter.requestMirror.has_value() + filter.cors.has_value();
    if (given > 1) refuse("the filter " + in_quotes(filter.type) + " is about several things");
    if (filter.type == "RequestHeaderModifier" && filter.requestHeaderModifier) {
        add_edits(*filter.requestHeaderModifier, rule.request);
    } else if (filter.type == "ResponseHeaderModifier" && filter.responseHeaderModifier) {
        add_edits(*filter.responseHeaderModifier, rule.response);
    } else if (filter.type == "RequestRedirect" && filter.requestRedirect) {
        if (rule.redirect) refuse("the filter RequestRedirect is there twice");
        rule.redirect = redirect_of(*filter.requestRedirect);
    } else if (filter.type == "URLRewrite" && filter.urlRewrite) {
        if (!rule.rewrite_host.empty() || rule.rewrite_path.kind != PathEdit::Kind::none) refuse("the filter URLRewrite is there twice");
        if (filter.urlRewrite->hostname) rule.rewrite_host = hostname_of(*filter.urlRewrite->hostname);
        if (rule.rewrite_host.starts_with("*")) refuse("a rewrite leads to one host");
        if (filter.urlRewrite->path) rule.rewrite_path = edit_of(*filter.urlRewrite->path);
    } else if (filter.type == "RequestMirror" && filter.requestMirror) {
        MirrorSpec mirror{backend_of(filter.requestMirror->backendRef, space)};
        if (filter.requestMirror->percent && filter.requestMirror->fraction) refuse("a mirror has either percent or fraction");
        if (filter.requestMirror->percent) mirror.numerator = static_cast<std::uint32_t>(filter.requestMirror->percent->value());
        if (filter.requestMirror->fraction) {
            const DocFraction& fraction = *filter.requestMirror->fraction;
            mirror.numerator = static_cast<std::uint32_t>(fraction.numerator.value());
            if (fraction.denominator) mirror.denominator = static_cast<std::uint32_t>(fraction.denominator->value());
            if (mirror.numerator > mirror.denominator) refuse("a mirror's fraction is above one");
        }
        rule.mirrors.push_back(std::move(mirror));
    } else if (filter.type == "CORS" && filter.cors) {
        if (rule.cors) refuse("the filter CORS is there twice");
        rule.cors = cors_of(*filter.cors);
    } else {
        refuse("the filter " + in_quotes(filter.type) + " is not known here, or lacks what it is about");
    }
}

std::uint32_t timeout_of(const std::string& text) {
    const auto milliseconds = parse_gateway_duration(text);
    if (!milliseconds) refuse(in_quotes(text) + " is no duration such as \"500ms\"");
    return *milliseconds == 0 ? 86'400'000 : *milliseconds; // "0s" is none
}

RuleSpec rule_of(const DocRule& from, const std::string& space) {
    RuleSpec rule;
    for (const DocMatch& match : from.matches) rule.matches.push_back(match_of(match));
    if (rule.matches.empty()) rule.matches.emplace_back();
    for (const DocFilter& filter : from.filters) add_filter(filter, space, rule);
    for (const DocBackend& given : from.backendRefs) {
        BackendSpec backend = backend_of(given, space);
        if (given.weight) backend.weight = static_cast<std::uint32_t>(given.weight->value());
        for (const DocFilter& filter : given.filters) add_backend_filter(filter, backend);
        rule.backends.push_back(std::move(backend));
    }
    if (rule.redirect && !rule.backends.empty()) refuse("a rule that redirects has no backends");
    if (rule.redirect && (!rule.rewrite_host.empty() || rule.rewrite_path.kind != PathEdit::Kind::none)) refuse("a rule either redirects or rewrites");
    const bool of_prefix = rule.rewrite_path.kind == PathEdit::Kind::prefix || (rule.redirect && rule.redirect->path.kind == PathEdit::Kind::prefix);
    for (const MatchSpec& match : rule.matches)
        if (of_prefix && match.kind != PathKind::prefix) refuse("ReplacePrefixMatch needs matches of PathPrefix");
    if (from.timeouts && from.timeouts->request) rule.timeout_ms = timeout_of(*from.timeouts->request);
    if (from.timeouts && from.timeouts->backendRequest) rule.attempt_timeout_ms = timeout_of(*from.timeouts->backendRequest);
    if (rule.timeout_ms && rule.attempt_timeout_ms && *rule.attempt_timeout_ms > *rule.timeout_ms) refuse("backendRequest is longer than request");
    return rule;
}

void read_annotations(const Json* annotations, HttpRoute& route) {
    if (!annotations) return;
    if (!annotations->is_object()) refuse("annotations must be an object");
    for (const auto& [name, value] : annotations->as_object()) {
        if (!name.starts_with("gravity/")) continue;
        if (!value.is_string()) refuse("the annotation " + name + " must be a text");
        const std::string& text = value.as_string();
        if (name == "gravity/auth" && (text == "jwt" || text == "public")) {
            route.access = text == "jwt" ? Access::jwt : Access::public_;
        } else if (name == "gravity/scope" && !text.empty()) {
            route.scope = text;
        } else if (name == "gravity/sticky" && (text == "true" || text == "false")) {
            route.sticky = text == "true";
        } else if (name == "gravity/compress" && (text == "true" || text == "false")) {
            route.compress = text == "true";
        } else if (name == "gravity/hedge" && (text == "true" || text == "false")) {
            route.hedge = text == "true";
        } else if (auto rule = certificate_rule_from(text); name == "gravity/client-certificate" && rule) {
            route.certificate = *std::move(rule);
        } else if (name == "gravity/cache" && cache_use_from(text)) {
            route.cache = *cache_use_from(text);
        } else if (name == "gravity/body-limit-bytes" && !text.empty() && text.size() < 16 && std::all_of(text.begin(), text.end(), ascii::is_digit)) {
            route.body_limit = std::stoull(text);
        } else {
            refuse("the annotation " + name + " cannot be " + in_quotes(text));
        }
    }
    if (!route.scope.empty() && route.access == Access::public_) refuse("gravity/scope needs gravity/auth: jwt");
}

HttpRoute route_of(const Json& document) {
    HttpRoute route;
    route.document = document;
    route.fingerprint = std::hash<std::string>{}(document.dump());
    const document::Head head = document::head_of(document, {"gateway.networking.k8s.io/v1", "gateway.networking.k8s.io/v1beta1"});
    route.name = head.full_name();
    route.created = head.created;
    read_annotations(head.metadata->find("annotations"), route);

    static const Json none = Json::object();
    const Json* spec = document.find("spec");
    DocSpec from;
    meta::Errors errors;
    json::decode(spec ? *spec : none, meta::mutable_ref(from), errors);
    if (!errors.empty()) refuse("spec: " + errors.to_string());
    for (const std::string& host : from.hostnames) route.hostnames.push_back(hostname_of(host));
    if (from.rules.empty()) from.rules.emplace_back(); // the standard's default: all of it, to nobody
    for (std::size_t i = 0; i < from.rules.size(); ++i) {
        try {
            route.rules.push_back(rule_of(from.rules[i], head.space));
        } catch (Refused& refused) {
            refuse("spec.rules[" + std::to_string(i) + "]: " + refused.why);
        }
    }
    return route;
}

} // namespace

std::string_view to_string(PathKind kind) {
    switch (kind) {
    case PathKind::exact: return "Exact";
    case PathKind::pattern: return "RegularExpression";
    default: return "PathPrefix";
    }
}

bool FieldEdits::takes_out(std::string_view name) const {
    for (const std::string& removed : remove)
        if (http::iequals(removed, name)) return true;
    for (const auto& [set_name, value] : set)
        if (http::iequals(set_name, name)) return true;
    return false;
}

void apply(const PathEdit& edit, std::string_view prefix, std::string_view path, std::string& out) {
    switch (edit.kind) {
    case PathEdit::Kind::none: out.assign(path); return;
    case PathEdit::Kind::full: out.assign(edit.value); return;
    case PathEdit::Kind::prefix:
        out.assign(edit.value).append(path.substr(prefix == "/" ? 0 : prefix.size()));
        if (prefix == "/" && path == "/" && !edit.value.empty()) out.pop_back();
        if (out.empty()) out = "/";
        return;
    }
}

std::optional<std::uint32_t> parse_gateway_duration(std::string_view text) {
    std::uint64_t total = 0;
    for (unsigned parts = 0; !text.empty(); ++parts) {
        std::uint64_t number = 0;
        std::size_t digits = 0;
        while (digits < text.size() && ascii::is_digit(text[digits])) number = number * 10 + static_cast<std::uint64_t>(text[digits++] - '0');
        if (digits == 0 || digits > 5 || parts == 4) return std::nullopt;
        text.remove_prefix(digits);
        std::uint64_t unit = 0;
        std::size_t size = 1;
        if (text.starts_with("ms")) unit = 1, size = 2;
        else if (text.starts_with('h')) unit = 3'600'000;
        else if (text.starts_with('m')) unit = 60'000;
        else if (text.starts_with('s')) unit = 1'000;
        else return std::nullopt;
        text.remove_prefix(size);
        total += number * unit;
        if (text.empty()) return total <= 86'400'000 ? std::optional(static_cast<std::uint32_t>(total)) : std::nullopt;
    }
    return std::nullopt;
}

Parsed<HttpRoutePtr> parse_http_route(const Json& document) {
    if (!is_http_route(document)) return ParseError{"kind must be HTTPRoute"};
    try {
        return HttpRoutePtr(std::make_shared<const HttpRoute>(route_of(document)));
    } catch (const Refused& refused) {
        return ParseError{document::label_of(document) + ": " + refused.why};
    }
}

bool is_http_route(const Json& document) { return document::kind_of(document) == "HTTPRoute"; }

} // namespace gravity::gateway
