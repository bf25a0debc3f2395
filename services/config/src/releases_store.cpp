#include "releases_store.hpp"

namespace gravity::config {

const Sql<std::int64_t()> next_seq{"publication.next", R"sql(
    insert into publication (seq) values (1) on conflict (project) do update set seq = publication.seq + 1 returning seq)sql"};
const Sql<std::int64_t()> hold_publications{"publication.hold", R"sql(
    insert into publication (seq) values (0) on conflict (project) do update set seq = publication.seq returning seq)sql"};
const Sql<int(ConfigSetId)> last_release{"release.last", "select coalesce(max(number), 0) from release where set_id = $1"};
const Sql<void(ConfigSetId, std::int64_t, ReleaseNumber)> insert_placement{"placement.insert",
                                                                           "insert into placement (set_id, seq, number) values ($1, $2, $3)"};
const Sql<bool(std::string)> notify_publication{"publication.notify", "select pg_notify('config', $1) is not null"};
const Sql<ReleaseSummary(ReleaseSummary)> insert_release{"release.insert", R"sql(
    insert into release (set_id, number, parent, reverts_to, seq, author, approver, reviewed, message, created_at, content_hash)
    values ($set_id, $number, $parent, $reverts_to, $seq, $author, $approver, $reviewed, $message, $created_at, $content_hash)
    returning *)sql"};
const Copy<ReleaseItem> copy_release_items{"release_item.copy", "release_item"};
const Sql<ReleaseSummary(ConfigSetId, ReleaseNumber)> get_release{"release.get", "select * from release where set_id = $1 and number = $2"};
const Sql<ReleaseSummary(ListReleases, ConfigSetId)> list_releases{"release.list", R"sql(
    select * from release where set_id = $3 and $page(number desc))sql"};
const Sql<ReleaseItem(ConfigSetId, ReleaseNumber)> release_items{"release_item.of", R"sql(
    select * from release_item where set_id = $1 and number = $2 order by key)sql"};

} // namespace gravity::config
