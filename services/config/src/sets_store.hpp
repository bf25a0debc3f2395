#pragma once

#include "sets_model.hpp"

#include <gravity/pg/tx.hpp>

/// Statements of config sets and drafts, by name. Their text is in sets_store.cpp and nowhere else.
namespace gravity::config {

struct NewSetRow : NewConfigSet {
    ConfigSetId id;
    std::string created_by;
    Timestamp created_at;
};
BOOST_DESCRIBE_STRUCT(NewSetRow, (NewConfigSet), (id, created_by, created_at))

/// What is in force of a set. `keys`: how many it has.
struct Head {
    ConfigSetId set_id;
    std::optional<ReleaseNumber> number;
    int keys = 0;
};
BOOST_DESCRIBE_STRUCT(Head, (), (set_id, number, keys))

/// A draft as it is kept: its secrets sealed among the items.
struct DraftRow {
    ConfigSetId set_id;
    std::optional<ReleaseNumber> base_number;
    Json items;
    Version version;
    std::string updated_by;
    Timestamp updated_at;
    std::vector<std::string> editors;
    std::optional<std::string> approved_by;
    std::optional<Timestamp> approved_at;
};
BOOST_DESCRIBE_STRUCT(DraftRow, (), (set_id, base_number, items, version, updated_by, updated_at, editors, approved_by, approved_at))

/// Made with its head and its draft; nothing where the label has as many as it may.
extern const Sql<ConfigSetId(NewSetRow, int)> insert_set;
extern const Sql<ConfigSet(ConfigSetId)> get_set;
extern const Sql<ConfigSet(ListConfigSets)> list_sets;
extern const Sql<void(ConfigSetId, bool)> save_set_options;

extern const Sql<Head(ConfigSetId)> get_head, lock_head;
extern const Sql<void(ConfigSetId, ReleaseNumber, std::int64_t, int)> move_head;
/// How many keys are in force under a label.
extern const Sql<std::int64_t(LabelName)> count_keys;

extern const Sql<DraftRow(ConfigSetId)> get_draft, lock_draft;
/// What was approved is not any more.
extern const Sql<DraftRow(DraftRow)> save_draft;
extern const Sql<DraftRow(ConfigSetId, std::string, Timestamp)> approve_draft;
extern const Sql<void(ConfigSetId)> forget_approval;

} // namespace gravity::config

GRAVITY_TABLES(config, NewSetRow, Head, DraftRow)
