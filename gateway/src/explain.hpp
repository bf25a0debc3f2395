#pragma once

#include "gate.hpp"
#include "own_pages.hpp"
#include "snapshot.hpp"

#include <gravity/base/text.hpp>
#include <gravity/meta/describe.hpp>

#include <map>
#include <optional>
#include <string>
#include <vector>

/// What would become of a request, without sending it.
namespace gravity::gateway {

struct ExplainRequest {
    std::optional<std::string> method; // GET
    std::string target;                // "/api/v1/products?limit=3"
    std::map<std::string, std::string, std::less<>> headers;
    std::optional<std::string> client; // its address; 127.0.0.1
    std::optional<std::vector<std::string>> client_certificate_names; // it shows a certificate with these ("DNS:a.example"); absent: none
    std::optional<std::string> client_certificate_thumbprint;         // of that, x5t#S256
};
BOOST_DESCRIBE_STRUCT(ExplainRequest, (), (method, target, headers, client, client_certificate_names, client_certificate_thumbprint))

struct WeighedRoute {
    std::string name;
    std::string kind;
    std::string prefix;
    std::optional<std::string> why_not; // absent: it is the one
};
BOOST_DESCRIBE_STRUCT(WeighedRoute, (), (name, kind, prefix, why_not))

struct ExplainedInstance {
    std::string id;
    std::string address;
    std::int64_t port = 0;
    bool usable = false;
    std::string breaker;
    std::string hold;
    double load = 0;
};
BOOST_DESCRIBE_STRUCT(ExplainedInstance, (), (id, address, port, usable, breaker, hold, load))

struct Explanation {
    std::string outcome;                 // "passed on", "redirected", "answered here", "refused", "waits"
    std::int64_t status = 0;             // of what the gateway itself would answer; 0: the service's
    std::optional<std::string> problem;  // its slug
    std::optional<std::string> detail;
    std::optional<std::string> path;     // in normal form
    std::optional<std::string> route;
    std::optional<std::string> location; // of a redirect
    std::optional<std::string> upstream_path;
    std::optional<std::string> service;  // one of several by its share
    std::optional<std::string> instance; // the better of two drawn
    std::vector<ExplainedInstance> instances;
    std::vector<std::string> answer_fields; // RateLimit, CORS
    std::optional<std::int64_t> timeout_ms;
    std::vector<WeighedRoute> weighed;
};
BOOST_DESCRIBE_STRUCT(Explanation, (),
                      (outcome, status, problem, detail, path, route, location, upstream_path, service, instance, instances, answer_fields, timeout_ms,
                       weighed))

/// The same code decides as for a request that came; only nothing is taken from a limit.
Explanation explain(const ExplainRequest& request, const Snapshot& snapshot, Gate& gate, const OwnPages& pages);

} // namespace gravity::gateway
