#pragma once

#include "sets_model.hpp"

/// What is in force for a process.
namespace gravity::config {

struct EffectiveQuery {
    Text<1, 650> application;
    Text<1, 650> profiles = "default";
    std::optional<LabelName> label;
    std::optional<Text<1, 200>> instance;
};
BOOST_DESCRIBE_STRUCT(EffectiveQuery, (), (application, profiles, label, instance))

struct AwaitEffective : EffectiveQuery {
    std::optional<Bounded<std::int64_t, 0, INT64_MAX>> wait_version;
    Bounded<int, 0, 60> wait{0};
};
BOOST_DESCRIBE_STRUCT(AwaitEffective, (EffectiveQuery), (wait_version, wait))

/// Where a value comes from.
struct Origin {
    ConfigSetId set_id;
    ConfigName application;
    ConfigName profile;
    ReleaseNumber release;
};
BOOST_DESCRIBE_STRUCT(Origin, (), (set_id, application, profile, release))

struct EffectiveValue {
    std::string key;
    Json value;
    std::optional<Json> raw;
    int origin = 0;
    std::optional<std::string> fingerprint;
};
BOOST_DESCRIBE_STRUCT(EffectiveValue, (), (key, value, raw, origin, fingerprint))

struct Effective {
    std::vector<std::string> applications;
    std::vector<std::string> profiles;
    LabelName label;
    std::int64_t version = 0;
    std::vector<Origin> origins;
    std::vector<EffectiveValue> items;
};
BOOST_DESCRIBE_STRUCT(Effective, (), (applications, profiles, label, version, origins, items))

} // namespace gravity::config

template <>
struct gravity::meta::docs<gravity::config::EffectiveQuery> {
    static constexpr std::pair<std::string_view, std::string_view> fields[] = {
        {"application", "Application, or several with commas: the last one wins"},
        {"profiles", "Profiles with commas: the last one wins"},
        {"label", "Label; without it CONFIG_DEFAULT_LABEL"},
        {"instance", "The name of the process that asks, its own among those of the label: so that it is known who runs what"},
    };
};
template <>
struct gravity::meta::docs<gravity::config::AwaitEffective> {
    static constexpr std::pair<std::string_view, std::string_view> fields[] = {
        {"wait_version", "The version one has, and runs: the answer waits until there is another"},
        {"wait", "Seconds that it waits at most"},
    };
};
template <>
struct gravity::meta::docs<gravity::config::EffectiveValue> {
    static constexpr std::pair<std::string_view, std::string_view> fields[] = {
        {"raw", "The value before its references were resolved, where it has any"},
        {"origin", "Index among `origins`"},
        {"fingerprint", "Of a secret: another where it is another"},
    };
};
template <>
struct gravity::meta::docs<gravity::config::Effective> {
    static constexpr std::pair<std::string_view, std::string_view> fields[] = {
        {"version", "The last publication among the origins and the applications that they refer to; 0 where there is none"},
        {"origins", "Releases that are in force, the highest first"},
    };
};

GRAVITY_TABLES(config, EffectiveQuery, AwaitEffective, Origin, EffectiveValue, Effective)
