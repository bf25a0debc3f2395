#include "collections_api.hpp"

#include "collections_store.hpp"
#include "problems.hpp"
#include "products_store.hpp"
#include "publishing_store.hpp"

#include <gravity/meta/refuse.hpp>

#include <algorithm>

namespace gravity::product_catalog::collections {
namespace {

// Collections are not staged: what they are called is shown at once.
void show(Tx& tx, const Collection& collection, const Settings& settings) {
    meta::Errors errors;
    check_languages(settings.langs, collection.translations, "translations", errors);
    refuse_if_any(errors);
    std::vector<SlugOf> slugs{{settings.langs.base(), collection.slug}};
    for (const auto& [lang, translation] : collection.translations)
        if (translation.slug) slugs.push_back({Locale::parse(lang).or_throw(), *translation.slug});
    claim_slugs(tx, "collection", collection.id.uuid(), slugs);
    show_slugs(tx, collection.id.uuid(), slugs);
}

} // namespace

Created<Collection> create(Tx& tx, Body<NewCollection> in, Given<Settings> settings) {
    if (in->rule) tx.one(lock_rules);
    CollectionInsert row;
    static_cast<CollectionEdit&>(row) = *in;
    row.id = tx.new_id<CollectionId>();
    const Collection collection = tx.one(insert_collection, row);
    show(tx, collection, *settings);
    if (collection.rule) rebuild(tx, collection.id, *collection.rule);
    return tx.one(get_collection, collection.id);
}

Page<Collection> list(Tx& tx, Params<ListCollections> query) { return tx.page(list_collections, *query); }

Collection get(Tx& tx, Path<"id", CollectionId> id) { return tx.one(get_collection, *id); }

Collection update(Tx& tx, Path<"id", CollectionId> id, Patch<CollectionEdit> patch, IfMatch expected, Given<Settings> settings) {
    tx.one(lock_rules);
    const Collection before = expected.check(tx.one(lock_collection, *id));
    Collection after = before;
    static_cast<CollectionEdit&>(after) = patch.apply(before);
    const bool rule_changed = json::encode(before.rule) != json::encode(after.rule);
    after = tx.one(save_collection, after);
    show(tx, after, *settings);
    if (rule_changed && after.rule) rebuild(tx, *id, *after.rule);
    if (rule_changed && !after.rule) tx.exec(set_looks, *id, std::vector<std::string>{}); // picked by hand from here on: its members stay
    return tx.one(get_collection, *id);
}

NoContent remove(Tx& tx, Path<"id", CollectionId> id, IfMatch expected) {
    expected.check(tx.one(lock_collection, *id));
    tx.exec(release_reserved_slugs, id->uuid());
    tx.exec(delete_collection, *id);
    return {};
}

Page<Member> members(Tx& tx, Path<"id", CollectionId> id, Params<PageQuery> page) {
    tx.one(get_collection, *id); // 404 rather than an empty list
    return tx.page(list_members, *page, *id);
}

Collection pick(Tx& tx, Path<"id", CollectionId> id, Body<PickProducts> in, IfMatch expected) {
    const Collection collection = expected.check(tx.one(lock_collection, *id));
    if (collection.rule) throw Refusal(has_rule);
    const auto unknown = tx.all(unknown_products, in->product_ids);
    meta::Errors errors;
    {
        meta::Errors::Step step(errors, "product_ids");
        for (std::size_t i = 0; i < in->product_ids.size(); ++i) {
            meta::Errors::Step item(errors, i);
            if (std::find(unknown.begin(), unknown.end(), in->product_ids[i]) != unknown.end()) errors.reject("", "does not exist");
        }
    }
    refuse_if_any(errors);
    tx.exec(set_members, *id, in->product_ids);
    tx.one(save_collection, collection);
    return tx.one(get_collection, *id);
}

} // namespace gravity::product_catalog::collections
