#pragma once

#include "explanations_model.hpp"
#include "registered_services.hpp"

#include <gravity/async/task.hpp>
#include <gravity/base/caller.hpp>
#include <gravity/discovery/neighbours.hpp>
#include <gravity/http/ctx.hpp>

#include <chrono>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace gravity::project {

/// The routes of an OpenAPI document that take a token, with the scopes that they ask for, by path and method; at most 2000. Throws std::invalid_argument for
/// another document. Pure.
std::vector<ReachedRoute> parse_routes(std::string_view document);

/// Those that somebody with these scopes gets into, as far as scopes decide.
std::vector<ReachedRoute> reached_by(const Caller& bearer, const std::vector<ReachedRoute>& routes);

/// What the registered services have, by their /openapi.json: asked for one after the other, at most a hundred, and kept for five minutes each; a service that
/// does not answer is asked again after half a minute. I/O thread only.
class ServiceRoutes {
public:
    struct Known {
        std::string service;
        std::string problem; // empty: the routes are known
        std::shared_ptr<const std::vector<ReachedRoute>> routes;
    };
    ServiceRoutes(RegisteredServices& registered, discovery::Neighbours& neighbours) : registered_(registered), neighbours_(neighbours) {}

    /// Throws std::runtime_error where it cannot be asked which services there are.
    Task<std::vector<Known>> all(const Ctx& ctx);

private:
    using Moment = std::chrono::steady_clock::time_point;
    struct Entry {
        Known known;
        Moment until;
    };
    Task<Known> ask(const Ctx& ctx, const std::string& service);

    RegisteredServices& registered_;
    discovery::Neighbours& neighbours_;
    std::map<std::string, Entry> kept_;
};

} // namespace gravity::project
