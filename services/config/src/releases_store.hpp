#pragma once

#include "releases_model.hpp"

#include <gravity/pg/tx.hpp>

/// Statements of releases, by name. Their text is in releases_store.cpp and nowhere else.
namespace gravity::config {

struct ListReleases : PageQuery {};
BOOST_DESCRIBE_STRUCT(ListReleases, (PageQuery), ())

/// The project's next publication; its row is held until the commit.
extern const Sql<std::int64_t()> next_seq;
/// The same row, for who looks at all that is in force while nobody publishes; the last publication.
extern const Sql<std::int64_t()> hold_publications;
/// The greatest number of a set's releases; 0 where it has none.
extern const Sql<int(ConfigSetId)> last_release;
extern const Sql<void(ConfigSetId, std::int64_t, ReleaseNumber)> insert_placement;
/// Tells all servers, once it is committed: "<project>:<seq>".
extern const Sql<bool(std::string)> notify_publication;
extern const Sql<ReleaseSummary(ReleaseSummary)> insert_release;
extern const Copy<ReleaseItem> copy_release_items;
extern const Sql<ReleaseSummary(ConfigSetId, ReleaseNumber)> get_release;
extern const Sql<ReleaseSummary(ListReleases, ConfigSetId)> list_releases;
extern const Sql<ReleaseItem(ConfigSetId, ReleaseNumber)> release_items;

} // namespace gravity::config

GRAVITY_TABLES(config, ListReleases)
