#pragma once

#include "api_keys_model.hpp"
#include "quotas_model.hpp"

/// What a key would be allowed.
namespace gravity::project {

struct ReachedRoute {
    std::string method;
    std::string path;
    std::optional<std::string> scope;
    std::optional<std::string> summary;
};
BOOST_DESCRIBE_STRUCT(ReachedRoute, (), (method, path, scope, summary))

struct ReachedService {
    std::string service;
    std::optional<std::string> problem;
    std::vector<ReachedRoute> routes;
};
BOOST_DESCRIBE_STRUCT(ReachedService, (), (service, problem, routes))

struct KeyExplanation {
    ApiKeyId key_id;
    bool active = false;
    std::optional<std::string> reason;
    ProjectId project_id;
    EnvironmentName env;
    std::vector<ScopeName> scopes;
    std::optional<std::vector<Network>> cidrs;
    std::optional<std::int64_t> uses_left;
    std::optional<Timestamp> ends_at;
    std::vector<QuotaState> quotas;
    std::vector<ReachedService> services;
    std::optional<std::string> problem;
};
BOOST_DESCRIBE_STRUCT(KeyExplanation, (), (key_id, active, reason, project_id, env, scopes, cidrs, uses_left, ends_at, quotas, services, problem))

} // namespace gravity::project

template <>
struct gravity::meta::docs<gravity::project::ReachedRoute> {
    static constexpr std::pair<std::string_view, std::string_view> fields[] = {{"scope", "What the route asks for; absent where any token does"}};
};
template <>
struct gravity::meta::docs<gravity::project::ReachedService> {
    static constexpr std::pair<std::string_view, std::string_view> fields[] = {{"problem", "Why it is not known what it has"}};
};
template <>
struct gravity::meta::docs<gravity::project::KeyExplanation> {
    static constexpr std::pair<std::string_view, std::string_view> fields[] = {
        {"active", "Whether it is good now, from one of its networks"},
        {"reason", "Why it is not"},
        {"ends_at", "From when on it is not"},
        {"quotas", "The limits of its project, the first 200, and how far they are used up"},
        {"services", "What its scopes open, of the services that are registered; routes that are open to everybody are left out"},
        {"problem", "Why it is not known which services there are"},
    };
};

GRAVITY_TABLES(project, ReachedRoute, ReachedService, KeyExplanation)
