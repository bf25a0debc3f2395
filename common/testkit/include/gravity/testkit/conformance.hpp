#pragma once

#include <gravity/testkit/service.hpp>

#include <gtest/gtest.h>

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace gravity::testkit {

/// What the route table cannot know about a service. A route is named "POST /api/v1/products", a path by its template. Needed only where a rule
/// of the service refuses what its types take, or a row is not made by a POST on its collection; the suite says where that is.
class ConformanceOptions {
public:
    /// Mends a body that was made from the type tables, e.g. by putting in the id of a category that exists.
    using Mend = std::function<Json(const Client& who, Json body)>;
    /// A concrete path whose rows exist for `who`; made anew at each call.
    using Find = std::function<std::string(const Client& who)>;

    ConformanceOptions& body(std::string route, Mend mend) {
        bodies[std::move(route)] = std::move(mend);
        return *this;
    }
    /// The bytes of a body that is not JSON.
    ConformanceOptions& raw(std::string route, std::string bytes, std::string content_type) {
        raws[std::move(route)] = {std::move(bytes), std::move(content_type)};
        return *this;
    }
    /// For all routes of a path template, or for one ("POST /api/v1/products/{id}/unpublish" wants an active product).
    ConformanceOptions& path(std::string route_or_template, Find find) {
        paths[std::move(route_or_template)] = std::move(find);
        return *this;
    }
    /// A rule that does not hold for a route, and why that is right. "*" is every rule.
    ConformanceOptions& except(std::string route, std::string rule, std::string reason) {
        exceptions[{std::move(route), std::move(rule)}] = std::move(reason);
        return *this;
    }

    std::uint32_t seed = 1;
    app::Texts settings{};             // of the service, by their outside names
    std::vector<std::string> only{};   // rules; empty: all
    std::uint16_t through = 0;         // ask another port, in front of the service

    std::map<std::string, Mend> bodies{};
    std::map<std::string, std::pair<std::string, std::string>> raws{};
    std::map<std::string, Find> paths{};
    std::map<std::pair<std::string, std::string>, std::string> exceptions{};
};

/// A convention that was not kept.
struct Violation {
    std::string rule;
    std::string route; // "GET /api/v1/products/{id}"
    std::string detail;
    std::string to_string() const { return "[" + rule + "] " + route + ": " + detail; }
};

struct ConformanceReport {
    std::vector<Violation> violations;
    std::map<std::string, int> checks;   // by rule: on how many routes it was tried
    std::vector<std::string> unreached; // what could not be tried, and why
    std::size_t requests = 0;
};

/// Every convention of the platform on every route below /api/ and /internal/, generated from the route table; of other surfaces only what holds
/// for all. The rules have names (`conformance_rules`); the same seed sends the same requests.
ConformanceReport conformance(RunningService& service, const ConformanceOptions& options = {});

struct ConformanceRule {
    std::string_view name;
    std::string_view says;
};
std::vector<ConformanceRule> conformance_rules();

/// Runs the suite as part of a test: each violation is a failure of its own.
void expect_conformance(Service service, const ConformanceOptions& options = {});

} // namespace gravity::testkit

/// One line in a service's tests: INSTANTIATE_CONFORMANCE(Catalog, Service{"product-catalog", 0}.postgres(...).routes(routes))
#define INSTANTIATE_CONFORMANCE(name, ...) \
    TEST(name, Conformance) { ::gravity::testkit::expect_conformance(__VA_ARGS__); }
