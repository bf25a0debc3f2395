#include "types_api.hpp"

#include "problems.hpp"
#include "products_store.hpp"
#include "publishing_store.hpp"
#include "types_domain.hpp"
#include "types_store.hpp"

namespace gravity::product_catalog::types {
namespace {

constexpr std::size_t reported_breakages = 100;

// One pass over the products of a type. With `write` it also stores what changes; the caller has locked the type, so none is added meanwhile.
class Migration {
public:
    Migration(Tx& tx, const ProductType& before, const ProductType& after, bool write)
        : tx_(tx), from_(before.attributes), to_(after.attributes), type_(before.id), reindex_(changes_index(from_, to_)), write_(write) {}

    MigrationReport run() {
        for (std::optional<ProductId> last; true;) {
            const auto batch = tx_.all(products_of_type, type_, last, 200);
            for (const ProductRow& product : batch) migrate(product);
            if (batch.size() < 200) return report_;
            last = batch.back().id;
        }
    }

    bool reindexes() const { return reindex_; }

private:
    void migrate(ProductRow product) {
        ++report_.products;
        note(product.id, std::nullopt, broken_options(to_, product.staged.options));
        auto variants = tx_.all(all_variants, product.id);
        const AttributeValues product_before = product.staged.attributes;
        const std::vector<Variant> before = variants;
        const MovedValues moved = move_values(from_, to_, product.staged.attributes, variants);
        report_.changed_values += moved.moved;
        note(product.id, std::nullopt, moved.broken);
        apply(product.id, std::nullopt, Level::product, product.staged.attributes);
        bool changed = product.staged.attributes != product_before;
        for (std::size_t i = 0; i < variants.size(); ++i) {
            Variant& variant = variants[i];
            apply(product.id, variant.id, Level::variant, variant.attributes);
            const bool variant_changed = variant.attributes != before[i].attributes;
            changed = changed || variant_changed;
            if (!write_) continue;
            if (variant_changed) tx_.exec(save_variant_attributes, variant.id, variant.attributes);
            keep_unique_values(tx_, product.id, variant.id, variant.attributes, to_);
        }
        if (!write_) return;
        keep_unique_values(tx_, product.id, std::nullopt, product.staged.attributes, to_);
        if (changed) {
            const ProductRow saved = tx_.one(save_product, product);
            tx_.emit(ProductUpdated{saved.id, saved.version});
        }
        if (reindex_ && product.status == Status::active) reindex(product);
    }

    // Buyers go on seeing the published revision as it is; only how it is found follows the new definitions.
    void reindex(const ProductRow& product) {
        ProductContent shown = tx_.one(get_published, product.id).body;
        auto variants = tx_.all(shown_variants, product.id);
        move_values(from_, to_, shown.attributes, variants);
        shown.attributes = migrate_values(from_, to_, Level::product, shown.attributes).values;
        for (Variant& variant : variants) variant.attributes = migrate_values(from_, to_, Level::variant, variant.attributes).values;
        product_catalog::reindex(tx_, product.id, shown, variants, to_);
    }

    void apply(ProductId product, const std::optional<VariantId>& variant, Level level, AttributeValues& values) {
        MigratedValues migrated = migrate_values(from_, to_, level, values);
        report_.changed_values += migrated.changed;
        note(product, variant, migrated.broken);
        values = std::move(migrated.values);
    }

    void note(ProductId product, const std::optional<VariantId>& variant, const std::vector<BrokenValue>& broken) {
        report_.broken_values += static_cast<std::int64_t>(broken.size());
        for (const BrokenValue& value : broken)
            if (report_.breakages.size() < reported_breakages) report_.breakages.push_back({product, variant, value.attribute, value.detail});
    }

    Tx& tx_;
    const std::vector<AttributeDef>& from_;
    const std::vector<AttributeDef>& to_;
    ProductTypeId type_;
    bool reindex_;
    bool write_;
    MigrationReport report_;
};

Refusal refusal_of(const MigrationReport& report) {
    std::vector<Refusal::Fault> faults;
    for (const Breakage& breakage : report.breakages)
        faults.push_back({"/attributes", breakage.attribute.str() + " of product " + breakage.product_id.to_string() +
                                             (breakage.variant_id ? ", variant " + breakage.variant_id->to_string() : "") + ": " + breakage.detail});
    return Refusal(breaks_products, std::to_string(report.broken_values) + " values would be lost")
        .with("broken_values", report.broken_values)
        .with_faults(std::move(faults));
}

ProductType changed(ProductType type, const Patch<ProductTypeEdit>& patch) {
    static_cast<ProductTypeEdit&>(type) = patch.apply(type);
    return type;
}

} // namespace

Created<ProductType> create(Tx& tx, Body<NewProductType> in) {
    const auto id = tx.new_id<ProductTypeId>();
    ensure_attributes(tx, attribute_uses(in->attributes, {}), id);
    return tx.one(insert_type, id, *in);
}

Page<ProductType> list(Tx& tx, Params<ListProductTypes> query) { return tx.page(list_types, *query); }

ProductType get(Tx& tx, Path<"id", ProductTypeId> id) { return tx.one(get_type, *id); }

ProductType update(Tx& tx, Path<"id", ProductTypeId> id, Patch<ProductTypeEdit> patch, IfMatch expected) {
    const ProductType before = expected.check(tx.one(lock_type, *id));
    const ProductType after = changed(before, patch);
    const MigrationReport foreseen = Migration(tx, before, after, false).run();
    if (foreseen.broken_values > 0) throw refusal_of(foreseen);
    const ProductType saved = tx.one(save_type, after);
    ensure_attributes(tx, attribute_uses(after.attributes, {}), *id);
    tx.exec(forget_unique_values_of_type, *id);
    Migration migration(tx, before, after, true);
    migration.run();
    if (migration.reindexes()) tx.exec(next_index_epoch);
    return saved;
}

MigrationReport preview(Tx& tx, Path<"id", ProductTypeId> id, Patch<ProductTypeEdit> patch) {
    const ProductType before = tx.one(hold_type, *id);
    const ProductType after = changed(before, patch);
    return Migration(tx, before, after, false).run();
}

NoContent remove(Tx& tx, Path<"id", ProductTypeId> id, IfMatch expected) {
    expected.check(tx.one(lock_type, *id));
    tx.exec(delete_type, *id);
    return {};
}

} // namespace gravity::product_catalog::types
