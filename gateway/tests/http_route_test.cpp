#include "documents.hpp"
#include "head.hpp"
#include "redirect.hpp"
#include "route_folder.hpp"
#include "snapshot.hpp"
#include "yaml.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace gravity::gateway {
namespace {

std::string document(std::string_view name, std::string_view spec) {
    return "apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata:\n  name: " + std::string(name) + "\nspec: " + std::string(spec) + "\n";
}

std::vector<HttpRoutePtr> routes_of(const std::string& text) {
    auto read = parse_documents(text);
    EXPECT_TRUE(read) << (read ? "" : read.why());
    return read ? (*std::move(read)).routes : std::vector<HttpRoutePtr>();
}

std::shared_ptr<const Snapshot> snapshot_of(const std::string& text) { return Snapshot::build({}, nullptr, routes_of(text)); }

/// The service that a request goes to, as it comes over the wire; "none" if no route has it.
std::string target(const Snapshot& snapshot, std::string_view line, std::string_view fields = "Host: h\r\n") {
    const std::string bytes = std::string(line) + " HTTP/1.1\r\n" + std::string(fields) + "\r\n";
    RequestHead head;
    EXPECT_FALSE(parse_request_head(bytes, head)) << bytes;
    const auto match =
        snapshot.match({head.path.in(bytes), head.host(bytes), head.method_text.in(bytes), head.query.in(bytes), &head, bytes});
    if (!match.route) return "none";
    return match.route->document && !match.route->backends.empty() ? match.route->backends[0].spec->service : match.route->label();
}

TEST(Yaml, DocumentsBecomeJson) {
    const auto documents = parse_yaml("---\n---\na: 1\nb: [true, ~, \"1\", -2.5, 1e3, x, 0x10, 'no', .inf]\nc: &x {d: e}\nf: *x\n--- {\"g\":\"h\"}\n");
    ASSERT_TRUE(documents) << documents.why();
    ASSERT_EQ(documents->size(), 2u);
    EXPECT_EQ((*documents)[0].dump(), R"({"a":1,"b":[true,null,"1",-2.5,1000.0,"x","0x10","no",".inf"],"c":{"d":"e"},"f":{"d":"e"}})");
    EXPECT_EQ((*documents)[1].dump(), R"({"g":"h"})");
    for (const char* bad : {"a: [", "a: 1\na: 2", "[1]: 2", "a: \"\\xff", "\t- x", "a: &x [*x]", "]", "}", ",", "a: 1\n]", "{a: 1}}", "[1] , 2"})
        EXPECT_FALSE(parse_yaml(bad)) << bad;
    EXPECT_FALSE(parse_yaml(std::string("\0\0,\"a\"]", 7)));
    EXPECT_FALSE(parse_yaml(std::string(200, '[') + std::string(200, ']')));
    // Aliases of aliases: a few lines that stand for billions of values.
    std::string laughs = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
    for (int i = 1; i < 12; ++i) {
        const std::string before = "*a" + std::to_string(i - 1), name = "a" + std::to_string(i);
        laughs += name + ": &" + name + " [" + before;
        for (int j = 0; j < 9; ++j) laughs += ", " + before;
        laughs += "]\n";
    }
    EXPECT_FALSE(parse_yaml(laughs));
}

// The order that the Gateway API gives (HTTPRouteRule.matches), one step after the other.
TEST(HttpRoute, Precedence) {
    const auto snapshot = snapshot_of(document("paths", R"({rules: [
        {matches: [{path: {type: PathPrefix, value: /}}], backendRefs: [{name: root, port: 80}]},
        {matches: [{path: {type: PathPrefix, value: /a}}], backendRefs: [{name: prefix, port: 80}]},
        {matches: [{path: {type: PathPrefix, value: /a/b/}}], backendRefs: [{name: longer, port: 80}]},
        {matches: [{path: {type: Exact, value: /a/b}}], backendRefs: [{name: exact, port: 80}]},
        {matches: [{path: {type: RegularExpression, value: "/a/[0-9]+"}}], backendRefs: [{name: pattern, port: 80}]},
        {matches: [{path: {type: RegularExpression, value: "/a/[0-9]+/.*"}}], backendRefs: [{name: longer-pattern, port: 80}]},
        {matches: [{path: {value: /a}, method: POST}], backendRefs: [{name: method, port: 80}]},
        {matches: [{path: {value: /a}, headers: [{name: X-One, value: "1"}]}], backendRefs: [{name: header, port: 80}]},
        {matches: [{path: {value: /a}, headers: [{name: x-one, value: "1"}, {name: X-Two, value: "2"}]}], backendRefs: [{name: headers, port: 80}]},
        {matches: [{path: {value: /a}, queryParams: [{name: q, value: "1"}]}], backendRefs: [{name: query, port: 80}]},
        {matches: [{path: {value: /a}, queryParams: [{name: q, value: "1"}, {name: r, type: RegularExpression, value: "[a-c]+"}]}],
         backendRefs: [{name: queries, port: 80}]},
        {matches: [{path: {value: /a}, headers: [{name: X-One, value: "1"}], queryParams: [{name: q, value: "1"}]}], backendRefs: [{name: both, port: 80}]},
        {matches: [{path: {value: /same}}], backendRefs: [{name: first, port: 80}]},
        {matches: [{path: {value: /same}}], backendRefs: [{name: second, port: 80}]}]})"));
    const struct {
        const char* line;
        const char* fields;
        const char* target;
    } table[] = {
        {"GET /", "Host: h\r\n", "root"},
        {"GET /b", "Host: h\r\n", "root"},
        {"GET /ab", "Host: h\r\n", "root"},
        {"GET /a", "Host: h\r\n", "prefix"},
        {"GET /a/", "Host: h\r\n", "prefix"},
        {"GET /a/x", "Host: h\r\n", "prefix"},
        {"GET /a/b", "Host: h\r\n", "exact"},
        {"GET /a/b/", "Host: h\r\n", "longer"},
        {"GET /a/b/c", "Host: h\r\n", "longer"},
        {"GET /a/7", "Host: h\r\n", "pattern"},
        {"GET /a/7x", "Host: h\r\n", "prefix"},
        {"GET /a/7/x", "Host: h\r\n", "longer-pattern"},
        {"POST /a", "Host: h\r\n", "method"},
        {"POST /a", "Host: h\r\nX-One: 1\r\nX-Two: 2\r\n", "method"},
        {"POST /a/b", "Host: h\r\n", "exact"},
        {"GET /a", "Host: h\r\nX-One: 1\r\n", "header"},
        {"GET /a", "Host: h\r\nX-One: 2\r\n", "prefix"},
        {"GET /a", "Host: h\r\nX-One: 1\r\nX-Two: 2\r\n", "headers"},
        {"GET /a?q=1", "Host: h\r\n", "query"},
        {"GET /a?q=2&q=1", "Host: h\r\n", "prefix"},
        {"GET /a?x&q=%31&r=abba", "Host: h\r\n", "queries"},
        {"GET /a?q=1&r=abd", "Host: h\r\n", "query"},
        {"GET /a?q=1", "Host: h\r\nX-One: 1\r\n", "both"},
        {"GET /a?q=1", "Host: h\r\nX-One: 1\r\nX-Two: 2\r\n", "headers"},
        {"GET /same/x", "Host: h\r\n", "first"},
    };
    for (const auto& row : table) EXPECT_EQ(target(*snapshot, row.line, row.fields), row.target) << row.line << "\n"
                                                                                                 << row.fields;
}

TEST(HttpRoute, TheMoreSpecificHostGoesFirstAndLeavesTheRestToTheOthers) {
    const auto to = [](std::string_view service, std::string_view path) {
        return ", rules: [{matches: [{path: " + std::string(path) + "}], backendRefs: [{name: " + std::string(service) + ", port: 1}]}]}";
    };
    const auto snapshot = snapshot_of(document("any", "{hostnames: []" + to("any", "{value: /}")) + "---\n" +
                                      document("wide", "{hostnames: ['*.example.com']" + to("wide", "{type: Exact, value: /x}")) + "---\n" +
                                      document("wider", "{hostnames: ['*.com']" + to("wider", "{type: Exact, value: /y}")) + "---\n" +
                                      document("one", "{hostnames: [One.Example.Com, other.test]" + to("one", "{value: /x}")));
    EXPECT_EQ(target(*snapshot, "GET /x", "Host: one.example.com\r\n"), "one");
    EXPECT_EQ(target(*snapshot, "GET /x", "Host: ONE.example.com:8080\r\n"), "one");
    EXPECT_EQ(target(*snapshot, "GET /x", "Host: one.example.com.\r\n"), "one");
    EXPECT_EQ(target(*snapshot, "GET /x", "Host: other.test\r\n"), "one");
    EXPECT_EQ(target(*snapshot, "GET http://one.example.com/x", "Host: h\r\n"), "one") << "the target's host counts";
    EXPECT_EQ(target(*snapshot, "GET /x", "Host: a.b.example.com\r\n"), "wide");
    EXPECT_EQ(target(*snapshot, "GET /y", "Host: one.example.com\r\n"), "wider");
    EXPECT_EQ(target(*snapshot, "GET /x", "Host: example.com\r\n"), "any");
    EXPECT_EQ(target(*snapshot, "GET /x", "Host: notexample.com\r\n"), "any");
    EXPECT_EQ(target(*snapshot, "GET /x", "Host: [::1]:80\r\n"), "any");
}

TEST(HttpRoute, OfEqualsTheOlderThenTheNameDecides) {
    const auto dated = [&](std::string name, std::string when) {
        std::string text = document(name, "{rules: [{backendRefs: [{name: " + name + ", port: 1}]}]}");
        if (!when.empty()) text.insert(text.find("spec:"), "  creationTimestamp: \"" + when + "\"\n");
        return text;
    };
    const auto b = dated("b", ""), a = dated("a", ""), old = dated("z", "2020-01-01T00:00:00Z"), young = dated("c", "2021-01-01T00:00:00Z");
    EXPECT_EQ(target(*snapshot_of(b + "---\n" + a), "GET /"), "a");
    EXPECT_EQ(target(*snapshot_of(young + "---\n" + old + "---\n" + a), "GET /"), "z");
    ServiceSpec registered;
    registered.name = "registered";
    registered.prefixes = {"/", "/deeper"};
    const auto both = Snapshot::build({registered}, nullptr, routes_of(b));
    EXPECT_EQ(target(*both, "GET /"), "b") << "what the operator wrote goes first";
    EXPECT_EQ(target(*both, "GET /deeper"), "registered");
}

TEST(HttpRoute, BackendsAreServicesOrWhatTheirNameSays) {
    ServiceSpec shop;
    shop.name = "shop";
    shop.standard_surface = false;
    shop.instances.push_back({"i", "10.0.0.1", 9000, 1, {}, {}});
    const auto documents = routes_of(document("a", R"({rules: [{backendRefs: [{name: shop, port: 80, weight: 9}, {name: 127.0.0.1, port: 8001},
        {name: later}, {name: shop, namespace: web, port: 81}, {name: "[::1]", port: 82, weight: 0}]}]})"));
    const auto snapshot = Snapshot::build({shop}, nullptr, documents);
    const Route& route = snapshot->routes().at(0);
    ASSERT_EQ(route.backends.size(), 5u);
    EXPECT_EQ(route.weight, 12u);
    EXPECT_EQ(route.backends[0].cluster->endpoints.at(0)->spec().address, "10.0.0.1");
    EXPECT_EQ(route.backends[1].cluster->endpoints.at(0)->spec(), (InstanceSpec{"127.0.0.1:8001", "127.0.0.1", 8001, 1, {}, {}}));
    EXPECT_TRUE(route.backends[2].cluster->endpoints.empty());
    EXPECT_EQ(route.backends[3].cluster->endpoints.at(0)->spec().address, "shop.web");
    EXPECT_EQ(route.backends[4].cluster->endpoints.at(0)->spec().address, "::1");
    EXPECT_FALSE(snapshot->match("/internal/x").route) << "a service is behind it";
    const auto again = Snapshot::build({shop}, snapshot.get(), documents);
    EXPECT_EQ(again->routes().at(0).backends[1].cluster->endpoints.at(0)->identity(), route.backends[1].cluster->endpoints.at(0)->identity());
    EXPECT_TRUE(snapshot_of(document("b", "{rules: [{backendRefs: [{name: h, port: 1}]}]}"))->match("/metrics").route) << "nobody's service";
}

TEST(HttpRoute, WhatIsNotRightIsRefusedWithItsPlace) {
    const struct {
        const char* spec;
        const char* why;
    } table[] = {
        {"{rules: [{matches: [{path: {type: Prefix, value: /}}]}]}", "spec.rules[0]: \"Prefix\" is no way to compare a path"},
        {"{rules: [{}, {matches: [{path: {value: a}}]}]}", "spec.rules[1]: \"a\" is no path"},
        {"{rules: [{matches: [{path: {value: '/a%2fb'}}]}]}", "is no path"},
        {"{rules: [{matches: [{path: {type: RegularExpression, value: '/a('}}]}]}", "is no regular expression"},
        {"{rules: [{matches: [{headers: [{name: 'a b', value: x}]}]}]}", "is no name of a header field"},
        {"{rules: [{matches: [{method: 'G T'}]}]}", "is no method"},
        {"{rules: [{matches: [{headers: [{name: a, type: Prefix, value: x}]}]}]}", "is no way to compare a value"},
        {"{rules: [{filters: [{type: ExtensionRef}]}]}", "\"ExtensionRef\" is not known here"},
        {"{rules: [{filters: [{type: RequestHeaderModifier}]}]}", "lacks what it is about"},
        {"{rules: [{filters: [{type: RequestHeaderModifier, requestHeaderModifier: {set: [{name: Content-Length, value: '1'}]}}]}]}", "the gateway's own"},
        {"{rules: [{filters: [{type: RequestHeaderModifier, requestHeaderModifier: {set: [{name: Host, value: a}]}}]}]}", "URLRewrite"},
        {"{rules: [{filters: [{type: RequestHeaderModifier, requestHeaderModifier: {set: [{name: a, value: \"b\\r\\nc: d\"}]}}]}]}", "control character"},
        {"{rules: [{filters: [{type: RequestHeaderModifier, requestHeaderModifier: {set: [{name: a, value: b}], remove: [A]}}]}]}", "twice"},
        {"{rules: [{filters: [{type: RequestRedirect, requestRedirect: {statusCode: 304}}]}]}", "no status of a redirect"},
        {"{rules: [{filters: [{type: RequestRedirect, requestRedirect: {}}], backendRefs: [{name: a, port: 1}]}]}", "a rule that redirects has no backends"},
        {"{rules: [{matches: [{path: {type: Exact, value: /a}}], "
         "filters: [{type: URLRewrite, urlRewrite: {path: {type: ReplacePrefixMatch, replacePrefixMatch: /b}}}]}]}",
         "ReplacePrefixMatch needs matches of PathPrefix"},
        {"{rules: [{filters: [{type: URLRewrite, urlRewrite: {path: {type: ReplaceFullPath}}}]}]}", "a path is replaced by"},
        {"{rules: [{filters: [{type: URLRewrite, urlRewrite: {hostname: 'a:80'}}]}]}", "is no host name"},
        {"{rules: [{filters: [{type: RequestRedirect, requestRedirect: {scheme: ftp}}]}]}", "is no scheme to redirect to"},
        {"{rules: [{backendRefs: [{name: a, port: 1, filters: [{type: RequestRedirect, requestRedirect: {}}]}]}]}", "cannot be one of a backend"},
        {"{rules: [{backendRefs: [{name: a, port: 1, filters: [{type: ResponseHeaderModifier}]}]}]}", "lacks what it is about"},
        {"{rules: [{filters: [{type: CORS, cors: {allowOrigins: ['*'], allowCredentials: true}}]}]}", "credentials are not for any origin"},
        {"{rules: [{filters: [{type: RequestMirror, requestMirror: {backendRef: {name: a, port: 1}, percent: 5, fraction: {numerator: 1}}}]}]}",
         "either percent or fraction"},
        {"{rules: [{backendRefs: [{name: a, kind: Pod, port: 1}]}]}", "only a Service can be a backend"},
        {"{rules: [{backendRefs: [{name: 'a/b', port: 1}]}]}", "is no name of a service"},
        {"{rules: [{backendRefs: [{name: a, port: 0}]}]}", "/rules/0/backendRefs/0/port"},
        {"{rules: [{timeouts: {request: 1}}]}", "/rules/0/timeouts/request"},
        {"{rules: [{timeouts: {request: 1.5s}}]}", "is no duration"},
        {"{rules: [{timeouts: {request: 1s, backendRequest: 2s}}]}", "backendRequest is longer than request"},
        {"{rules: [{sessionPersistence: {}}]}", "sessionPersistence"},
        {"{hostnames: [127.0.0.1.], rules: []}", "is no host name"},
        {"{hostnames: ['a.*.b']}", "is no host name"},
        {"{hosts: [a]}", "hosts"},
    };
    for (const auto& row : table) {
        const auto routes = parse_documents(document("shop", row.spec));
        ASSERT_FALSE(routes) << row.spec;
        EXPECT_NE(routes.why().find(row.why), std::string::npos) << row.spec << "\n"
                                                                 << routes.why();
        EXPECT_TRUE(routes.why().starts_with("HTTPRoute \"shop\": ")) << routes.why();
        EXPECT_EQ(routes.why().find('\n'), std::string::npos) << routes.why();
    }
    EXPECT_FALSE(parse_documents("kind: HTTPRoute\nmetadata: {name: a}"));
    EXPECT_FALSE(parse_documents(document("A_b", "{}")));
    EXPECT_FALSE(parse_documents(document("a", "{}") + "---\n" + document("a", "{}")));
    EXPECT_FALSE(parse_documents("a: b"));
    EXPECT_FALSE(parse_documents("apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {name: a, annotations: {gravity/auth: none}}"));
    EXPECT_FALSE(parse_documents("apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {name: a, annotations: {gravity/scope: 'a:read'}}"));
}

TEST(HttpRoute, AllOfItIsUnderstood) {
    const auto routes = routes_of(R"(
apiVersion: v1
kind: Service
metadata: {name: left-out}
---
apiVersion: gateway.networking.k8s.io/v1beta1
kind: HTTPRoute
metadata:
  name: everything
  namespace: web
  uid: 5
  annotations: {gravity/auth: jwt, gravity/scope: "shop:read", gravity/body-limit-bytes: "100", gravity/sticky: "true",
                gravity/cache: shared-with-cookies, gravity/compress: "true", other: x}
spec:
  parentRefs: [{name: the-gateway, sectionName: http}]
  hostnames: [shop.example]
  rules:
  - name: first
    matches:
    - path: {type: PathPrefix, value: /v1/}
      headers: [{type: RegularExpression, name: version, value: "v[12]"}, {name: VERSION, value: ignored}]
    timeouts: {request: 1m30s, backendRequest: 250ms}
    filters:
    - type: RequestHeaderModifier
      requestHeaderModifier: {set: [{name: a, value: b}], add: [{name: c, value: d}], remove: [e]}
    - type: ResponseHeaderModifier
      responseHeaderModifier: {remove: [server]}
    - type: URLRewrite
      urlRewrite: {hostname: inside.example, path: {type: ReplacePrefixMatch, replacePrefixMatch: /v2/}}
    - type: RequestMirror
      requestMirror: {backendRef: {name: copy, port: 9}, fraction: {numerator: 1, denominator: 3}}
    backendRefs:
    - name: shop
      port: 8080
      weight: 3
      filters: [{type: RequestHeaderModifier, requestHeaderModifier: {set: [{name: f, value: g}]}}]
)");
    ASSERT_EQ(routes.size(), 1u);
    const HttpRoute& route = *routes[0];
    EXPECT_EQ(route.name, "web/everything");
    EXPECT_EQ(route.access, Access::jwt);
    EXPECT_EQ(route.scope, "shop:read");
    EXPECT_EQ(route.body_limit, 100u);
    EXPECT_TRUE(route.sticky);
    EXPECT_EQ(route.cache, CacheUse::shared_with_cookies);
    EXPECT_TRUE(route.compress);
    const RuleSpec& rule = route.rules.at(0);
    EXPECT_EQ(rule.matches.at(0).path, "/v1");
    ASSERT_EQ(rule.matches[0].headers.size(), 1u);
    EXPECT_TRUE(rule.matches[0].headers[0].pattern);
    EXPECT_EQ(rule.timeout_ms, 90'000u);
    EXPECT_EQ(rule.attempt_timeout_ms, 250u);
    EXPECT_TRUE(rule.request.takes_out("E"));
    EXPECT_TRUE(rule.request.takes_out("A"));
    EXPECT_FALSE(rule.request.takes_out("c"));
    EXPECT_EQ(rule.response.remove, std::vector<std::string>{"server"});
    EXPECT_EQ(rule.rewrite_host, "inside.example");
    EXPECT_EQ(rule.mirrors.at(0).denominator, 3u);
    EXPECT_EQ(rule.backends.at(0).weight, 3u);
    EXPECT_EQ(rule.backends[0].request.set.at(0).first, "f");
    EXPECT_EQ(routes_of(document("none", "{}"))[0]->rules.size(), 1u);
}

// The table of HTTPPathModifier.replacePrefixMatch.
TEST(HttpRoute, PrefixesAreReplaced) {
    const char* table[][4] = {
        {"/foo/bar", "/foo", "/xyz", "/xyz/bar"},
        {"/foo/bar", "/foo", "/xyz/", "/xyz/bar"}, // with its slash or without
        {"/foo", "/foo", "/xyz", "/xyz"},
        {"/foo/", "/foo", "/xyz", "/xyz/"},
        {"/foo/bar", "/foo", "", "/bar"},
        {"/foo/", "/foo", "", "/"},
        {"/foo", "/foo", "", "/"},
        {"/foo/", "/foo", "/", "/"},
        {"/foo", "/foo", "/", "/"},
        {"/bar", "/", "/xyz", "/xyz/bar"},
        {"/", "/", "/xyz", "/xyz"},
        {"/a/b", "/", "/", "/a/b"},
    };
    for (const auto& [path, prefix, value, expected] : table) {
        const auto routes = routes_of(document("a", "{rules: [{matches: [{path: {value: " + std::string(prefix) +
                                                        "}}], filters: [{type: URLRewrite, "
                                                        "urlRewrite: {path: {type: ReplacePrefixMatch, replacePrefixMatch: '" +
                                                        std::string(value) + "'}}}], backendRefs: [{name: a, port: 1}]}]}"));
        std::string out;
        apply(routes.at(0)->rules.at(0).rewrite_path, routes[0]->rules[0].matches.at(0).path, path, out);
        EXPECT_EQ(out, expected) << path << " " << prefix << " " << value;
    }
}

TEST(HttpRoute, RedirectsSayWhereTo) {
    RedirectSpec redirect;
    EXPECT_EQ(redirect_location(redirect, "/", false, "h:8000", "/a", "?b"), "http://h:8000/a?b");
    redirect.scheme = "https";
    EXPECT_EQ(redirect_location(redirect, "/", false, "h:8000", "/a", ""), "https://h/a");
    redirect.port = 8443;
    EXPECT_EQ(redirect_location(redirect, "/", false, "[::1]:8000", "/a", ""), "https://[::1]:8443/a");
    redirect.port = 443;
    redirect.host = "other.example";
    redirect.path = {PathEdit::Kind::prefix, "/new"};
    EXPECT_EQ(redirect_location(redirect, "/old", false, "h", "/old/x", "?q"), "https://other.example/new/x?q");
    redirect.path = {PathEdit::Kind::full, "/all"};
    EXPECT_EQ(redirect_location(redirect, "/old", true, "h", "/old/x", ""), "https://other.example/all");
    RedirectSpec plain;
    plain.port = 80;
    EXPECT_EQ(redirect_location(plain, "/", false, "h:8000", "/", ""), "http://h/");
}

TEST(HttpRoute, Durations) {
    EXPECT_EQ(parse_gateway_duration("0s"), 0u);
    EXPECT_EQ(parse_gateway_duration("1h2m3s4ms"), 3'723'004u);
    EXPECT_EQ(parse_gateway_duration("10ms"), 10u);
    for (const char* bad : {"", "1", "s", "1.5s", "-1s", "1d", "100000s", "1s2s3s4s5s", "25h", "1s ", "1m1"}) EXPECT_FALSE(parse_gateway_duration(bad)) << bad;
}

TEST(Explain, SaysOfEachRouteWhyItLost) {
    const auto snapshot = snapshot_of(document("a", R"({hostnames: [a.test], rules: [{backendRefs: [{name: a, port: 1}]}]})") + "---\n" +
                                      document("b", R"({rules: [{matches: [{path: {value: /x}, method: POST},
        {path: {value: /x}, headers: [{name: k, value: v}]},
        {path: {value: /x}, queryParams: [{name: q, value: v}]}, {path: {value: /y}}, {path: {value: /x}}, {path: {value: /}}],
        backendRefs: [{name: b, port: 1}]}]})"));
    std::vector<std::string> why;
    for (const auto& weighed : snapshot->explain({.path = "/x", .host = "h", .method = "GET"})) why.push_back(weighed.why_not);
    EXPECT_EQ(why, (std::vector<std::string>{"host", "method", "header k", "query q", "path", "", "precedence"}));
}

TEST(HttpRoute, AnExplanationNamesThePathOfEveryKindOfRoute) {
    const auto snapshot = snapshot_of(document("a", "{rules: [{matches: [{path: {type: Exact, value: /x}}, "
                                                    "{path: {type: RegularExpression, value: '/x[0-9]+'}}, {path: {value: /x}}], "
                                                    "backendRefs: [{name: a, port: 1}]}]}"));
    const auto why = [&](std::string_view path) {
        std::vector<std::string> all;
        for (const auto& weighed : snapshot->explain({.path = path, .host = "h", .method = "GET"})) all.push_back(weighed.why_not);
        return all;
    };
    EXPECT_EQ(why("/x"), (std::vector<std::string>{"", "path", "precedence"}));
    EXPECT_EQ(why("/x7"), (std::vector<std::string>{"path", "", "path"}));
    EXPECT_EQ(why("/x/y"), (std::vector<std::string>{"path", "path", ""}));
}

TEST(RouteFolder, IsReadWholeAndItsChangesAreSeen) {
    char name[] = "/tmp/gravity-routes-XXXXXX";
    const std::filesystem::path folder = ::mkdtemp(name);
    const auto write = [&](const char* file, const std::string& text) { std::ofstream(folder / file) << text; };
    write("b.yaml", document("b", "{}"));
    write("a.json", R"({"apiVersion":"gateway.networking.k8s.io/v1","kind":"HTTPRoute","metadata":{"name":"a"},"spec":{}})");
    write("notes.txt", "x: [");
    write(".hidden.yaml", "x: [");
    const std::string first = fingerprint_of(folder);
    auto routes = read_route_folder(folder);
    ASSERT_TRUE(routes) << routes.why();
    ASSERT_EQ(routes->routes.size(), 2u);
    EXPECT_EQ(routes->routes[0]->name, "a");
    write("c.yml", document("c", "{rules: [{backendRefs: [{name: c, port: x}]}]}"));
    EXPECT_NE(fingerprint_of(folder), first);
    routes = read_route_folder(folder);
    ASSERT_FALSE(routes);
    EXPECT_NE(routes.why().find("c.yml: HTTPRoute \"c\""), std::string::npos) << routes.why();
    write("c.yml", document("b", "{}"));
    EXPECT_FALSE(read_route_folder(folder)) << "b is there twice";
    std::filesystem::remove(folder / "c.yml");
    EXPECT_EQ(fingerprint_of(folder), first);
    std::filesystem::remove_all(folder);
    EXPECT_FALSE(read_route_folder(folder));
}

} // namespace
} // namespace gravity::gateway
