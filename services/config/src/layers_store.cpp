#include "layers_store.hpp"

namespace gravity::config {

const Sql<ActiveSet(LabelName, std::vector<std::string>, std::vector<std::string>)> active_sets{"active.sets", R"sql(
    select s.id as set_id, s.application, s.profile, h.number, h.seq from config_set s join head h on h.set_id = s.id
    where s.label = $1 and s.application = any($2::text[]) and s.profile = any($3::text[]) and h.number is not null)sql"};
const Sql<ActiveSet(LabelName, std::vector<std::string>, std::vector<std::string>, std::int64_t)> active_sets_at{"active.sets_at", R"sql(
    select distinct on (s.id) s.id as set_id, s.application, s.profile, r.number, r.seq from config_set s join release r on r.set_id = s.id
    where s.label = $1 and s.application = any($2::text[]) and s.profile = any($3::text[]) and r.seq <= $4
    order by s.id, r.number desc)sql"};
const Sql<ActiveSet(LabelName)> active_sets_of_label{"active.sets_of_label", R"sql(
    select s.id as set_id, s.application, s.profile, h.number, h.seq from config_set s join head h on h.set_id = s.id
    where s.label = $1 and h.number is not null order by s.application, s.profile)sql"};
const Sql<ActiveItem(std::vector<ConfigSetId>, std::vector<int>)> active_items{"active.items", R"sql(
    select i.set_id, i.key, i.value from unnest($1::uuid[], $2::integer[]) as wanted (set_id, number)
    join release_item i on i.set_id = wanted.set_id and i.number = wanted.number)sql"};
const Sql<bool(LabelName)> has_label{"active.has_label", "select exists (select from config_set where label = $1)"};

} // namespace gravity::config
