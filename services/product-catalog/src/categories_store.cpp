#include "categories_store.hpp"

namespace gravity::product_catalog {

const Sql<bool(Key)> lock_tree{"category.lock_tree", R"sql(
    select pg_advisory_xact_lock(hashtextextended('category tree ' || gravity.current_project() || ' ' || $1, 0)) is not null)sql"};

const Sql<Category(CategoryInsert)> insert_category{"category.insert", R"sql(
    insert into category (id, tree, parent_id, path, position, name, slug, description, translations)
    select $id, $tree, $parent_id, coalesce(parent.path || label, label), $position, $name, $slug, $description, $translations
    from (select text2ltree(replace($id::uuid::text, '-', '')) as label) own
    left join category parent on parent.id = $parent_id and parent.tree = $tree
    where $parent_id::uuid is null or parent.id is not null
    returning *)sql"};

const Sql<Category(CategoryId)> get_category{"category.get", "select * from category where id = $1"};
const Sql<Category(CategoryId)> lock_category{"category.lock", "select * from category where id = $1 for update"};

const Sql<Category(Category)> save_category{"category.save", R"sql(
    update category set name = $name, slug = $slug, description = $description, translations = $translations,
           version = version + 1, updated_at = now()
    where id = $id returning *)sql"};

const Sql<CategoryId(std::string)> find_category{"category.find", R"sql(
    select id from category where id::text = $1
    union select target from slug where slug = $1 and kind = 'category' and state = 'current' limit 1)sql"};

const Sql<Category(ListCategories)> list_categories{"category.list", R"sql(
    select * from category where tree = $tree and parent_id is not distinct from $parent_id::uuid and $page(position, id))sql"};

const Sql<Category(CategoryId)> category_path{"category.path", R"sql(
    select above.* from category own join category above on above.path @> own.path where own.id = $1 order by nlevel(above.path))sql"};

const Sql<Category(CategoryId)> category_children{"category.children", "select * from category where parent_id = $1 order by position, id"};

const Sql<CategoryId(std::vector<CategoryId>)> categories_above{"category.above", R"sql(
    select distinct above.id from category own join category above on above.path @> own.path where own.id = any ($1::uuid[]))sql"};

const Sql<Place(CategoryId, std::optional<CategoryId>)> place_of{"category.place", R"sql(
    select $2::uuid is null or coalesce(parent.tree = own.tree, false) as in_tree, coalesce(parent.path <@ own.path, false) as below
    from category own left join category parent on parent.id = $2 where own.id = $1)sql"};

const Sql<void(CategoryId, std::optional<CategoryId>, int)> move_subtree{"category.move", R"sql(
    update category c set
        path = case when $2::uuid is null then subpath(c.path, nlevel(own.path) - 1) else parent.path || subpath(c.path, nlevel(own.path) - 1) end,
        parent_id = case when c.id = own.id then $2 else c.parent_id end,
        position = case when c.id = own.id then $3 else c.position end,
        version = case when c.id = own.id then c.version + 1 else c.version end,
        updated_at = case when c.id = own.id then now() else c.updated_at end
    from category own left join category parent on parent.id = $2
    where own.id = $1 and c.path <@ own.path)sql"};

const Sql<void(CategoryId)> delete_category{"category.delete", "delete from category where id = $1"};

const Sql<void(CategoryId, std::optional<CategoryId>)> replace_staged_category{"category.replace_staged", R"sql(
    update product set version = version + 1, updated_at = now(), staged = jsonb_set(staged, '{categories}',
        coalesce((select jsonb_agg(id order by place) from (
            select id, min(place) as place from (
                select case when value = to_jsonb($1::uuid) then to_jsonb($2::uuid) else value end as id, ordinality as place
                from jsonb_array_elements(staged->'categories') with ordinality) replaced
            where id is not null and id <> 'null' group by id) kept), '[]'))
    where staged->'categories' @> jsonb_build_array($1::uuid))sql"};

const Sql<void(CategoryId, std::optional<CategoryId>)> replace_published_category{"category.replace_published", R"sql(
    insert into product_category (product_id, category_id)
    select product_id, $2 from product_category where category_id = $1 and $2::uuid is not null on conflict do nothing)sql"};

const Sql<void(CategoryId)> remove_published_category{"category.remove_published", "delete from product_category where category_id = $1"};

} // namespace gravity::product_catalog
