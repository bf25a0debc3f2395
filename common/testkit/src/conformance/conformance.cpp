#include "conformance/bench.hpp"

#include <gravity/testkit/check_isolation.hpp>
#include <gravity/testkit/conformance.hpp>

#include <algorithm>
#include <cstdio>

namespace gravity::testkit {
namespace {

// Held against every answer, whichever rule asked.
constexpr ConformanceRule always[] = {
    {"sample", "rows and bodies can be made from the tables, or the options tell how"},
    {"server-error", "no input is a 5xx"},
    {"problem", "a refusal is an RFC 9457 document with the request's trace id"},
    {"description", "every answer is as /openapi.json says"},
};
constexpr ConformanceRule surface_rule{"surface", "health, metrics and the description are served to everybody"};
constexpr ConformanceRule tables_rule{"table-isolation", "no table shows, gives or takes a row of another project"};

struct FixedPath {
    std::string_view path, content_type;
};
constexpr FixedPath fixed_paths[] = {{"/health/live", "application/health+json"},
                                     {"/health/ready", "application/health+json"},
                                     {"/metrics", "text/plain"},
                                     {"/openapi.json", "application/json"},
                                     {"/docs", "text/html"}};

void surface(Bench& bench) {
    for (const auto& [path, content_type] : fixed_paths) {
        http::Route route;
        route.path = path;
        if (!bench.begin(surface_rule.name, route)) continue;
        const Answer answer = bench.send(nullptr, {.method = "GET", .target = std::string(path)});
        if (bench.expect(answer, 200, "", "without a token") && !std::string_view(answer.header("Content-Type")).starts_with(content_type))
            bench.fail("is of type " + answer.header("Content-Type"));
        const Answer post = bench.send(nullptr, {.method = "POST", .target = std::string(path)});
        if (bench.expect(post, 405, "method-not-allowed", "POST") && post.header("Allow").find("GET") == std::string::npos)
            bench.fail("POST: Allow is \"" + post.header("Allow") + "\"");
    }
    http::Route nowhere;
    nowhere.path = "/api/v1/there-is-no-such-collection";
    if (bench.begin(surface_rule.name, nowhere))
        bench.expect(bench.send(nullptr, {.method = "GET", .target = nowhere.path, .token = bench.owner().token()}), 404, "not-found", "a path of nothing");
}

// After all the others: they have left rows.
void tables(Bench& bench) {
    const auto& routes = bench.router().routes();
    if (std::none_of(routes.begin(), routes.end(), [](const http::Route& route) { return route.transaction != nullptr; })) return; // no database
    http::Route route;
    route.path = "every table";
    if (!bench.begin(tables_rule.name, route)) return;
    std::vector<std::string> empty;
    for (auto& fault : check_isolation(bench.service().database(), bench.service().project(), &empty)) bench.fail(std::move(fault));
    for (const auto& table : empty)
        if (!table.starts_with("gravity.")) bench.unreached(table + " has no row that could leak");
}

std::vector<Rule> all_rules() {
    std::vector<Rule> all;
    for (const auto part : {credential_rules(), input_rules(), resource_rules()}) all.insert(all.end(), part.begin(), part.end());
    return all;
}

} // namespace

std::vector<ConformanceRule> conformance_rules() {
    std::vector<ConformanceRule> names(std::begin(always), std::end(always));
    names.push_back(surface_rule);
    names.push_back(tables_rule);
    for (const Rule& rule : all_rules()) names.push_back({rule.name, rule.says});
    return names;
}

ConformanceReport conformance(RunningService& service, const ConformanceOptions& options) {
    Bench bench(service, options);
    surface(bench);
    for (const http::Route& route : service.router().routes())
        for (const Rule& rule : all_rules())
            if (rule.applies(bench, route) && bench.begin(rule.name, route)) rule.run(bench, route);
    tables(bench);
    return bench.take();
}

void expect_conformance(Service service, const ConformanceOptions& options) {
    RunningService running(std::move(service), options.settings);
    const ConformanceReport report = conformance(running, options);
    for (const auto& violation : report.violations) ADD_FAILURE() << violation.to_string();
    int checks = 0;
    for (const auto& [rule, times] : report.checks) checks += times;
    EXPECT_GT(report.checks.size(), 1u) << "the service has no route that a rule applies to";
    std::printf("conformance: %d checks of %zu rules in %zu requests\n", checks, report.checks.size(), report.requests);
    for (const auto& why : report.unreached) std::printf("not reached: %s\n", why.c_str());
    for (const auto& [where, reason] : options.exceptions) std::printf("excepted: [%s] %s: %s\n", where.second.c_str(), where.first.c_str(), reason.c_str());
}

} // namespace gravity::testkit
