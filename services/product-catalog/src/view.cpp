#include "view.hpp"

#include "categories_domain.hpp"
#include "listing_domain.hpp"
#include "units.hpp"

#include <algorithm>

namespace gravity::product_catalog::storefront {
namespace {

using Chain = std::vector<std::string>;

/// The first of the languages that has the text; what stands at the top is that of the last, the base.
template <class Texts>
std::string pick(const Texts& texts, const Chain& chain, std::string_view otherwise) {
    for (const std::string& lang : chain)
        if (const auto found = texts.find(lang); found != texts.end()) return found->second.str();
    return std::string(otherwise);
}

template <class T> std::optional<std::string> pick_field(const ProductContent& content, const Chain& chain, const std::optional<T> Translation::* field,
                                                         const std::optional<T>& base) {
    for (const std::string& lang : chain)
        if (const auto found = content.translations.find(lang); found != content.translations.end() && found->second.*field)
            return (found->second.*field)->str();
    if (base) return base->str();
    return std::nullopt;
}

bool is_number(const Json* value) { return value != nullptr && (value->kind() == Json::Kind::integer || value->kind() == Json::Kind::number); }

std::string enum_label(const AttributeDef& def, std::string_view value, const Chain& chain) {
    for (const EnumValue& one : def.values)
        if (one.value.view() == value) return pick(one.label, chain, value);
    return std::string(value);
}

std::vector<Picture> pictures_of(const std::vector<MediaRef>& media, const Chain& chain, const MediaBase& base) {
    std::vector<Picture> out;
    for (const MediaRef& one : media) {
        if (one.url)
            out.push_back({one.url->str(), pick(one.alt, chain, "")});
        else if (one.file_id && !base.url.empty())
            out.push_back({base.url + "/" + one.file_id->to_string(), pick(one.alt, chain, "")});
    }
    return out;
}

/// A category by name, with its page in the nearest language that has one.
template <class Category> Crumb crumb_of(const Category& category, const Chain& chain) {
    std::string path = page_path(PageKind::category, chain.back(), category.slug.view());
    for (const std::string& lang : chain)
        if (const auto found = category.translations.find(lang); found != category.translations.end() && found->second.slug) {
            path = page_path(PageKind::category, lang, found->second.slug->view());
            break;
        }
    return {titled(category, chain).title.str(), std::move(path)};
}

std::optional<std::string> text_attribute(const AttributeValues& values, std::string_view name, const Chain& chain) {
    const auto found = values.find(name);
    if (found == values.end()) return std::nullopt;
    if (found->second.is_string()) return found->second.as_string();
    for (const std::string& lang : chain)
        if (const Json* text = found->second.find(lang); text != nullptr && text->is_string()) return text->as_string();
    return std::nullopt;
}

// Shown in places of their own.
bool has_own_place(std::string_view name) { return name == "brand" || name == "mpn" || name == "google_product_category"; }

std::vector<Property> properties_of(const AttributeValues& values, const std::vector<AttributeDef>& defs, const Chain& chain) {
    std::vector<Property> out;
    for (const AttributeDef& def : defs) { // in the order of the type
        const auto found = values.find(def.name.view());
        if (found == values.end() || has_own_place(def.name.view())) continue;
        if (auto property = property_of(def, found->second, chain)) out.push_back(std::move(*property));
    }
    return out;
}

OptionValue option_value_of(const AttributeDef* def, std::string_view value, const Chain& chain) {
    return {std::string(value), def == nullptr ? std::string(value) : enum_label(*def, value, chain)};
}

Variant variant_of(const product_catalog::Variant& from, const Product& product, const ProductContent& content, const std::vector<AttributeDef>& defs,
                   const Chain& chain, const MediaBase& media) {
    Variant out;
    out.id = from.id.uuid();
    out.sku = from.sku.str();
    if (from.gtin) out.gtin = from.gtin->str();
    out.mpn = text_attribute(from.attributes, "mpn", chain);
    if (!out.mpn) out.mpn = text_attribute(content.attributes, "mpn", chain);
    for (const Axis& axis : product.axes)
        if (const auto found = from.options.find(axis.key); found != from.options.end())
            out.choices.push_back({axis.key, option_value_of(find_attribute(defs, axis.key), found->second.view(), chain)});
    out.price = from.list_price ? from.list_price : content.list_price;
    out.pictures = pictures_of(from.media, chain, media);
    out.properties = properties_of(from.attributes, defs, chain);
    return out;
}

} // namespace

std::optional<Property> property_of(const AttributeDef& def, const Json& value, const Chain& chain) {
    Property out{def.name.str(), pick(def.label, chain, def.name.view()), "", std::nullopt};
    const auto text = [](const Json* one) { return one != nullptr && one->is_string() ? one->as_string() : std::string(); };
    switch (def.kind) {
    case AttributeKind::text:
    case AttributeKind::date: out.value = text(&value); break;
    case AttributeKind::localized_text:
        for (const std::string& lang : chain)
            if (out.value.empty()) out.value = text(value.find(lang));
        break;
    case AttributeKind::number:
        if (is_number(&value)) out.value = number_text(value);
        break;
    case AttributeKind::boolean:
        if (value.kind() == Json::Kind::boolean) out.value = value.as_bool() ? "true" : "false";
        break;
    case AttributeKind::enum_:
        if (value.is_string()) out.value = enum_label(def, value.as_string(), chain);
        break;
    case AttributeKind::set:
        if (value.is_array())
            for (const Json& one : value.as_array()) out.value += (out.value.empty() ? "" : ", ") + enum_label(def, text(&one), chain);
        break;
    case AttributeKind::measurement:
        if (!is_number(value.find("value"))) break;
        out.value = number_text(*value.find("value"));
        if (const Unit* known = find_unit(text(value.find("unit")))) out.unit = std::string(known->unece);
        break;
    case AttributeKind::money: {
        const Json* amount = value.find("amount");
        const auto currency = Currency::parse(text(value.find("currency")));
        if (amount != nullptr && amount->kind() == Json::Kind::integer && currency)
            out.value = decimal({amount->as_integer(), *currency}) + " " + currency->to_string();
        break;
    }
    case AttributeKind::reference: break; // an id says nothing to a reader
    }
    if (out.value.empty()) return std::nullopt;
    return out;
}

Category view_of(const std::vector<product_catalog::Category>& way, const std::vector<product_catalog::Category>& children, std::string_view lang,
                 const Languages& languages) {
    const product_catalog::Category& own = way.back();
    const Chain chain = languages.chain(lang);
    Category out;
    out.id = own.id.uuid();
    out.lang = lang;
    for (const SlugOf& slug : slugs_of(own, languages)) {
        out.alternates.push_back({slug.lang.str(), slug.slug.str()});
        if (slug.lang.view() == lang) out.slug = slug.slug.str();
    }
    out.title = crumb_of(own, chain).name;
    out.description = own.description ? own.description->str() : "";
    for (const std::string& candidate : chain) // the first of the languages that has one
        if (const auto found = own.translations.find(candidate); found != own.translations.end() && found->second.description) {
            out.description = found->second.description->str();
            break;
        }
    for (const auto& above : way)
        if (above.id != own.id) out.way.push_back(crumb_of(above, chain));
    for (const auto& child : children) out.children.push_back(crumb_of(child, chain));
    return out;
}

Product view_of(const Source& source, std::string_view lang, const Languages& languages, const MediaBase& media) {
    const ProductContent& content = source.revision.body;
    const Chain chain = languages.chain(lang);
    Product out;
    out.id = source.revision.product_id.uuid();
    out.lang = lang;
    out.revision = source.revision.revision;
    out.updated_at = source.revision.published_at;
    out.alternates = source.alternates;
    for (const std::string& candidate : chain) // the page of the nearest language that has one
        for (const Alternate& page : source.alternates)
            if (out.slug.empty() && page.lang == candidate) {
                out.slug = page.slug;
                out.lang = page.lang;
            }
    if (out.slug.empty()) out.slug = content.slug.str();

    out.title = titled(content, chain).title.str();
    out.description = pick_field(content, chain, &Translation::description, content.description).value_or("");
    out.meta_title = pick_field(content, chain, &Translation::meta_title, content.meta_title);
    out.meta_description = pick_field(content, chain, &Translation::meta_description, content.meta_description);
    out.brand = text_attribute(content.attributes, "brand", chain);
    out.google_category = text_attribute(content.attributes, "google_product_category", chain);
    out.pictures = pictures_of(content.media, chain, media);
    for (const OptionAxis& axis : content.options) {
        const AttributeDef* def = find_attribute(source.defs, axis.name.view());
        Axis one{axis.name.str(), def == nullptr ? axis.name.str() : pick(def->label, chain, axis.name.view()), {}};
        for (const auto& value : axis.values) one.values.push_back(option_value_of(def, value.view(), chain));
        out.axes.push_back(std::move(one));
    }
    for (const product_catalog::Variant& variant : source.variants) out.variants.push_back(variant_of(variant, out, content, source.defs, chain, media));
    out.properties = properties_of(content.attributes, source.defs, chain);
    const CategoryId* way = nullptr;
    for (const CrumbRow& crumb : source.crumbs) {
        if (way == nullptr || *way != crumb.category_id) out.breadcrumbs.emplace_back();
        way = &crumb.category_id;
        out.breadcrumbs.back().push_back(crumb_of(crumb, chain));
    }
    return out;
}

} // namespace gravity::product_catalog::storefront
