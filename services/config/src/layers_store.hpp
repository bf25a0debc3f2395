#pragma once

#include "releases_model.hpp"

#include <gravity/pg/tx.hpp>

/// Statements that find what is in force, by name. Their text is in layers_store.cpp and nowhere else.
namespace gravity::config {

/// A set with something in force, and what is being rolled out of it: from the publications `seqs` on to the `shares` of the instances.
struct ActiveSet {
    ConfigSetId set_id;
    ConfigName application;
    ConfigName profile;
    ReleaseNumber number;
    std::int64_t seq = 0;
    std::optional<Uuid> rollout;
    std::optional<ReleaseNumber> candidate;
    std::vector<int> shares;
    std::vector<std::int64_t> seqs;
};
BOOST_DESCRIBE_STRUCT(ActiveSet, (), (set_id, application, profile, number, seq, rollout, candidate, shares, seqs))

struct ActiveItem {
    ConfigSetId set_id;
    std::string key;
    Json value;
    int number = 0;
};
BOOST_DESCRIBE_STRUCT(ActiveItem, (), (set_id, key, value, number))

/// Of a label and these applications and profiles.
extern const Sql<ActiveSet(LabelName, std::vector<std::string>, std::vector<std::string>)> active_sets;
/// The same at an earlier publication.
extern const Sql<ActiveSet(LabelName, std::vector<std::string>, std::vector<std::string>, std::int64_t)> active_sets_at;
extern const Sql<ActiveSet(LabelName)> active_sets_of_label;
/// Of these sets, each in the release of the same place.
extern const Sql<ActiveItem(std::vector<ConfigSetId>, std::vector<int>)> active_items;
extern const Sql<bool(LabelName)> has_label;
/// Something is being rolled out under it.
extern const Sql<bool(LabelName)> has_rollout;
/// Something that is in force, or being rolled out, under it looks like a reference to another application.
extern const Sql<bool(LabelName)> has_reference_to_others;

} // namespace gravity::config

GRAVITY_TABLES(config, ActiveSet, ActiveItem)
