#include "changes_api.hpp"

#include "categories_store.hpp"
#include "changes_domain.hpp"
#include "collections_store.hpp"
#include "problems.hpp"
#include "products_store.hpp"
#include "publishing_store.hpp"
#include "types_store.hpp"

#include <algorithm>

namespace gravity::product_catalog::changes {
namespace {

// Runs a rule of the change itself and keeps its refusal as an obstacle.
template <class Rule>
void note_obstacles(ChangeImpact& impact, Rule&& rule) {
    try {
        rule();
    } catch (const Refusal& refusal) {
        for (const auto& fault : refusal.faults()) impact.obstacles.push_back({fault.pointer, fault.detail});
        if (refusal.faults().empty()) impact.obstacles.push_back({"", refusal.what()});
    }
}

void compare_collections(Tx& tx, ProductId product, const std::optional<Facts>& before, const std::optional<Facts>& after, ChangeImpact& impact) {
    const auto in_now = tx.all(collections_of_product, product);
    const auto is_in = [&](CollectionId id) { return std::any_of(in_now.begin(), in_now.end(), [&](const CollectionOfProduct& c) { return c.id == id; }); };
    if (!after) {
        for (const CollectionOfProduct& collection : in_now) impact.collections_left.push_back({collection.id, collection.name});
        return;
    }
    impact.found_otherwise = differences(before, after);
    if (impact.found_otherwise.empty()) return;
    for (const TouchedRule& touched : tx.all(touched_rules, impact.found_otherwise)) {
        const bool will = matches(touched.rule, *after);
        if (will && !is_in(touched.id)) impact.collections_joined.push_back({touched.id, touched.name});
        if (!will && is_in(touched.id)) impact.collections_left.push_back({touched.id, touched.name});
    }
}

} // namespace

ChangeImpact preview(Tx& tx, Body<PreviewChange> in, Given<Settings> settings) {
    const ProductRow product = tx.one(get_product, in->product_id);
    const auto shown = tx.maybe(get_published, product.id);
    const auto shown_slugs = shown ? slugs_of(shown->body, settings->langs) : std::vector<SlugOf>{};
    const auto seen = tx.all(shown_variants, product.id);
    const auto before = facts_of(tx, product.id);
    ChangeImpact impact;
    impact.not_counted = {"carts", "orders"};

    if (*in->action != ChangeAction::publish) {
        note_obstacles(impact, [&] {
            if (*in->action == ChangeAction::unpublish) return void(unpublish(product));
            check_deletable(product);
        });
        compare_variants(seen, {}, impact);
        compare_urls(shown_slugs, std::nullopt, impact);
        compare_collections(tx, product.id, before, std::nullopt, impact);
        impact.links_broken = tx.one(count_links_to, product.id);
        return impact;
    }

    const ProductContent content = in->patch ? Patch<ProductContent>(*in->patch).apply(product.staged) : product.staged;
    const auto defs = attributes_of(tx, product.type_id);
    const auto variants = tx.all(all_variants, product.id);
    note_obstacles(impact, [&] { check_stageable(content, defs, *settings); });
    if (!impact.obstacles.empty()) return impact; // what it would do is not to be told from what cannot be
    note_obstacles(impact, [&] { check_publishable(content, variants, defs); });
    compare_variants(seen, variants, impact);
    compare_urls(shown_slugs, slugs_of(content, settings->langs), impact);
    compare_collections(tx, product.id, before, facts_if_published(content, variants, defs, product.type_id, tx.all(categories_above, content.categories)),
                        impact);
    return impact;
}

} // namespace gravity::product_catalog::changes
