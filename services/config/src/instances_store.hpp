#pragma once

#include "instances_model.hpp"

#include <gravity/pg/tx.hpp>

/// Statements of instances, by name. Their text is in instances_store.cpp and nowhere else.
namespace gravity::config {

using Strings = std::vector<std::string>;

/// Columns of many instances at once; lists of names are joined by commas.
struct InstanceRows {
    std::vector<InstanceId> ids;
    Strings labels, names, applications, profiles;
    std::vector<std::int64_t> versions;
    Strings statuses, details;
};
BOOST_DESCRIBE_STRUCT(InstanceRows, (), (ids, labels, names, applications, profiles, versions, statuses, details))

/// Columns of the releases that they have.
struct InstanceReleaseRows {
    Strings labels, names;
    std::vector<ConfigSetId> sets;
    std::vector<int> numbers;
    Strings statuses;
};
BOOST_DESCRIBE_STRUCT(InstanceReleaseRows, (), (labels, names, sets, numbers, statuses))

/// Which instances a set is for.
struct InstancesOf {
    ConfigSetId set_id;
    LabelName label;
    ConfigName application;
    ConfigName profile;
};
BOOST_DESCRIBE_STRUCT(InstancesOf, (), (set_id, label, application, profile))

InstancesOf instances_of(const ConfigSet& set);

/// Who asks for the same.
struct Selecting {
    std::vector<std::string> applications;
    std::vector<std::string> profiles;
    std::int64_t count = 0;
    std::vector<std::string> names;
};
BOOST_DESCRIBE_STRUCT(Selecting, (), (applications, profiles, count, names))

/// At most so many instances of a project; of those beyond nothing is kept.
extern const Sql<void(InstanceRows, Timestamp, int)> save_instances;
extern const Sql<void(InstanceReleaseRows, Timestamp)> save_instance_releases;
/// What instances (by label and name) have been given before and are not given any more: sets that are not among these (by label, name and set).
extern const Sql<void(Strings, Strings, Strings, Strings, std::vector<ConfigSetId>)> forget_instance_releases;
extern const Sql<void(Strings, Strings, Timestamp)> note_seen;
extern const Sql<InstanceOfSet(ListInstances, InstancesOf)> list_instances;
extern const Sql<InstanceSummary(InstancesOf)> summarize_instances;
/// The instances that a set is for and that are not silent, by what they ask for; with the first 20 names of each.
extern const Sql<Selecting(InstancesOf, int)> selections_of_set;
/// The same of instances under a label that ask for any of these applications, in this profile or, of the default one, in any.
extern const Sql<Selecting(LabelName, Strings, std::string, int)> selections_of_applications;
/// Those not seen since then, so many at once; how many there were.
extern const Sql<std::int64_t(Timestamp, int)> forget_instances;

} // namespace gravity::config

GRAVITY_TABLES(config, InstanceRows, InstanceReleaseRows, InstancesOf, Selecting)
