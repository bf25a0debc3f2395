#pragma once

#include "checks.hpp"
#include "instances_model.hpp"
#include "releases_model.hpp"

/// What would become of a draft.
namespace gravity::config {

struct DraftValidation {
    Version draft_version;
    bool stale = false;
    bool valid = false;
    std::vector<CheckFault> faults;
};
BOOST_DESCRIBE_STRUCT(DraftValidation, (), (draft_version, stale, valid, faults))

/// A key that would have another value, be there or be gone.
struct KeyChange {
    std::string key;
    PatchOp op{};
};
BOOST_DESCRIBE_STRUCT(KeyChange, (), (key, op))

/// Whose settings would change.
struct AffectedHeir {
    ConfigName application;
    ConfigName profile;
    std::int64_t keys = 0;
    std::vector<KeyChange> changes;
};
BOOST_DESCRIBE_STRUCT(AffectedHeir, (), (application, profile, keys, changes))

/// Instances that ask for the same, and whose settings would change.
struct AffectedInstances {
    std::vector<std::string> applications;
    std::vector<std::string> profiles;
    std::int64_t count = 0;
    std::vector<std::string> names;
    std::int64_t keys = 0;
};
BOOST_DESCRIBE_STRUCT(AffectedInstances, (), (applications, profiles, count, names, keys))

struct DryRun {
    Version draft_version;
    bool stale = false;
    bool complete = false;
    std::int64_t affected_count = 0;
    std::vector<AffectedHeir> affected;
    std::int64_t instance_count = 0;
    std::vector<AffectedInstances> instances;
    std::vector<CheckFault> faults;
};
BOOST_DESCRIBE_STRUCT(DryRun, (), (draft_version, stale, complete, affected_count, affected, instance_count, instances, faults))

} // namespace gravity::config

template <>
struct gravity::meta::docs<gravity::config::DraftValidation> {
    static constexpr std::pair<std::string_view, std::string_view> fields[] = {
        {"stale", "Something else was published since it was begun: it is not published as it is"},
        {"valid", "Nothing is wrong with it"},
        {"faults", "What is wrong, for each application and profile that inherits it or refers to it; at most 50"},
    };
};
template <>
struct gravity::meta::docs<gravity::config::AffectedHeir> {
    static constexpr std::pair<std::string_view, std::string_view> fields[] = {
        {"keys", "How many keys change"},
        {"changes", "The first 200 of them"},
    };
};
template <>
struct gravity::meta::docs<gravity::config::AffectedInstances> {
    static constexpr std::pair<std::string_view, std::string_view> fields[] = {
        {"names", "The first 20 of them"},
        {"keys", "How many keys change for them"},
    };
};
template <>
struct gravity::meta::docs<gravity::config::DryRun> {
    static constexpr std::pair<std::string_view, std::string_view> fields[] = {
        {"complete", "Everybody was looked at; there is an end to it where very many inherit very much"},
        {"affected_count", "How many applications and profiles have other settings"},
        {"affected", "The first 100 of them; profiles are looked at one by one"},
        {"instance_count", "How many instances that are not silent have other settings"},
        {"instances", "Those, by what they ask for; the 100 most common"},
        {"faults", "What is wrong with it, as `validate` tells it"},
    };
};

GRAVITY_TABLES(config, DraftValidation, KeyChange, AffectedHeir, AffectedInstances, DryRun)
