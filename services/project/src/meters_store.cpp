#include "meters_store.hpp"

#include "problems.hpp"

namespace gravity::project {

const Sql<Meter(Meter)> insert_meter{
    "meter.insert",
    R"sql(
    insert into meter (id, slug, event_type, aggregation, value_path, group_by, time_zone, description, created_at, updated_at)
    values ($id, $slug, $event_type, $aggregation, $value_path, $group_by, $time_zone, $description, $created_at, $updated_at) returning *)sql",
    {{"meter_slug_key", meter_slug_taken}}};
const Sql<Meter(Meter)> save_meter{"meter.save", R"sql(
    update meter set description = $description, version = version + 1, updated_at = $updated_at where id = $id returning *)sql"};
const Sql<Meter(MeterSlug)> get_meter{"meter.get", "select * from meter where slug = $1"};
const Sql<Meter(MeterSlug)> lock_meter{"meter.lock", "select * from meter where slug = $1 for update"};
const Sql<Meter(std::string)> find_meter{"meter.find", "select * from meter where slug = $1 or id::text = $1 order by slug <> $1 limit 1"};
const Sql<Meter()> all_meters{"meter.all", "select * from meter order by slug"};
const Sql<Meter(ListMeters)> list_meters{"meter.list", R"sql(
    select * from meter where ($event_type::text is null or event_type = $event_type) and $page(slug))sql"};
const Sql<std::int64_t()> count_meters{"meter.count", "select count(*) from meter"};
const Sql<void(MeterId)> delete_meter{"meter.delete", "delete from meter where id = $1"};
const Sql<Meter(std::vector<std::string>)> meters_of_types{"meter.of_types",
                                                           "select * from meter where event_type = any($1::text[]) order by id for key share"};

} // namespace gravity::project
