#include "people_store.hpp"

namespace gravity::config {

const Sql<std::int64_t(std::string)> count_rows_of_author{"person.count", R"sql(
    select (select count(*) from config_set where created_by = $1)
         + (select count(*) from release where author = $1 or approver = $1)
         + (select count(*) from draft where updated_by = $1 or approved_by = $1 or $1 = any(editors))
         + (select count(*) from release_tag where tagged_by = $1)
         + (select count(*) from rollout where started_by = $1)
         + (select count(*) from config_schema where created_by = $1)
         + (select count(*) from git_source where created_by = $1)
         + (select count(*) from spring_key where updated_by = $1)
         + (select count(*) from audit where subject = $1)
         + (select count(*) from reveal where subject = $1))sql"};

// Of each kind in the order of `place`; of what was done, the newest first: its place is the time that is left.
const Sql<Written(std::string, std::string, std::int64_t)> list_written{"person.written", R"sql(
    select p.kind, p.place, p.item
    from (select 'approvals' as kind, 'approvals/' || set_id || '/' || lpad(number::text, 10, '0') as place,
                 jsonb_build_object('set_id', set_id, 'number', number, 'created_at', created_at) as item
          from release where approver = $1
          union all
          select 'audit', 'audit/' || lpad((99999999999999999 - (extract(epoch from occurred_at) * 1000000)::bigint)::text, 17, '0') || '/' || id,
                 jsonb_build_object('action', action, 'at', occurred_at, 'address', address)
          from audit where subject = $1
          union all
          select 'drafts', 'drafts/' || set_id, jsonb_build_object('set_id', set_id, 'updated_at', updated_at)
          from draft where updated_by = $1 or approved_by = $1 or $1 = any(editors)
          union all
          select 'git_sources', 'git_sources/' || id, jsonb_build_object('id', id, 'url', url, 'username', username, 'created_at', created_at)
          from git_source where created_by = $1
          union all
          select 'releases', 'releases/' || set_id || '/' || lpad(number::text, 10, '0'),
                 jsonb_build_object('set_id', set_id, 'number', number, 'message', message, 'created_at', created_at)
          from release where author = $1
          union all
          select 'rollouts', 'rollouts/' || id, jsonb_build_object('set_id', set_id, 'to_number', to_number, 'created_at', created_at)
          from rollout where started_by = $1
          union all
          select 'schemas', 'schemas/' || id, jsonb_build_object('id', id, 'application', application, 'created_at', created_at)
          from config_schema where created_by = $1
          union all
          select 'secrets_shown', 'secrets_shown/' || id,
                 jsonb_build_object('set_id', set_id, 'key', key, 'release', release, 'at', revealed_at)
          from reveal where subject = $1
          union all
          select 'sets', 'sets/' || id,
                 jsonb_build_object('id', id, 'application', application, 'profile', profile, 'label', label, 'created_at', created_at)
          from config_set where created_by = $1
          union all
          select 'spring_keys', 'spring_keys/' || project, jsonb_build_object('updated_at', updated_at)
          from spring_key where updated_by = $1
          union all
          select 'tags', 'tags/' || set_id || '/' || name, jsonb_build_object('set_id', set_id, 'name', name, 'at', tagged_at)
          from release_tag where tagged_by = $1) p
    where p.place collate "C" > $2 order by p.place collate "C" limit $3)sql"};

const Sql<std::int64_t(std::string)> forget_addresses{"person.forget_addresses", "select audit_forget_person($1)"};

} // namespace gravity::config
