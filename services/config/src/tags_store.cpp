#include "tags_store.hpp"

#include "problems.hpp"

namespace gravity::config {

const Sql<Tag(Tag, int)> insert_tag{
    "tag.insert",
    R"sql(
    insert into release_tag (set_id, name, number, tagged_by, tagged_at)
    select $set_id, $name, $number, $tagged_by, $tagged_at
    where (select count(*) from (select from release_tag where set_id = $set_id limit $7) counted) < $7
    returning *, 1 as version)sql",
    {{"release_tag_pkey", tag_exists}}};
const Sql<Tag(ConfigSetId, TagName)> get_tag{"tag.get", "select *, 1 as version from release_tag where set_id = $1 and name = $2"};
const Sql<Tag(ConfigSetId, TagName)> delete_tag{"tag.delete", "delete from release_tag where set_id = $1 and name = $2 returning *, 1 as version"};
const Sql<Tag(ListTags, ConfigSetId)> list_tags{"tag.list", "select *, 1 as version from release_tag where set_id = $3 and $page(name)"};

} // namespace gravity::config
