#include "variants_api.hpp"

#include "problems.hpp"
#include "products_store.hpp"
#include "publishing_store.hpp"
#include "types_store.hpp"
#include "variants_domain.hpp"

#include <algorithm>

namespace gravity::product_catalog::variants {
Created<Variant> create(Tx& tx, Path<"id", ProductId> product, Body<NewVariant> in, Given<Settings> settings) {
    const ProductRow of = tx.one(lock_product, *product);
    const VariantCount present = tx.one(count_variants, *product);
    refuse_beyond(settings->max_variants, present.count + 1);
    const auto defs = attributes_of(tx, of.type_id);
    check_variant(*in, of.staged, defs);
    check_reference_values(tx, in->attributes, defs);
    VariantEdit edit;
    static_cast<NewVariant&>(edit) = *in;
    edit.position = std::min(present.next_position, last_position);
    const Variant variant = tx.one(insert_variant, insertion(std::move(edit), tx.new_id<VariantId>(), *product));
    keep_unique_values(tx, *product, variant.id, variant.attributes, defs);
    tx.one(touch_product, *product);
    tx.emit(VariantCreated{variant.id, variant.product_id, variant.sku});
    return variant;
}

Page<Variant> list(Tx& tx, Path<"id", ProductId> product, Params<ListVariants> query) {
    // Reading what holds them first: 404 rather than an empty list.
    if (query->revision) {
        const RevisionRow of = tx.one(get_revision, *product, *query->revision);
        return tx.page(list_revision_variants, *query, *product, of.revision);
    }
    tx.one(get_product, *product);
    return tx.page(list_variants, *query, *product);
}

Variant get(Tx& tx, Path<"id", ProductId> product, Path<"variant_id", VariantId> id) { return tx.one(get_variant, *product, *id); }

Variant update(Tx& tx, Path<"id", ProductId> product, Path<"variant_id", VariantId> id, Patch<VariantEdit> patch, IfMatch expected) {
    const ProductRow of = tx.one(lock_product, *product);
    const Variant before = expected.check(tx.one(get_variant, *product, *id));
    const auto defs = attributes_of(tx, of.type_id);
    VariantEdit edit = patch.apply(before);
    check_variant(edit, of.staged, defs);
    check_reference_values(tx, edit.attributes, defs);
    const Variant variant = tx.one(save_variant, insertion(std::move(edit), *id, *product));
    keep_unique_values(tx, *product, variant.id, variant.attributes, defs);
    tx.one(touch_product, *product);
    tx.emit(VariantUpdated{variant.id, variant.product_id, variant.sku});
    return variant;
}

NoContent remove(Tx& tx, Path<"id", ProductId> product, Path<"variant_id", VariantId> id, IfMatch expected) {
    tx.one(lock_product, *product);
    const Variant variant = expected.check(tx.one(get_variant, *product, *id));
    tx.exec(delete_variant, *id);
    tx.one(touch_product, *product);
    tx.emit(VariantDeleted{variant.id, variant.product_id, variant.sku});
    return {};
}

GeneratedVariants generate(Tx& tx, Path<"id", ProductId> product, Body<GenerateVariants> in, Given<Settings> settings) {
    const ProductRow of = tx.one(lock_product, *product);
    const auto& axes = of.staged.options;
    if (axes.empty()) throw Refusal(no_options);
    refuse_beyond(settings->max_variants, combinations(axes));
    VariantCount present = tx.one(count_variants, *product);

    std::vector<VariantInsert> rows;
    for (Options& options : option_matrix(axes)) {
        const auto sku = sku_for(in->sku_prefix.view(), axes, options);
        if (!sku) throw Refusal(problems::invalid, "The SKU that would be made " + sku.why());
        VariantEdit edit;
        edit.sku = *sku;
        edit.options = std::move(options);
        edit.position = std::min(present.next_position++, last_position);
        rows.push_back(insertion(std::move(edit), tx.new_id<VariantId>(), *product));
    }
    auto made = tx.all(insert_variants, *product, rows);
    std::sort(made.begin(), made.end());
    refuse_beyond(settings->max_variants, present.count + static_cast<std::int64_t>(made.size()));
    if (made.empty()) return {0, present.count};
    tx.one(touch_product, *product);
    for (const VariantInsert& row : rows)
        if (std::binary_search(made.begin(), made.end(), row.id)) tx.emit(VariantCreated{row.id, *product, row.sku});
    return {static_cast<std::int64_t>(made.size()), present.count + static_cast<std::int64_t>(made.size())};
}

FoundVariants find(Tx& tx, Params<FindVariants> query) {
    std::vector<std::string> skus;
    for (const Sku& sku : query->sku) skus.push_back(sku.str());
    return {tx.all(find_variants_by_sku, skus)};
}

} // namespace gravity::product_catalog::variants
