#pragma once

#include "api.hpp"
#include "call_graph.hpp"

/// Where the API asks what the bearer of a request may do.
namespace gravity::registry::api {

/// Throws ApiError 403 in Consul's words, which some clients look for, unless it is permitted.
void demand(const Access& access, Resource resource, Grant needed, std::string_view name = {});
void demand_all(const Access& access, Resource resource, Grant needed, std::string_view prefix);
[[noreturn]] void deny(const Access& access, Resource resource, Grant needed, std::string_view name = {});
/// For a change of a check, or of what it says: of its service, or of its node if it has none.
void demand_write(const Access& access, const Check& check);

/// Lets through what the bearer may see, and remembers whether it kept something back.
class Sieve {
public:
    explicit Sieve(const Access& access) : access_(access) {}

    bool passes(Resource resource, std::string_view name);
    bool node(std::string_view name) { return passes(Resource::node, name); }
    bool service(std::string_view name) { return passes(Resource::service, name); }
    bool instance(const Instance& one) { return node(one.node) && service(one.name); }
    bool check(const Check& one) { return node(one.node) && (one.service_name.empty() || service(one.service_name)); }

    /// The answer, with the mark that clients get when something is missing. Who has no token of his own is not told.
    Answer mark(Answer answer) const;

private:
    const Access& access_;
    bool kept_back_ = false;
};

/// The secret that a request came with: `?token=`, `X-Consul-Token` or `Authorization: Bearer`, in Consul's order. Empty: none.
std::string secret_in(const http::Headers& headers, const Query& query);

/// The address of who sent a request, behind proxies that tell it. For what is near: it gives no permission.
std::string sender_in(const http::Request& request);
/// Who sent a request, by the permissions that it has, or else as whom the platform knows him, and by what it calls itself.
Inquirer inquirer_of(const http::Headers& headers, const Access& access, const Caller* caller = nullptr);

} // namespace gravity::registry::api
