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
    std::optional<Text<1, 500>> message;
    std::optional<ReleaseNumber> reverts_to;
};

/// Makes it the release in force, in the running transaction: the head moves, the event is announced. Refuses what would change nothing, and what would leave
/// a reference of anybody who inherits it unresolved.
ReleaseSummary publish(Tx& tx, const Making& making);

} // namespace gravity::config
