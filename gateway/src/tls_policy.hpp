#pragma once

#include "service_spec.hpp"

#include <gravity/base/parsed.hpp>
#include <gravity/json/json.hpp>

#include <map>
#include <string>
#include <string_view>
#include <vector>

/// Whose instances are spoken to with TLS, as BackendTLSPolicy documents of the Gateway API (`gateway.networking.k8s.io/v1`) say it. Plain values.
namespace gravity::gateway {

struct TlsPolicy {
    std::string name;    // "shop", of another namespace than "default" "web/shop"
    std::string space;   // its namespace, and that of what it names
    std::string created; // RFC 3339; may be empty
    std::vector<std::string> services;
    std::vector<std::string> authorities; // ConfigMaps; none: the machine's own authorities
    TlsSpec tls;                          // with authorities once they have been found
};

bool is_tls_policy(const Json& document);
/// One document, or why it is refused (one line that names the place). What the standard has and is not there is refused, never ignored.
Parsed<TlsPolicy> parse_tls_policy(const Json& document);

/// `ca.crt` of ConfigMaps, by "namespace/name".
using ConfigMaps = std::map<std::string, std::string, std::less<>>;
/// Adds what a ConfigMap says of authorities; documents of other kinds, and others of its data, are left out. Why it is refused; empty if it is not.
std::string add_config_map(const Json& document, ConfigMaps& known);

/// What is asked of the instances of a service.
class TlsPolicies {
public:
    struct Overruled {
        std::string policy, service, by;
    };

    TlsPolicies() = default;
    /// Refused: two policies of one name, and authorities that are not there.
    static Parsed<TlsPolicies> of(std::vector<TlsPolicy> policies, const ConfigMaps& known);

    /// Null: none. By the name that a route has for the service: of another namespace than its own with that ("shop.web"). Of two policies the older counts,
    /// then the first by name.
    const TlsSpec* find(std::string_view service) const;
    const std::vector<TlsPolicy>& all() const { return all_; } // the first that count first
    const std::vector<Overruled>& overruled() const { return overruled_; }

private:
    std::vector<TlsPolicy> all_;
    std::map<std::string, std::size_t, std::less<>> by_service_; // places in all_
    std::vector<Overruled> overruled_;
};

} // namespace gravity::gateway
