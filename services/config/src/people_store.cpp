#include "people_store.hpp"

namespace gravity::config {

const Sql<std::int64_t(std::string)> count_rows_of_author{"person.count", R"sql(
    select (select count(*) from config_set where created_by = $1)
         + (select count(*) from release where author = $1 or approver = $1)
         + (select count(*) from draft where updated_by = $1 or approved_by = $1 or $1 = any(editors))
         + (select count(*) from release_tag where tagged_by = $1)
         + (select count(*) from rollout where started_by = $1)
         + (select count(*) from config_schema where created_by = $1)
         + (select count(*) from reveal where subject = $1))sql"};

const Sql<Json(std::string)> export_author{"person.export", R"sql(
    select jsonb_build_object(
        'sets', (select coalesce(jsonb_agg(jsonb_build_object('id', id, 'application', application, 'profile', profile, 'label', label,
                                                              'created_at', created_at) order by id), '[]')
                 from config_set where created_by = $1),
        'releases', (select coalesce(jsonb_agg(jsonb_build_object('set_id', set_id, 'number', number, 'message', message, 'created_at', created_at)
                                               order by set_id, number), '[]')
                     from release where author = $1),
        'approvals', (select coalesce(jsonb_agg(jsonb_build_object('set_id', set_id, 'number', number, 'created_at', created_at)
                                                order by set_id, number), '[]')
                      from release where approver = $1),
        'tags', (select coalesce(jsonb_agg(jsonb_build_object('set_id', set_id, 'name', name, 'at', tagged_at) order by set_id, name), '[]')
                 from release_tag where tagged_by = $1),
        'rollouts', (select coalesce(jsonb_agg(jsonb_build_object('set_id', set_id, 'to_number', to_number, 'created_at', created_at) order by id), '[]')
                     from rollout where started_by = $1),
        'schemas', (select coalesce(jsonb_agg(jsonb_build_object('id', id, 'application', application, 'created_at', created_at) order by id), '[]')
                    from config_schema where created_by = $1),
        'drafts', (select coalesce(jsonb_agg(jsonb_build_object('set_id', set_id, 'updated_at', updated_at) order by set_id), '[]')
                   from draft where updated_by = $1 or approved_by = $1 or $1 = any(editors)),
        'secrets_shown', (select coalesce(jsonb_agg(jsonb_build_object('set_id', set_id, 'key', key, 'release', release, 'at', revealed_at) order by id), '[]')
                          from reveal where subject = $1)))sql"};

} // namespace gravity::config
