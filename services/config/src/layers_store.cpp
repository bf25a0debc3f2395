#include "layers_store.hpp"

namespace gravity::config {

// In one statement, for each sees what is committed when it begins: a rollout that ends meanwhile is seen before its end or after it.
#define GRAVITY_ROLLING_COLUMNS "r.id as rollout, r.to_number as candidate, coalesce(t.shares, '{}') as shares, coalesce(t.seqs, '{}') as seqs"

const Sql<ActiveSet(LabelName, std::vector<std::string>, std::vector<std::string>)> active_sets{
    "active.sets",
    "select s.id as set_id, s.application, s.profile, h.number, h.seq, " GRAVITY_ROLLING_COLUMNS
    " from config_set s join head h on h.set_id = s.id left join rollout r on r.set_id = s.id and r.state in ('baking', 'paused')"
    " left join lateral (select array_agg(share order by step) as shares, array_agg(seq order by step) as seqs from rollout_step where rollout_id = r.id) t"
    " on true"
    " where s.label = $1 and s.application = any($2::text[]) and s.profile = any($3::text[]) and h.number is not null"};
const Sql<ActiveSet(LabelName, std::vector<std::string>, std::vector<std::string>, std::int64_t)> active_sets_at{
    "active.sets_at",
    "select s.id as set_id, s.application, s.profile, p.number, p.seq, " GRAVITY_ROLLING_COLUMNS
    " from config_set s"
    " join lateral (select number, seq from placement where set_id = s.id and seq <= $4 order by seq desc limit 1) p on true"
    " left join rollout r on r.set_id = s.id and (r.ended_seq is null or r.ended_seq > $4)"
    "   and exists (select from rollout_step f where f.rollout_id = r.id and f.step = 0 and f.seq <= $4)"
    " left join lateral (select array_agg(share order by step) as shares, array_agg(seq order by step) as seqs from rollout_step"
    "                    where rollout_id = r.id and seq <= $4) t on true"
    " where s.label = $1 and s.application = any($2::text[]) and s.profile = any($3::text[])"};
const Sql<ActiveSet(LabelName)> active_sets_of_label{
    "active.sets_of_label",
    "select s.id as set_id, s.application, s.profile, h.number, h.seq, " GRAVITY_ROLLING_COLUMNS
    " from config_set s join head h on h.set_id = s.id left join rollout r on r.set_id = s.id and r.state in ('baking', 'paused')"
    " left join lateral (select array_agg(share order by step) as shares, array_agg(seq order by step) as seqs from rollout_step where rollout_id = r.id) t"
    " on true"
    " where s.label = $1 and h.number is not null order by s.application, s.profile"};
const Sql<ActiveItem(std::vector<ConfigSetId>, std::vector<int>)> active_items{"active.items", R"sql(
    select i.set_id, i.key, i.value, i.number from unnest($1::uuid[], $2::integer[]) as wanted (set_id, number)
    join release_item i on i.set_id = wanted.set_id and i.number = wanted.number)sql"};
const Sql<bool(LabelName)> has_label{"active.has_label", "select exists (select from config_set where label = $1)"};
const Sql<bool(LabelName)> has_rollout{"active.has_rollout", R"sql(
    select exists (select from rollout r join config_set s on s.id = r.set_id where s.label = $1 and r.state in ('baking', 'paused')))sql"};
// chr(36): a dollar begins a parameter.
const Sql<bool(LabelName)> has_reference_to_others{"active.has_reference_to_others", R"sql(
    select exists (select from config_set s join head h on h.set_id = s.id
                   left join rollout r on r.set_id = s.id and r.state in ('baking', 'paused')
                   join release_item i on i.set_id = s.id and i.number in (h.number, r.to_number)
                   where s.label = $1 and position(chr(36) || '{[' in i.value::text) > 0))sql"};

} // namespace gravity::config
