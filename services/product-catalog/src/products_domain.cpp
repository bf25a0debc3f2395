#include "products_domain.hpp"

#include "problems.hpp"

#include <gravity/meta/refuse.hpp>

#include <set>

namespace gravity::product_catalog {
namespace {

constexpr std::size_t max_axes = 10;
constexpr std::size_t max_axis_values = 1'000;
constexpr std::size_t max_categories = 100;
constexpr std::size_t max_channels = 200;
constexpr std::size_t max_media = 250;
constexpr std::size_t max_links = 500;

void check_count(std::size_t count, std::size_t max, std::string_view field, meta::Errors& errors) {
    if (count > max) errors.reject(field, "must have at most " + std::to_string(max) + " items");
}

template <class T, class KeyOf>
void check_distinct(const std::vector<T>& items, std::string_view field, KeyOf key_of, meta::Errors& errors) {
    meta::Errors::Step step(errors, field);
    std::set<decltype(key_of(items.front()))> seen;
    for (std::size_t i = 0; i < items.size(); ++i) {
        meta::Errors::Step item(errors, i);
        if (!seen.insert(key_of(items[i])).second) errors.reject("", "is there already");
    }
}

} // namespace

void check(const Visibility& visibility, meta::Errors& errors) {
    if (visibility.visible_from && visibility.visible_until && *visibility.visible_until <= *visibility.visible_from)
        errors.reject("visible_until", "must be after visible_from");
}

void check(const MediaRef& media, meta::Errors& errors) {
    if (media.file_id.has_value() == media.url.has_value()) errors.reject("", "must have either file_id or url");
}

void check(const OptionAxis& axis, meta::Errors& errors) {
    if (axis.values.empty()) errors.reject("values", "must have at least 1 item");
    check_count(axis.values.size(), max_axis_values, "values", errors);
    check_distinct(axis.values, "values", [](const auto& value) { return value.str(); }, errors);
}

void check(const ProductContent& content, meta::Errors& errors) {
    check_count(content.options.size(), max_axes, "options", errors);
    check_count(content.categories.size(), max_categories, "categories", errors);
    check_count(content.channels.size(), max_channels, "channels", errors);
    check_count(content.media.size(), max_media, "media", errors);
    check_count(content.links.size(), max_links, "links", errors);
    check_distinct(content.options, "options", [](const OptionAxis& axis) { return axis.name.str(); }, errors);
    check_distinct(content.categories, "categories", [](CategoryId id) { return id; }, errors);
    check_distinct(content.channels, "channels", [](const Visibility& v) { return v.channel.str(); }, errors);
    check_distinct(content.links, "links", [](const ProductLink& link) { return std::pair(link.kind, link.product_id); }, errors);
}

void check(const ReadProduct& query, meta::Errors& errors) {
    if (int{query.published} + int{query.revision.has_value()} + int{query.at.has_value()} > 1)
        errors.reject("", "must have one of published, revision and at");
}

Product shown(ProductRow row) {
    Product product;
    static_cast<ProductContent&>(product) = std::move(row.staged);
    product.id = row.id;
    product.type_id = row.type_id;
    product.status = row.status;
    product.version = row.version;
    product.revision = row.revision;
    product.staged_changes = row.published_version && *row.published_version != row.version;
    product.created_at = row.created_at;
    product.updated_at = row.updated_at;
    product.published_at = row.published_at;
    return product;
}

Product shown(RevisionRow row) {
    Product product;
    static_cast<ProductContent&>(product) = std::move(row.body);
    product.id = row.product_id;
    product.type_id = row.type_id;
    product.status = Status::active;
    product.version = row.version;
    product.revision = row.revision;
    product.created_at = row.created_at;
    product.updated_at = row.published_at;
    product.published_at = row.published_at;
    product.ended_at = row.ended_at;
    return product;
}

void check_stageable(const ProductContent& content, const std::vector<AttributeDef>& defs, const Settings& settings) {
    meta::Errors errors;
    check_languages(settings.langs, content.translations, "translations", errors);
    if (content.translations.contains(settings.langs.base().view())) {
        meta::Errors::Step step(errors, "translations");
        errors.reject(settings.langs.base().view(), "is the base language: its texts are at the top");
    }
    {
        meta::Errors::Step step(errors, "attributes");
        check_attributes(defs, Level::product, content.attributes, errors);
    }
    meta::Errors::Step step(errors, "options");
    for (std::size_t i = 0; i < content.options.size(); ++i) {
        const OptionAxis& axis = content.options[i];
        meta::Errors::Step item(errors, i);
        const AttributeDef* def = find_attribute(defs, axis.name.view());
        if (def == nullptr) continue;
        if (!def->per_variant) errors.reject("name", "is an attribute of the product, not of its variants");
        meta::Errors::Step values(errors, "values");
        for (std::size_t k = 0; k < axis.values.size(); ++k) {
            meta::Errors::Step value(errors, k);
            if (!option_value(*def, axis.values[k].view())) errors.reject("", "is not a value of the attribute " + def->name.str());
        }
    }
    refuse_if_any(errors);
}

ProductRow publish(ProductRow row, Timestamp now) {
    if (row.published_version == row.version) throw Refusal(nothing_to_publish).with("revision", row.revision);
    row.status = Status::active;
    row.revision += 1;
    row.published_at = now;
    row.published_version = row.version.next(); // the version that saving this makes
    return row;
}

ProductRow unpublish(ProductRow row) {
    if (row.status != Status::active) throw Refusal(not_active).with("product_status", meta::enum_name(row.status));
    row.status = Status::draft;
    row.published_at.reset();
    row.published_version.reset();
    return row;
}

void check_deletable(const ProductState& product) {
    if (product.status == Status::active) throw Refusal(still_active);
}

std::vector<SlugOf> slugs_of(const ProductContent& content, const Languages& languages) {
    std::vector<SlugOf> slugs{{languages.base(), content.slug}};
    for (const auto& [lang, translation] : content.translations)
        if (translation.slug && languages.has(lang)) slugs.push_back({Locale::parse(lang).or_throw(), *translation.slug});
    return slugs;
}

std::vector<AttributeUse> attribute_uses(const std::vector<AttributeDef>& defs, const std::vector<OptionAxis>& options) {
    std::vector<AttributeUse> uses;
    for (const AttributeDef& def : defs) uses.push_back({def.name, indexed_as(def.kind), index_unit(def)});
    for (const OptionAxis& axis : options)
        if (find_attribute(defs, axis.name.view()) == nullptr) uses.push_back({axis.name, IndexedAs::text, ""});
    return uses;
}

} // namespace gravity::product_catalog
