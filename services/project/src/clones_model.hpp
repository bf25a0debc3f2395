#pragma once

#include "api_keys_model.hpp"
#include "quotas_model.hpp"

/// A project made after another one: what it is set up like, and none of its data.
namespace gravity::project {

struct CloneProject : ProjectEdit {
    Default<true> keys;
};
BOOST_DESCRIBE_STRUCT(CloneProject, (ProjectEdit), (keys))

/// A key in the place of one of the first project's.
struct ReissuedApiKey : MadeApiKey {
    ApiKeyId reissued_from;
};
BOOST_DESCRIBE_STRUCT(ReissuedApiKey, (MadeApiKey), (reissued_from))

struct ClonedProject : Project {
    std::vector<ReissuedApiKey> keys;
};
BOOST_DESCRIBE_STRUCT(ClonedProject, (Project), (keys))

/// Another environment of the same project.
struct CloneEnvironment {
    EnvironmentName name;
    std::optional<EnvironmentKind> kind;
    Default<true> keys;
};
BOOST_DESCRIBE_STRUCT(CloneEnvironment, (), (name, kind, keys))

struct ClonedEnvironment : Environment {
    std::vector<ReissuedApiKey> keys;
};
BOOST_DESCRIBE_STRUCT(ClonedEnvironment, (Environment), (keys))

/// What is measured of a project, and its own limits.
struct MeasuredSetup {
    std::vector<Meter> meters;
    std::vector<QuotaRow> quotas;
};

} // namespace gravity::project

template <>
struct gravity::meta::docs<gravity::project::CloneProject> {
    static constexpr std::pair<std::string_view, std::string_view> fields[] = {
        {"keys", "Whether a new key is made for each that is good, with its scopes, networks, uses and end"},
    };
};
template <>
struct gravity::meta::docs<gravity::project::ClonedProject> {
    static constexpr std::pair<std::string_view, std::string_view> fields[] = {{"keys", "The new keys; shown this once"}};
};

template <>
struct gravity::meta::docs<gravity::project::CloneEnvironment> {
    static constexpr std::pair<std::string_view, std::string_view> fields[] = {
        {"kind", "Left out: that of the first"},
        {"keys", "Whether a new key is made for each of the environment that is good, with its scopes, networks, uses and end"},
    };
};
template <>
struct gravity::meta::docs<gravity::project::ClonedEnvironment> {
    static constexpr std::pair<std::string_view, std::string_view> fields[] = {{"keys", "The new keys; shown this once"}};
};

GRAVITY_TABLES(project, CloneProject, ReissuedApiKey, ClonedProject, CloneEnvironment, ClonedEnvironment)
