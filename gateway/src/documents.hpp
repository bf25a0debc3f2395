#pragma once

#include "http_route.hpp"
#include "tls_policy.hpp"

#include <set>
#include <string>
#include <vector>

/// Documents of the Gateway API, of all kinds that count here.
namespace gravity::gateway {

struct Documents {
    std::vector<HttpRoutePtr> routes;
    TlsPolicies policies;
};

/// Puts together what the texts of several files say, since one may name what stands in another.
class DocumentReader {
public:
    /// The documents of a YAML or JSON text: HTTPRoutes, BackendTLSPolicies, ConfigMaps with authorities; other kinds (Gateway, Service ...) are left out. Why
    /// it is refused, in one line; empty if it is taken.
    std::string add(const std::string& text);
    /// When all has been added.
    Parsed<Documents> finish() &&;

private:
    std::vector<HttpRoutePtr> routes_;
    std::set<std::string, std::less<>> names_;
    std::vector<TlsPolicy> policies_;
    ConfigMaps config_maps_;
};

/// Of one text alone.
Parsed<Documents> parse_documents(const std::string& text);

} // namespace gravity::gateway
