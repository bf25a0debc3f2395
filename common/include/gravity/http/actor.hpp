#pragma once

#include <gravity/base/caller.hpp>
#include <gravity/http/extract.hpp>
#include <gravity/http/origin.hpp>

#include <string>

namespace gravity {

/// Who changes something, and from where: what an audit log says of them. Handlers that change something take an `Actor` where others take a `Caller`, of a
/// service that has provided http::TrustedProxies.
struct Actor : Caller {
    std::string address; // of the client, canonical; empty where it is not known
};

namespace http {

/// Without a name: who calls a route that is open to everybody.
Actor nobody(const Request& request, const TrustedProxies& proxies);

template <>
struct Extractor<Actor> {
    static Actor read(Input& in); // refuses with 401 if there is none
    static void describe(Route&) {}
};

} // namespace http
} // namespace gravity
