#include "products_api.hpp"

#include "problems.hpp"
#include "products_store.hpp"
#include "publishing_store.hpp"
#include "types_store.hpp"

#include <gravity/meta/refuse.hpp>

#include <algorithm>

namespace gravity::product_catalog::products {
namespace {

// What the content refers to is there. Whether it still is when buyers look is the listing's matter: links and categories may go.
void check_references(Tx& tx, const ProductContent& content) {
    meta::Errors errors;
    const auto report = [&errors](std::string_view field, const auto& items, const auto& unknown, auto key_of) {
        meta::Errors::Step step(errors, field);
        for (std::size_t i = 0; i < items.size(); ++i) {
            meta::Errors::Step item(errors, i);
            if (std::find(unknown.begin(), unknown.end(), key_of(items[i])) != unknown.end()) errors.reject("", "does not exist");
        }
    };
    if (!content.categories.empty()) report("categories", content.categories, tx.all(unknown_categories, content.categories), [](CategoryId id) { return id; });
    std::vector<Key> channels;
    for (const Visibility& visibility : content.channels) channels.push_back(visibility.channel);
    if (!channels.empty()) report("channels", channels, tx.all(unknown_channels, channels), [](const Key& key) { return key; });
    std::vector<ProductId> targets;
    for (const ProductLink& link : content.links) targets.push_back(link.product_id);
    if (!targets.empty()) report("links", targets, tx.all(unknown_products, targets), [](ProductId id) { return id; });
    refuse_if_any(errors);
}

// Everything that staging a content asks for and leaves behind.
void stage(Tx& tx, ProductId id, const std::optional<ProductTypeId>& type, const ProductContent& content, const Settings& settings) {
    const auto defs = attributes_of(tx, type);
    check_stageable(content, defs, settings);
    check_references(tx, content);
    check_reference_values(tx, content.attributes, defs);
    ensure_attributes(tx, attribute_uses(defs, content.options));
    claim_slugs(tx, "product", id.uuid(), slugs_of(content, settings.langs));
    keep_unique_values(tx, id, std::nullopt, content.attributes, defs);
}

// The first choice that nobody has: claimed on the key rather than looked for, so two of one name that come at once get two.
PageSlug claim_made_slug(Tx& tx, ProductId id, std::string_view name, const Settings& settings) {
    constexpr int choices = 50; // a name that so many have tells nothing: then the id does
    const std::string code = id.to_string().substr(24);
    const std::string made = make_slug(name, settings.slug_mode);
    const std::string wanted = made.empty() ? "product-" + code : made;
    for (int n = 1; n <= choices + 1; ++n) {
        const std::string text = n == 1 ? wanted : n <= choices ? numbered_slug(wanted, n)
                                                                : "product-" + code;
        const PageSlug slug = PageSlug::parse(text).or_throw();
        if (tx.maybe(claim_slug, SlugClaim{settings.langs.base().str(), slug, "product", id.uuid()})) return slug;
    }
    throw Refusal(slug_taken).with("slug", wanted);
}

} // namespace

Created<Product> create(Tx& tx, Body<NewProduct> in, Given<Settings> settings) {
    const ProductId id = tx.new_id<ProductId>();
    ProductContent content = *in;
    content.slug = in->slug ? *in->slug : claim_made_slug(tx, id, content.name.view(), *settings);
    const ProductRow row = tx.one(insert_product, {id, in->type_id, content});
    stage(tx, row.id, row.type_id, row.staged, *settings);
    tx.emit(ProductCreated{row.id, row.staged.slug});
    return shown(row);
}

Product get(Tx& tx, Path<"id", ProductId> id, Params<ReadProduct> query) {
    if (query->revision) return shown(tx.one(get_revision, *id, *query->revision));
    if (query->at) return shown(tx.one(get_revision_at, *id, *query->at));
    if (query->published) return shown(tx.one(get_published, *id));
    return shown(tx.one(get_product, *id));
}

Product update(Tx& tx, Path<"id", ProductId> id, Patch<ProductContent> patch, IfMatch expected, Given<Settings> settings) {
    ProductRow row = expected.check(tx.one(lock_product, *id));
    row.staged = patch.apply(row.staged);
    stage(tx, row.id, row.type_id, row.staged, *settings);
    row = tx.one(save_product, row);
    tx.emit(ProductUpdated{row.id, row.version});
    return shown(row);
}

NoContent remove(Tx& tx, Path<"id", ProductId> id, IfMatch expected) {
    check_deletable(expected.check(tx.one(lock_product, *id)));
    tx.exec(release_reserved_slugs, id->uuid());
    tx.exec(delete_product, *id);
    tx.emit(ProductDeleted{*id});
    return {};
}

Product publish_one(Tx& tx, Path<"id", ProductId> id, IfMatch expected, Given<Settings> settings) {
    return shown(publish_now(tx, expected.check(tx.one(lock_product, *id)), *settings));
}

Product unpublish_one(Tx& tx, Path<"id", ProductId> id, IfMatch expected) {
    return shown(unpublish_now(tx, expected.check(tx.one(lock_product, *id))));
}

ProductRow publish_now(Tx& tx, const ProductRow& product, const Settings& settings) {
    const ProductRow published = publish(product, tx.now());
    const auto defs = attributes_of(tx, published.type_id);
    const auto variants = tx.all(all_variants, published.id);
    check_publishable(published.staged, variants, defs);
    const ProductRow saved = tx.one(save_product, published);
    write_publication(tx, saved, variants, defs, settings);
    tx.emit(ProductPublished{saved.id, saved.revision, saved.staged.slug});
    return saved;
}

ProductRow unpublish_now(Tx& tx, const ProductRow& product) {
    const ProductRow withdrawn = tx.one(save_product, unpublish(product));
    withdraw(tx, withdrawn);
    tx.emit(ProductUnpublished{withdrawn.id, withdrawn.revision});
    return withdrawn;
}

Page<RevisionEntry> revisions(Tx& tx, Path<"id", ProductId> id, Params<PageQuery> query) {
    auto page = tx.page(list_revisions, *query, *id);
    if (page.items.empty()) tx.one(get_product, *id); // 404 rather than an empty list
    return page;
}

} // namespace gravity::product_catalog::products
