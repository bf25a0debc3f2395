#include "types_store.hpp"

#include "problems.hpp"

namespace gravity::product_catalog {

const Sql<ProductType(ProductTypeId, NewProductType)> insert_type{"product_type.insert", R"sql(
    insert into product_type (id, key, name, attributes) values ($1, $key, $name, $attributes) returning *)sql",
                                                                  {{"product_type_key_key", type_key_taken}}};

const Sql<ProductType(ProductTypeId)> get_type{"product_type.get", "select * from product_type where id = $1"};
const Sql<ProductType(ProductTypeId)> lock_type{"product_type.lock", "select * from product_type where id = $1 for update"};
const Sql<ProductType(ProductTypeId)> hold_type{"product_type.hold", "select * from product_type where id = $1 for share"};

const Sql<ProductType(ListProductTypes)> list_types{"product_type.list", "select * from product_type where $page(created_at desc, id desc)"};

const Sql<ProductType(ProductType)> save_type{"product_type.save", R"sql(
    update product_type set key = $key, name = $name, attributes = $attributes, version = version + 1, updated_at = now()
    where id = $id returning *)sql",
                                              {{"product_type_key_key", type_key_taken}}};

const Sql<void(ProductTypeId)> delete_type{"product_type.delete", "delete from product_type where id = $1", {{"product_type_id_fkey", type_in_use}}};

const Sql<void(std::vector<AttributeUse>)> add_attributes{"attribute.add", R"sql(
    insert into attribute (name, indexed_as, unit)
    select name, indexed_as, unit from jsonb_to_recordset($1::jsonb) as wanted (name text, indexed_as text, unit text)
    order by name on conflict (project, name) do nothing)sql"}; // in one order: two transactions never wait for each other

const Sql<AttributeUse(std::vector<AttributeUse>)> differing_attributes{"attribute.differing", R"sql(
    select a.name, a.indexed_as, a.unit
    from jsonb_to_recordset($1::jsonb) as wanted (name text, indexed_as text, unit text) join attribute a using (name)
    where (a.indexed_as, a.unit) <> (wanted.indexed_as, wanted.unit))sql"};

const Sql<void(std::vector<AttributeUse>, ProductTypeId)> redefine_attributes{"attribute.redefine", R"sql(
    update attribute a set indexed_as = wanted.indexed_as, unit = wanted.unit
    from jsonb_to_recordset($1::jsonb) as wanted (name text, indexed_as text, unit text)
    where a.name = wanted.name and (a.indexed_as, a.unit) <> (wanted.indexed_as, wanted.unit)
      and not exists (select from product_type t where t.id <> $2 and t.attributes @> jsonb_build_array(jsonb_build_object('name', a.name)))
      and not exists (select from product p
                       where p.type_id is distinct from $2 and p.staged->'options' @> jsonb_build_array(jsonb_build_object('name', a.name))))sql"};

const Sql<void()> next_index_epoch{"index_epoch.next", R"sql(
    insert into index_epoch (epoch) values (2) on conflict (project) do update set epoch = index_epoch.epoch + 1)sql"};

const Sql<ProductRow(ProductTypeId, std::optional<ProductId>, int)> products_of_type{"product.of_type", R"sql(
    select * from product where type_id = $1 and ($2::uuid is null or id > $2) order by id limit $3 for update)sql"};

const Sql<void(VariantId, AttributeValues)> save_variant_attributes{"variant.save_attributes", R"sql(
    update variant set attributes = $2, version = version + 1, updated_at = now() where id = $1)sql"};

const Sql<void(ProductTypeId)> forget_unique_values_of_type{"unique_value.forget_type", R"sql(
    delete from unique_value u using product p where p.id = u.product_id and p.type_id = $1)sql"};

std::vector<AttributeDef> attributes_of(Tx& tx, const std::optional<ProductTypeId>& type) {
    if (!type) return {};
    auto found = tx.maybe(hold_type, *type);
    if (!found) throw Refusal(no_such_type).with("type_id", type->to_string());
    return std::move(found->attributes);
}

void ensure_attributes(Tx& tx, const std::vector<AttributeUse>& uses, const std::optional<ProductTypeId>& defined_by) {
    if (uses.empty()) return;
    if (defined_by) tx.exec(redefine_attributes, uses, *defined_by);
    tx.exec(add_attributes, uses);
    const auto differing = tx.all(differing_attributes, uses);
    if (differing.empty()) return;
    const AttributeUse& other = differing.front();
    throw Refusal(attribute_differs, other.name.str() + " is indexed as " + std::string(meta::enum_name(other.indexed_as)) +
                                         (other.unit.empty() ? "" : " in " + other.unit))
        .with("attribute", other.name.view());
}

} // namespace gravity::product_catalog
