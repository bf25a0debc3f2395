#include "preferences_store.hpp"

namespace gravity::user {

const Sql<PreferenceDefinition(PageQuery)> list_definitions{"preference_definition.list", "select * from preference_definition where $page(key)"};
const Sql<PreferenceDefinition(PreferenceKey)> get_definition{"preference_definition.get", "select * from preference_definition where key = $1"};
const Sql<PreferenceDefinition(PreferenceKey)> lock_definition{"preference_definition.lock", "select * from preference_definition where key = $1 for update"};
const Sql<PreferenceDefinition(std::vector<std::string>)> hold_definitions{"preference_definition.hold", R"sql(
    select * from preference_definition where key = any ($1::text[]) order by key for share)sql"};
const Sql<PreferenceDefinition(PreferenceDefinition, int)> insert_definition{"preference_definition.insert", R"sql(
    insert into preference_definition (key, json_schema, "default", user_writable, created_at, updated_at)
    select $key, $json_schema, $default, $user_writable, $created_at, $updated_at where (select count(*) from preference_definition) < $8
    on conflict on constraint preference_definition_pkey do nothing returning *)sql"};
const Sql<PreferenceDefinition(PreferenceDefinition)> save_definition{"preference_definition.save", R"sql(
    update preference_definition set json_schema = $json_schema, "default" = $default, user_writable = $user_writable, version = version + 1,
           updated_at = $updated_at
    where key = $key returning *)sql"};
const Sql<void(PreferenceKey)> delete_definition{"preference_definition.delete", "delete from preference_definition where key = $1"};

// Of groups the nearest: one that somebody is in directly before those that it is in, and of several the one that was made first.
const Sql<PreferenceRow(UserId)> preferences_in_force{"preference.in_force", R"sql(
    with recursive above (group_id, level) as (
        select m.group_id, 1 from user_group_member m where m.user_id = $1
        union
        select m.group_id, a.level + 1 from above a join user_group_member m on m.member_group = a.group_id where a.level < 10),
    near as (select a.group_id, min(a.level) as level from above a group by a.group_id),
    of_groups as (
        select distinct on (v.key) v.key, v.value, n.group_id
        from near n join preference_value v on v.layer = 'group' and v.owner = n.group_id
        order by v.key, n.level, n.group_id)
    select d.key, coalesce(u.value, g.value, p.value, d."default") as value,
           case when u.value is not null then 'user' when g.value is not null then 'group' when p.value is not null then 'project' else 'default' end as layer,
           case when u.value is null then g.group_id end as group_id, d.user_writable
    from preference_definition d
    left join preference_value u on u.layer = 'user' and u.owner = $1 and u.key = d.key
    left join of_groups g on g.key = d.key
    left join preference_value p on p.layer = 'project' and p.owner = p.project and p.key = d.key
    order by d.key)sql"};

const Sql<LayerValue(PreferenceLayer, Uuid)> list_layer{"preference_value.list", R"sql(
    select key, value from preference_value where layer = $1 and owner = $2)sql"};
const Sql<void(PreferenceLayer, Uuid, LayerValue)> set_preference{"preference_value.set", R"sql(
    insert into preference_value (layer, owner, key, value) values ($1, $2, $key, $value)
    on conflict on constraint preference_value_pkey do update set value = excluded.value)sql"};
const Sql<void(PreferenceLayer, Uuid, std::string)> unset_preference{"preference_value.unset", R"sql(
    delete from preference_value where layer = $1 and owner = $2 and key = $3)sql"};
const Sql<void(PreferenceLayer, Uuid)> delete_preference_values{"preference_value.delete", "delete from preference_value where layer = $1 and owner = $2"};
const Sql<ValueOfOwner(PreferenceKey, std::optional<PreferenceLayer>, std::optional<Uuid>, int)> values_of_key{"preference_value.of_key", R"sql(
    select layer, owner, value from preference_value
    where key = $1 and ($2::text is null or (layer, owner) > ($2::text, $3::uuid)) order by layer, owner limit $4)sql"};

} // namespace gravity::user
