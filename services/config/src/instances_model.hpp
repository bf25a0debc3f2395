#pragma once

#include "frames.hpp"
#include "releases_model.hpp"

/// Who runs what.
namespace gravity::config {

using InstanceId = Id<"instance">;
using InstanceName = Text<1, 200>;

/// What is known of an instance and a release.
enum class InstanceStatus {
    told, // it was handed out; what became of it has not been said
    applied,
    failed
};
BOOST_DESCRIBE_ENUM(InstanceStatus, told, applied, failed)

enum class InstanceState {
    current,
    behind, // runs another release than the one in force, or has not said that it runs this one
    failed,
    silent // has not been heard of for five minutes
};
BOOST_DESCRIBE_ENUM(InstanceState, current, behind, failed, silent)

/// What an instance says that does not keep a WebSocket.
struct Acknowledgement {
    Text<1, 650> application;
    Text<1, 650> profiles = "default";
    std::optional<LabelName> label;
    InstanceName instance;
    Bounded<std::int64_t, 0, INT64_MAX> version;
    Default<AckStatus::applied> status;
    std::optional<FailureDetail> detail;
};
BOOST_DESCRIBE_STRUCT(Acknowledgement, (), (application, profiles, label, instance, version, status, detail))

/// An instance, as far as a set is concerned.
struct InstanceOfSet {
    InstanceName instance;
    std::vector<std::string> applications;
    std::vector<std::string> profiles;
    std::optional<ReleaseNumber> release;
    InstanceStatus status{};
    InstanceState state{};
    std::int64_t version = 0;
    std::optional<std::string> detail;
    Timestamp since;
    Timestamp seen_at;
};
BOOST_DESCRIBE_STRUCT(InstanceOfSet, (), (instance, applications, profiles, release, status, state, version, detail, since, seen_at))

struct ListInstances : PageQuery {
    std::optional<InstanceState> state;
};
BOOST_DESCRIBE_STRUCT(ListInstances, (PageQuery), (state))

struct InstanceSummary {
    std::optional<ReleaseNumber> release;
    std::int64_t total = 0;
    std::int64_t current = 0;
    std::int64_t behind = 0;
    std::int64_t failed = 0;
    std::int64_t silent = 0;
};
BOOST_DESCRIBE_STRUCT(InstanceSummary, (), (release, total, current, behind, failed, silent))

} // namespace gravity::config

template <>
struct gravity::meta::docs<gravity::config::Acknowledgement> {
    static constexpr std::pair<std::string_view, std::string_view> fields[] = {
        {"instance", "The name of the process, its own among those of the label"},
        {"version", "The version of what is in force that it is about"},
        {"status", "What became of it"},
        {"detail", "Why it failed"},
    };
};
template <>
struct gravity::meta::docs<gravity::config::InstanceOfSet> {
    static constexpr std::pair<std::string_view, std::string_view> fields[] = {
        {"release", "The release of this set that it was given last"},
        {"status", "What it said of that release"},
        {"version", "The version of all that is in force for it"},
        {"detail", "What it said when something failed"},
        {"since", "Since when it has this release"},
        {"seen_at", "When it was heard of last"},
    };
};
template <>
struct gravity::meta::docs<gravity::config::InstanceSummary> {
    static constexpr std::pair<std::string_view, std::string_view> fields[] = {
        {"release", "The release in force"},
        {"total", "How many instances are told of this set"},
    };
};

GRAVITY_TABLES(config, InstanceId, InstanceStatus, InstanceState, Acknowledgement, InstanceOfSet, ListInstances, InstanceSummary)
