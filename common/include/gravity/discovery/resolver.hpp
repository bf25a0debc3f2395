#pragma once

#include <gravity/async/task.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace boost::asio {
class io_context;
}

namespace gravity::discovery {

/// One running copy of a service.
struct Instance {
    std::string id;
    std::string url;                      // "http://10.0.0.7:8104"
    std::vector<std::string> addresses{}; // to connect to instead of resolving the URL's host; empty: resolve it
    std::uint32_t weight = 1;
    friend bool operator==(const Instance&, const Instance&) = default;
};
using Instances = std::shared_ptr<const std::vector<Instance>>; // never null

/// The instances of an answer to GET /v1/health/service/<name>?passing of the Consul HTTP API; throws std::invalid_argument for another document.
/// Pure.
std::vector<Instance> parse_health(std::string_view document);

/// Who answers to the name of a service. I/O thread only.
class Resolver {
public:
    virtual ~Resolver() = default;
    /// What is known now; empty if there is none. Waits only the first time, until `deadline`.
    virtual Task<Instances> find(std::string service, std::uint16_t port, std::chrono::steady_clock::time_point deadline) = 0;
    /// Why the last look-up failed; empty if it did not.
    virtual std::string last_error(const std::string& service) const = 0;
};

/// Watches each service asked about by blocking queries of the Consul API, so that a change is known at once and a look-up costs nothing. While
/// discovery is away the last answer stands. `url`: of the agent. `user_agent`: who asks, so that it can be seen who calls whom.
std::shared_ptr<Resolver> consul_resolver(boost::asio::io_context& io, std::string url, std::string token, std::string user_agent = "gravity");
/// `<service><domain>` by the system's resolver, each address an instance at the service's own port; asked again every few seconds.
std::shared_ptr<Resolver> dns_resolver(boost::asio::io_context& io, std::string domain);
/// Nobody: a service that stands alone. Or what a test says, "inventory" -> "http://127.0.0.1:4711".
std::shared_ptr<Resolver> fixed_resolver(std::function<std::vector<Instance>(const std::string&)> known);

} // namespace gravity::discovery
