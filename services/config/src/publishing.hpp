#pragma once

#include "items.hpp"
#include "releases_store.hpp"
#include "sets_store.hpp"

/// What publishing and reverting share.
namespace gravity::config {

/// Of a release; none of no release.
Items items_of(Tx& tx, const ConfigSetId& set, std::optional<ReleaseNumber> number);

/// What is to be made of a set's next release.
struct Making {
    ConfigSet set;
    Head head; // locked
    Items items;
    std::string author;
    std::optional<std::string> approver;
    std::optional<Text<1, 500>> message;
    std::optional<ReleaseNumber> reverts_to;
};

/// Makes the release, in the running transaction, and puts it in force for nobody yet. Refuses what would change nothing, and what would leave
/// a reference of anybody who inherits it, or refers to it, unresolved or break a schema that their settings have to hold.
ReleaseSummary make_release(Tx& tx, const Making& making);

/// Makes it the release in force for everybody: the head moves, the servers are told.
void put_in_force(Tx& tx, const ConfigSet& set, ReleaseNumber number, std::int64_t seq, int keys);

/// Both, and announces it.
ReleaseSummary publish(Tx& tx, const Making& making);

} // namespace gravity::config
