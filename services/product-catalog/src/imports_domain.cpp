#include "imports_domain.hpp"

#include "storefront.hpp"

#include <gravity/base/ascii.hpp>
#include <gravity/json/codec.hpp>

#include <algorithm>
#include <charconv>
#include <set>

namespace gravity::product_catalog::bulk {
namespace {

constexpr std::string_view texts[] = {"name", "slug", "description", "meta_title", "meta_description"}; // in every language
constexpr std::string_view plain[] = {"type", "categories", "media", "sku", "gtin", "position", "list_price", "product_list_price"};

bool is_text(std::string_view name) { return std::find(std::begin(texts), std::end(texts), name) != std::end(texts); }

/// A column name taken apart: "attr.care.de" is {"attr", "care", "de"}, "name.de" is {"name", "", "de"}.
struct Column {
    std::string_view kind;
    std::string_view name;
    std::string_view lang;
};

std::optional<Column> parse_column(std::string_view text) {
    const auto dot = text.find('.');
    const auto head = text.substr(0, dot);
    const auto rest = dot == std::string_view::npos ? std::string_view{} : text.substr(dot + 1);
    if (is_text(head)) {
        if (dot == std::string_view::npos) return Column{head, {}, {}};
        if (Locale::parse(rest)) return Column{head, {}, rest};
        return std::nullopt;
    }
    if (head == "option" && AttributeName::parse(rest)) return Column{head, rest, {}};
    if (head == "attr") {
        const auto second = rest.find('.');
        const Column column{head, rest.substr(0, second), second == std::string_view::npos ? std::string_view{} : rest.substr(second + 1)};
        if (AttributeName::parse(column.name) && (second == std::string_view::npos || Locale::parse(column.lang))) return column;
        return std::nullopt;
    }
    if (dot == std::string_view::npos && std::find(std::begin(plain), std::end(plain), head) != std::end(plain)) return Column{head, {}, {}};
    return std::nullopt;
}

std::vector<std::string_view> parts(std::string_view cell) {
    std::vector<std::string_view> out;
    for (const auto part : ascii::split(cell, '|'))
        if (const auto trimmed = ascii::trim(part); !trimmed.empty()) out.push_back(trimmed);
    return out;
}

[[noreturn]] void fail(std::string_view column, std::string detail) { throw RowFault{"/" + std::string(column), std::move(detail)}; }

Json number_json(std::string_view text) {
    std::int64_t whole = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), whole);
    if (error == std::errc{} && end == text.data() + text.size()) return Json(whole);
    const auto value = parse_number(text);
    if (!value) throw RowFault{"", "must be a number with a point, such as 12.5"};
    return Json(*value);
}

std::string join(const std::vector<std::string>& items) {
    std::string out;
    for (const auto& item : items) out += (out.empty() ? "" : "|") + item;
    return out;
}

std::string text_or_empty(const Json& object, std::string_view name) {
    const Json* found = object.find(name);
    return found != nullptr && found->is_string() ? found->as_string() : "";
}

} // namespace

Parsed<Money> parse_money(std::string_view text) {
    const auto space = text.rfind(' ');
    const ParseError why{"must be an amount and a currency, such as 19.99 EUR"};
    if (space == std::string_view::npos) return why;
    const auto currency = Currency::parse(text.substr(space + 1));
    if (!currency) return ParseError{"names a currency that ISO 4217 does not"};
    auto number = ascii::trim(text.substr(0, space));
    const bool negative = number.starts_with('-');
    if (negative) number.remove_prefix(1);
    const auto point = number.find('.');
    const auto decimals = point == std::string_view::npos ? std::string_view{} : number.substr(point + 1);
    const auto exponent = static_cast<std::size_t>(currency->exponent());
    std::string digits(number.substr(0, point));
    if (digits.empty() || decimals.size() > exponent || (point != std::string_view::npos && decimals.empty())) return why;
    digits.append(decimals).append(exponent - decimals.size(), '0');
    if (digits.find_first_not_of("0123456789") != std::string::npos) return why;
    std::int64_t amount = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), amount);
    if (error != std::errc{} || end != digits.data() + digits.size()) return why;
    return Money{negative ? -amount : amount, *currency};
}

Json value_of(const AttributeDef& def, std::string_view cell) {
    switch (def.kind) {
    case AttributeKind::text:
    case AttributeKind::date:
    case AttributeKind::enum_:
    case AttributeKind::reference: return Json(cell);
    case AttributeKind::localized_text: throw RowFault{"", "is a text by language: name the column attr." + def.name.str() + ".<language>"};
    case AttributeKind::number: return number_json(cell);
    case AttributeKind::boolean:
        if (cell != "true" && cell != "false") throw RowFault{"", "must be true or false"};
        return Json(cell == "true");
    case AttributeKind::set: {
        Json list = Json::array();
        for (const auto part : parts(cell)) list.push_back(Json(part));
        return list;
    }
    case AttributeKind::measurement: {
        const auto space = cell.rfind(' ');
        if (space == std::string_view::npos) throw RowFault{"", "must be a number and a unit, such as 1.5 kg"};
        return Json::object({{"value", number_json(ascii::trim(cell.substr(0, space)))}, {"unit", Json(cell.substr(space + 1))}});
    }
    case AttributeKind::money: {
        const auto money = parse_money(cell);
        if (!money) throw RowFault{"", money.why()};
        return json::to_document(*money);
    }
    }
    throw std::logic_error("an attribute kind without a cell form");
}

std::string cell_of(const AttributeDef& def, const Json& value) {
    switch (def.kind) {
    case AttributeKind::number: return number_text(value);
    case AttributeKind::boolean: return value.as_bool() ? "true" : "false";
    case AttributeKind::set: {
        std::vector<std::string> items;
        for (const Json& item : value.as_array()) items.push_back(item.as_string());
        return join(items);
    }
    case AttributeKind::measurement: return number_text(*value.find("value")) + " " + text_or_empty(value, "unit");
    case AttributeKind::money:
        return storefront::decimal({value.find("amount")->as_integer(), Currency::parse(text_or_empty(value, "currency")).or_throw()}) + " " +
               text_or_empty(value, "currency");
    default: return value.is_string() ? value.as_string() : "";
    }
}

Columns::Columns(std::vector<std::string> names) : names_(std::move(names)) {
    std::set<std::string_view> seen;
    for (std::string& name : names_) {
        name = ascii::trim(name);
        if (!parse_column(name)) fail(name, "is no column that can be imported");
    }
    for (const std::string& name : names_)
        if (!seen.insert(name).second) fail(name, "stands twice in the first line");
    if (!seen.contains("slug")) fail("slug", "is missing in the first line: it says which product a row is about");
}

std::string_view Columns::cell(const std::vector<std::string>& fields, std::string_view column) const {
    for (std::size_t i = 0; i < names_.size() && i < fields.size(); ++i)
        if (names_[i] == column) return fields[i];
    return {};
}

Row Columns::row(const std::vector<std::string>& fields, const std::vector<AttributeDef>& defs) const {
    if (fields.size() > names_.size()) throw RowFault{"", "has " + std::to_string(fields.size()) + " fields, the first line " + std::to_string(names_.size())};
    Row out;
    out.product = Json::object();
    Json variant = Json::object();
    const bool has_variant = !cell(fields, "sku").empty();
    const auto variant_only = [&](std::string_view name) {
        if (!has_variant) fail(name, "is of a variant, and the row names none: sku is empty");
    };
    for (std::size_t i = 0; i < fields.size(); ++i) {
        const std::string_view cell = fields[i];
        const std::string& name = names_[i];
        if (cell.empty()) continue;
        const Column column = *parse_column(name);
        if (is_text(column.kind)) {
            if (column.lang.empty())
                out.product[column.kind] = Json(cell);
            else
                out.product["translations"][column.lang][column.kind] = Json(cell);
        } else if (column.kind == "type") {
            out.type = cell;
        } else if (column.kind == "categories") {
            Json list = Json::array();
            for (const auto part : parts(cell)) list.push_back(Json(part));
            out.product["categories"] = std::move(list);
        } else if (column.kind == "media") {
            Json list = Json::array();
            for (const auto part : parts(cell)) list.push_back(Json::object({{"url", Json(part)}}));
            out.product["media"] = std::move(list);
        } else if (column.kind == "list_price" || column.kind == "product_list_price") {
            const auto money = parse_money(cell);
            if (!money) fail(name, money.why());
            if (column.kind == "list_price") variant_only(name);
            (column.kind == "list_price" ? variant : out.product)["list_price"] = json::to_document(*money);
        } else if (column.kind == "position") {
            variant_only(name);
            try {
                variant["position"] = number_json(cell);
            } catch (const RowFault& fault) {
                fail(name, fault.detail);
            }
        } else if (column.kind == "option") {
            variant_only(name);
            variant["options"][column.name] = Json(cell);
        } else if (column.kind == "attr") {
            const AttributeDef* def = find_attribute(defs, column.name);
            if (def == nullptr) fail(name, "is no attribute of the product's type");
            if (def->per_variant) variant_only(name);
            Json& place = (def->per_variant ? variant : out.product)["attributes"][column.name];
            try {
                if (column.lang.empty())
                    place = value_of(*def, cell);
                else if (def->kind == AttributeKind::localized_text)
                    place[column.lang] = Json(cell);
                else
                    throw RowFault{"", "has no languages"};
            } catch (const RowFault& fault) {
                fail(name, fault.detail);
            }
        } else { // sku, gtin
            variant_only(name);
            variant[column.kind] = Json(cell);
        }
    }
    if (out.product.find("slug") == nullptr) fail("slug", "is empty: it says which product the row is about");
    if (has_variant) out.variants.push_back(std::move(variant));
    return out;
}

std::string Columns::column_of(std::string_view pointer) const {
    const auto steps = ascii::split(pointer.substr(pointer.starts_with('/') ? 1 : 0), '/');
    std::string best;
    const auto offer = [&](const std::string& candidate) {
        if (best.empty() && std::find(names_.begin(), names_.end(), candidate) != names_.end()) best = candidate;
    };
    const auto step = [&](std::size_t i) { return i < steps.size() ? std::string(steps[i]) : std::string(); };
    if (step(0) == "translations") offer(step(2) + "." + step(1));
    if (step(0) == "attributes") offer("attr." + step(1) + "." + step(2)), offer("attr." + step(1));
    if (step(0) == "options") offer("option." + step(1));
    offer(step(0));
    return best.empty() ? std::string(pointer) : "/" + best;
}

Row row_of(const Json& line) {
    if (!line.is_object()) throw RowFault{"", "must be an object with a product and its variants"};
    Row out;
    for (const auto& [name, value] : line.as_object()) {
        if (name == "type" && value.is_string())
            out.type = value.as_string();
        else if (name == "product" && value.is_object())
            out.product = value;
        else if (name == "variants" && value.is_array())
            out.variants = value.as_array();
        else
            throw RowFault{"/" + name, name == "type" || name == "product" || name == "variants" ? "has the wrong form" : "is not a known field"};
    }
    if (const Json* slug = out.product.find("slug"); slug == nullptr || !slug->is_string())
        throw RowFault{"/product/slug", "is required: it says which product the line is about"};
    for (std::size_t i = 0; i < out.variants.size(); ++i)
        if (const Json* sku = out.variants[i].find("sku"); sku == nullptr || !sku->is_string())
            throw RowFault{"/variants/" + std::to_string(i) + "/sku", "is required"};
    return out;
}

bool widen_options(std::vector<OptionAxis>& axes, const Json& variant_options) {
    if (!variant_options.is_object()) return false;
    bool widened = false;
    for (const auto& [name, value] : variant_options.as_object()) {
        const auto axis_name = AttributeName::parse(name);
        if (!axis_name || !value.is_string()) continue; // what checks the variant says so
        const auto text = Text<1, 100>::parse(value.as_string());
        if (!text) continue;
        auto axis = std::find_if(axes.begin(), axes.end(), [&](const OptionAxis& one) { return one.name == *axis_name; });
        if (axis == axes.end()) axis = axes.insert(axes.end(), OptionAxis{*axis_name, {}});
        if (std::find(axis->values.begin(), axis->values.end(), *text) != axis->values.end()) continue;
        axis->values.push_back(*text);
        widened = true;
    }
    return widened;
}

void keep_media(Json& product, const std::vector<MediaRef>& present) {
    const Json* media = product.find("media");
    if (media == nullptr || !media->is_array()) return;
    Json kept = Json::array();
    for (const Json& one : media->as_array()) {
        const auto known =
            std::find_if(present.begin(), present.end(), [&](const MediaRef& ref) { return ref.url && ref.url->view() == text_or_empty(one, "url"); });
        kept.push_back(known == present.end() ? one : json::to_document(*known));
    }
    for (const MediaRef& ref : present)
        if (ref.file_id) kept.push_back(json::to_document(ref));
    product["media"] = std::move(kept);
}

// ---- export

std::vector<std::string> export_columns(const std::vector<std::string>& other_langs, const std::vector<std::string>& axes,
                                        const std::vector<AttributeDef>& attributes) {
    std::vector<std::string> out{"slug", "type"};
    for (const auto text : texts)
        if (text != "slug") out.emplace_back(text);
    for (const std::string& lang : other_langs)
        for (const auto text : texts) out.push_back(std::string(text) + "." + lang);
    out.insert(out.end(), {"categories", "media", "product_list_price", "sku", "gtin", "position", "list_price"});
    for (const std::string& axis : axes) out.push_back("option." + axis);
    for (const AttributeDef& def : attributes) {
        if (def.kind != AttributeKind::localized_text) {
            out.push_back("attr." + def.name.str());
            continue;
        }
        std::set<std::string> langs(other_langs.begin(), other_langs.end());
        for (const std::string& lang : langs) out.push_back("attr." + def.name.str() + "." + lang);
    }
    return out;
}

std::vector<std::vector<std::string>> export_rows(const std::vector<std::string>& columns, const Product& product, const std::string& type_key,
                                                  const std::vector<Variant>& variants, const std::vector<AttributeDef>& defs) {
    const Json content = json::to_document(static_cast<const ProductContent&>(product));
    const auto cell = [&](const std::string& name, const Variant* variant) -> std::string {
        const Column column = *parse_column(name);
        if (is_text(column.kind)) {
            if (column.lang.empty()) return text_or_empty(content, column.kind);
            const Json* translation = content.at_pointer("/translations/" + std::string(column.lang));
            return translation == nullptr ? "" : text_or_empty(*translation, column.kind);
        }
        if (column.kind == "type") return type_key;
        std::vector<std::string> items;
        if (column.kind == "categories") {
            for (const CategoryId& id : product.categories) items.push_back(id.to_string());
            return join(items);
        }
        if (column.kind == "media") {
            for (const MediaRef& one : product.media)
                if (one.url) items.push_back(one.url->str());
            return join(items);
        }
        const auto priced = [](const std::optional<Money>& price) {
            return price ? storefront::decimal(*price) + " " + price->currency.to_string() : std::string();
        };
        if (column.kind == "product_list_price") return priced(product.list_price);
        if (column.kind == "attr") {
            const AttributeDef* def = find_attribute(defs, column.name);
            if (def == nullptr || (def->per_variant && variant == nullptr)) return "";
            const AttributeValues& values = def->per_variant ? variant->attributes : product.attributes;
            const auto found = values.find(column.name);
            if (found == values.end()) return "";
            return column.lang.empty() ? cell_of(*def, found->second) : text_or_empty(found->second, column.lang);
        }
        if (variant == nullptr) return "";
        if (column.kind == "list_price") return priced(variant->list_price);
        if (column.kind == "sku") return variant->sku.str();
        if (column.kind == "gtin") return variant->gtin ? variant->gtin->str() : "";
        if (column.kind == "position") return std::to_string(variant->position.value());
        const auto found = variant->options.find(column.name);
        return found == variant->options.end() ? "" : found->second.str();
    };
    std::vector<std::vector<std::string>> rows;
    const auto add = [&](const Variant* variant) {
        auto& row = rows.emplace_back();
        for (const std::string& column : columns) row.push_back(cell(column, variant));
    };
    for (const Variant& variant : variants) add(&variant);
    if (variants.empty()) add(nullptr);
    return rows;
}

Json export_line(const Product& product, const std::string& type_key, const std::vector<Variant>& variants) {
    Json out = Json::object({{"product", json::to_document(static_cast<const ProductContent&>(product))}});
    if (!type_key.empty()) out["type"] = type_key;
    Json list = Json::array();
    for (const Variant& variant : variants) list.push_back(json::to_document(static_cast<const VariantEdit&>(variant)));
    out["variants"] = std::move(list);
    return out;
}

} // namespace gravity::product_catalog::bulk
