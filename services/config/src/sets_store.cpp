#include "sets_store.hpp"

#include "problems.hpp"

namespace gravity::config {

const Sql<ConfigSetId(NewSetRow, int)> insert_set{
    "set.insert",
    R"sql(
    with made as (
        insert into config_set (id, application, profile, label, created_by, created_at)
        select $id, $application, $profile, $label, $created_by, $created_at
        where (select count(*) from (select from config_set where label = $label limit $7) counted) < $7
        returning id, created_by, created_at),
    with_head as (insert into head (set_id) select id from made),
    with_draft as (insert into draft (set_id, items, updated_by, updated_at) select id, '{}', created_by, created_at from made)
    select id from made)sql",
    {{"config_set_key", set_exists}}};
const Sql<ConfigSet(ConfigSetId)> get_set{"set.get", R"sql(
    select s.*, h.number as release, coalesce(h.number, 0) + 1 + s.options_version as version from config_set s join head h on h.set_id = s.id
    where s.id = $1)sql"};
const Sql<void(ConfigSetId, bool)> save_set_options{"set.save_options", R"sql(
    update config_set set review_required = $2, options_version = options_version + 1 where id = $1)sql"};
const Sql<ConfigSet(ListConfigSets)> list_sets{"set.list", R"sql(
    select s.*, h.number as release, coalesce(h.number, 0) + 1 + s.options_version as version from config_set s join head h on h.set_id = s.id
    where ($application::text is null or s.application = $application) and ($profile::text is null or s.profile = $profile)
      and ($label::text is null or s.label = $label) and $page(s.created_at desc, s.id desc))sql"};

const Sql<Head(ConfigSetId)> get_head{"head.get", "select * from head where set_id = $1"};
const Sql<Head(ConfigSetId)> lock_head{"head.lock", "select * from head where set_id = $1 for update"};
const Sql<void(ConfigSetId, ReleaseNumber, std::int64_t, int)> move_head{"head.move",
                                                                         "update head set number = $2, seq = $3, keys = $4 where set_id = $1"};
const Sql<std::int64_t(LabelName)> count_keys{"head.count_keys", R"sql(
    select coalesce(sum(h.keys), 0)::bigint from head h join config_set s on s.id = h.set_id where s.label = $1)sql"};

const Sql<DraftRow(ConfigSetId)> get_draft{"draft.get", "select * from draft where set_id = $1"};
const Sql<DraftRow(ConfigSetId)> lock_draft{"draft.lock", "select * from draft where set_id = $1 for update"};
const Sql<DraftRow(DraftRow)> save_draft{"draft.save", R"sql(
    update draft set base_number = $base_number, items = $items, version = version + 1, updated_by = $updated_by, updated_at = $updated_at,
           editors = $editors, approved_by = null, approved_at = null
    where set_id = $set_id returning *)sql"};
const Sql<DraftRow(ConfigSetId, std::string, Timestamp)> approve_draft{"draft.approve", R"sql(
    update draft set approved_by = $2, approved_at = $3, version = version + 1 where set_id = $1 returning *)sql"};
const Sql<void(ConfigSetId)> forget_approval{"draft.forget_approval", R"sql(
    update draft set approved_by = null, approved_at = null, version = version + 1 where set_id = $1 and approved_by is not null)sql"};

} // namespace gravity::config
