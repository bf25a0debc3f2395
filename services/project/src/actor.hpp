#pragma once

#include "networks.hpp"

#include <gravity/base/caller.hpp>
#include <gravity/http/extract.hpp>

#include <stdexcept>

/// Who changes something, and from where: what the audit log says of them. Handlers that change something take an `Actor` where others take a `Caller`.
namespace gravity::project {

struct Actor : Caller {
    std::string address; // of the client, canonical; empty where it is not known
};

/// Whose word it is believed by whom a request was forwarded: "10.0.0.0/8, ::1". Throws std::invalid_argument for what is no network.
class TrustedProxies {
public:
    TrustedProxies() = default;
    explicit TrustedProxies(std::string_view list);

    /// The address that a request is from: the peer's, or, while that is a proxy that is believed, whose it says it was (X-Forwarded-For, from the right). An
    /// unreadable entry ends the search.
    std::string origin(const http::Request& request) const;

private:
    std::vector<Network> networks_;
};

/// Of a route that is open to everybody: who holds something, without a name.
Actor nobody(const http::Request& request, const TrustedProxies& proxies);
/// The service itself, in its jobs.
Actor service_itself();

} // namespace gravity::project

namespace gravity::http {

template <>
struct Extractor<project::Actor> {
    static project::Actor read(Input& in); // refuses with 401 if there is none
    static void describe(Route&) {}
};

} // namespace gravity::http
