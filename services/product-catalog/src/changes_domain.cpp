#include "changes_domain.hpp"

#include <algorithm>

namespace gravity::product_catalog {

void check(const PreviewChange& change, meta::Errors& errors) {
    if (change.patch && !change.patch->is_object()) errors.reject("patch", "must be an object");
    if (*change.action != ChangeAction::publish && change.patch) errors.reject("patch", "is for publishing only");
}

Facts facts_if_published(const ProductContent& content, const std::vector<Variant>& variants, const std::vector<AttributeDef>& defs,
                         const std::optional<ProductTypeId>& type, const std::vector<CategoryId>& above) {
    Facts facts;
    facts.index = spread(index_rows(content, variants, defs), variants);
    for (const IndexRow& row : facts.index)
        if (row.variant_id) facts.variants.push_back(*row.variant_id);
    std::sort(facts.variants.begin(), facts.variants.end());
    facts.variants.erase(std::unique(facts.variants.begin(), facts.variants.end()), facts.variants.end());
    facts.categories = {above.begin(), above.end()};
    facts.type_id = type;
    if (const auto price = price_from(content, variants)) facts.price = price->amount;
    return facts;
}

void compare_variants(const std::vector<Variant>& shown, const std::vector<Variant>& then, ChangeImpact& impact) {
    std::map<VariantId, Version> before;
    for (const Variant& variant : shown) before.emplace(variant.id, variant.version);
    for (const Variant& variant : then) {
        const auto same = before.find(variant.id);
        if (same == before.end())
            ++impact.variants_added;
        else if (same->second != variant.version)
            ++impact.variants_changed;
        if (same != before.end()) before.erase(same);
    }
    impact.variants_removed += static_cast<std::int64_t>(before.size());
}

void compare_urls(const std::vector<SlugOf>& shown, const std::optional<std::vector<SlugOf>>& then, ChangeImpact& impact) {
    for (const SlugOf& before : shown) {
        std::optional<PageSlug> to;
        if (then) {
            // A language without a slug of its own goes on under that of the base language, which comes first.
            to = then->front().slug;
            for (const SlugOf& after : *then)
                if (after.lang == before.lang) to = after.slug;
        }
        if (to == before.slug) continue;
        (to ? impact.urls_redirected : impact.urls_broken).push_back({before.lang, before.slug, to});
    }
}

} // namespace gravity::product_catalog
