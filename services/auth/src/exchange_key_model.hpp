#pragma once

#include <gravity/discovery/client.hpp>
#include <gravity/model.hpp>

/// What auth takes from the service that keeps API keys, and nothing more.
namespace gravity::issuer {

struct VerifyApiKey {
    std::string key;
    std::optional<std::string> network; // where it was shown from
};
BOOST_DESCRIBE_STRUCT(VerifyApiKey, (), (key, network))

/// Of a key that is not good nothing but that.
struct VerifiedApiKey {
    bool active = false;
    std::optional<std::string> sub; // "api_key:<id>"
    std::optional<ProjectId> project;
    std::optional<std::string> env;
    std::optional<std::string> scope;
    std::optional<std::int64_t> exp;
    std::optional<std::string> plan;
    std::optional<std::string> network; // of a key that is bound to networks: what the answer is for
};
BOOST_DESCRIBE_STRUCT(VerifiedApiKey, (), (active, sub, project, env, scope, exp, plan, network))

struct ApiKeys {
    static constexpr discovery::Neighbour neighbour{.service = "project", .port = 8080, .scope = "api-keys:verify"};
    static constexpr Call<VerifiedApiKey(Body<VerifyApiKey>)> verify{http::Method::post, "/api/v1/api-keys/verify", std::chrono::milliseconds{2'000}};
};

} // namespace gravity::issuer

GRAVITY_TABLES(issuer, VerifyApiKey, VerifiedApiKey)
