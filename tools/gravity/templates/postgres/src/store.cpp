#include "store.hpp"

#include "problems.hpp"

namespace gravity::@id@ {
const Sql<@Noun@(@Noun@Id, @Noun@Edit)> insert_@noun@{
    "@noun@.insert", "insert into @table@ (id, name, locked) values ($1, $2, $3) returning *", {{"@table@_name_key", name_taken}}};
const Sql<@Noun@(@Noun@Id)> get_@noun@{"@noun@.get", "select * from @table@ where id = $1"};
const Sql<@Noun@(@Noun@Id)> lock_@noun@{"@noun@.lock", "select * from @table@ where id = $1 for update"}; // rule and write see one row
const Sql<@Noun@(PageQuery)> list_@nouns@{"@noun@.list", "select * from @table@ where $page(id desc)"};
const Sql<@Noun@(@Noun@)> save_@noun@{
    "@noun@.save", R"sql(
    update @table@ set name = $name, locked = $locked, version = version + 1 where id = $id returning *)sql",
    {{"@table@_name_key", name_taken}}};
const Sql<void(@Noun@Id)> delete_@noun@{"@noun@.delete", "delete from @table@ where id = $1"};
} // namespace gravity::@id@
