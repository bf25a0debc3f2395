#include "scim_resource.hpp"

#include "scim_error.hpp"

#include <gravity/base/ascii.hpp>
#include <gravity/base/codes.hpp>
#include <gravity/base/contact.hpp>
#include <gravity/base/uuid.hpp>

#include <algorithm>
#include <map>

namespace gravity::user::scim {
namespace {

constexpr std::size_t most_items = 10'000;

bool nothing(const Json& value) { return value.is_null() || ((value.is_array() || value.is_object()) && value.size() == 0); }

// Directories empty an attribute by an empty text. Not a list, nor who a member is: a group must not lose all for want of an id.
bool is_emptied(const Attribute& attribute, const Json& value, Mode mode) {
    return mode != Mode::strict && !attribute.multi && attribute.mutability == Mutability::read_write && value.is_string() && value.as_string().empty();
}

// Names are the same whatever their case (RFC 7643 section 2.1), so that `userName` and `USERNAME` are one attribute that is told twice.
void put_once(Json& out, const Attribute& attribute, Json value) {
    if (nothing(value)) return;
    if (out.find(attribute.name) != nullptr) throw invalid_syntax(std::string(attribute.name) + " is told twice");
    out[attribute.name] = std::move(value);
}

[[noreturn]] void wrong_kind(const Attribute& attribute, std::string_view wanted) {
    throw invalid_value(std::string(attribute.name) + " must be " + std::string(wanted));
}

Json clean_boolean(const Attribute& attribute, const Json& value, Mode mode) {
    if (value.kind() == Json::Kind::boolean) return value;
    if (mode == Mode::entra && value.is_string()) { // scimmy#51
        if (ascii::iequals(value.as_string(), "true")) return true;
        if (ascii::iequals(value.as_string(), "false")) return false;
    }
    wrong_kind(attribute, "true or false");
}

// Directories have languages as `en_US`, and fill in what is no time zone and no URL: that is passed over, and not all of somebody refused for it.
Json fitting_text(const Attribute& attribute, std::string text) {
    if (attribute.name == "locale") std::replace(text.begin(), text.end(), '_', '-');
    const bool fits = attribute.name == "locale" ? bool(Locale::parse(text)) : attribute.name == "timezone" ? bool(TimeZone::parse(text))
                                                                           : attribute.name == "profileUrl" ? bool(Url::parse(text))
                                                                                                            : true;
    return fits ? Json(std::move(text)) : Json();
}

bool is_member_id(const Attribute& attribute) { return attribute.name == "value" && attribute.mutability == Mutability::immutable; }

Json clean_one(const Attribute& attribute, const Json& value, Mode mode) {
    switch (attribute.kind) {
    case Kind::boolean: return clean_boolean(attribute, value, mode);
    case Kind::string:
    case Kind::reference:
    case Kind::date_time:
        if (!value.is_string()) wrong_kind(attribute, "a text");
        if (is_member_id(attribute)) return id_as_kept(value.as_string());
        return mode == Mode::strict ? value : fitting_text(attribute, value.as_string());
    case Kind::complex: break;
    }
    if (mode == Mode::entra && attribute.name == "manager") { // as Entra ID sends it: an id, or a list of one
        if (value.is_string()) return Json::object({{"value", value}});
        if (value.is_array() && value.size() == 1 && value.as_array().front().is_object()) return clean_one(attribute, value.as_array().front(), mode);
    }
    if (!value.is_object()) wrong_kind(attribute, "an object");
    Json out = Json::object();
    for (const auto& [name, member] : value.as_object()) {
        const Attribute* const sub = attribute.find(name);
        if (sub == nullptr || sub->mutability == Mutability::read_only) continue;
        put_once(out, *sub, clean(*sub, member, mode));
    }
    return out;
}

// Okta has a second address that may be the first one again, and Entra ID one for each type: here an address is kept once. Others name types of which there
// is none.
void drop_repeated(const Attribute& attribute, Json& items) {
    if (attribute.name != "emails" && attribute.name != "phoneNumbers") return;
    std::map<std::string, std::size_t> known;
    Json::Array kept;
    for (Json& item : items.as_array()) {
        const Json* const value = item.find("value");
        if (value == nullptr) continue;
        const auto [at, fresh] = known.try_emplace(ascii::lower(value->as_string()), kept.size());
        const Json* const primary = item.find("primary");
        if (fresh)
            kept.push_back(std::move(item));
        else if (primary != nullptr && *primary == Json(true))
            kept[at->second]["primary"] = true;
    }
    items.as_array() = std::move(kept);
}

bool same_schema(const Json& named, std::string_view urn) { return named.is_string() && ascii::iequals(named.as_string(), urn); }

// Texts in the case that comparing them wants.
std::string comparable(const Attribute& attribute, const Json& value) {
    const std::string& text = value.as_string();
    return attribute.case_exact ? text : ascii::lower(text);
}

bool compare(const Attribute& attribute, Op op, const Json* found, const Json& wanted) {
    if (op == Op::pr) return found != nullptr;
    if (wanted.is_null()) return (op == Op::eq) == (found == nullptr);
    if (found == nullptr) return op == Op::ne;
    if (found->kind() != wanted.kind() || !(found->is_string() || found->kind() == Json::Kind::boolean))
        throw invalid_filter(std::string(attribute.name) + " is compared with a value of another kind");
    if (found->kind() == Json::Kind::boolean) {
        if (op == Op::eq) return *found == wanted;
        if (op == Op::ne) return *found != wanted;
        throw invalid_filter("true and false have no order");
    }
    const std::string a = comparable(attribute, *found), b = comparable(attribute, wanted);
    switch (op) {
    case Op::eq: return a == b;
    case Op::ne: return a != b;
    case Op::co: return a.find(b) != std::string::npos;
    case Op::sw: return a.starts_with(b);
    case Op::ew: return a.ends_with(b);
    case Op::gt: return a > b;
    case Op::ge: return a >= b;
    case Op::lt: return a < b;
    case Op::le: return a <= b;
    case Op::pr: break;
    }
    return true;
}

std::vector<Place> places(const ResourceType& type, std::string_view list) {
    std::vector<Place> out;
    for (const auto part : ascii::split(list, ',')) {
        const auto name = ascii::trim(part);
        if (name.empty()) continue;
        const PatchPath path = parse_path(name);
        if (path.items) throw invalid_value("attributes are named without filters");
        if (const auto place = resolve(type, path.attribute)) out.push_back(*place);
    }
    return out;
}

} // namespace

std::string id_as_kept(const std::string& text) {
    const auto id = Uuid::parse(text);
    return id ? id->to_string() : text;
}

Json clean(const Attribute& attribute, const Json& value, Mode mode) {
    if (nothing(value) || is_emptied(attribute, value, mode)) return {};
    if (!attribute.multi) return clean_one(attribute, value, mode);
    if (!value.is_array()) {
        if (!value.is_object() || mode == Mode::strict) wrong_kind(attribute, "a list");
        return clean(attribute, Json::array({value}), mode); // one in place of a list of one
    }
    Json out = Json::array();
    if (value.size() > most_items) throw too_many(std::string(attribute.name) + " has more than 10,000 items");
    for (const Json& item : value.as_array()) {
        Json cleaned = clean_one(attribute, item, mode);
        if (!nothing(cleaned)) out.push_back(std::move(cleaned));
    }
    if (mode != Mode::strict) drop_repeated(attribute, out);
    return nothing(out) ? Json() : out;
}

Json clean_resource(const ResourceType& type, const Json& resource, Mode mode) {
    if (!resource.is_object()) throw invalid_syntax("The resource must be an object");
    const Json* named = nullptr;
    Json out = Json::object();
    for (const auto& [name, value] : resource.as_object()) {
        if (ascii::iequals(name, "schemas")) {
            named = &value;
            continue;
        }
        if (type.extension != nullptr && ascii::iequals(name, type.extension->urn)) {
            if (nothing(value)) continue;
            if (!value.is_object()) throw invalid_value(name + " must be an object");
            Json extension = Json::object();
            for (const auto& [inner, member] : value.as_object())
                if (const auto place = resolve(type, {std::string(type.extension->urn), inner, ""}); place && place->attribute != nullptr)
                    put_once(extension, *place->attribute, clean(*place->attribute, member, mode));
            if (!nothing(extension)) out[type.extension->urn] = std::move(extension);
            continue;
        }
        const auto place = resolve(type, {"", name, ""});
        if (!place || place->attribute->mutability == Mutability::read_only) continue; // RFC 7644 section 3.3
        put_once(out, *place->attribute, clean(*place->attribute, value, mode));
    }
    const bool listed = named != nullptr && named->is_array() &&
                        std::any_of(named->as_array().begin(), named->as_array().end(), [&](const Json& urn) { return same_schema(urn, type.core->urn); });
    if (!listed) throw invalid_value("schemas must name " + std::string(type.core->urn));
    for (const Attribute& attribute : type.core->attributes)
        if (attribute.required && out.find(attribute.name) == nullptr) throw invalid_value(std::string(attribute.name) + " is required");
    return out;
}

bool matches(const Attribute& attribute, const Filter& filter, const Json& item) {
    switch (filter.kind) {
    case Filter::Kind::both:
        return std::all_of(filter.parts.begin(), filter.parts.end(), [&](const Filter& part) { return matches(attribute, part, item); });
    case Filter::Kind::either:
        return std::any_of(filter.parts.begin(), filter.parts.end(), [&](const Filter& part) { return matches(attribute, part, item); });
    case Filter::Kind::negated: return !matches(attribute, filter.parts.front(), item);
    case Filter::Kind::items: throw invalid_filter("There are no items in an item");
    case Filter::Kind::compare: break;
    }
    const Attribute* const sub = filter.path.urn.empty() && filter.path.sub.empty() ? attribute.find(filter.path.name) : nullptr;
    if (sub == nullptr) throw invalid_filter(std::string(attribute.name) + " has no " + filter.path.name);
    return compare(*sub, filter.op, item.find(sub->name), filter.value);
}

Shown::Shown(const ResourceType& type, std::string_view attributes, std::string_view excluded)
    : type_(type), only_(places(type, attributes)), without_(places(type, excluded)), only_some_(!ascii::trim(attributes).empty()) {
    if (only_some_ && !ascii::trim(excluded).empty()) throw invalid_value("attributes and excludedAttributes do not go together");
}

// An attribute is shown with a sub-attribute of it that is asked for, and hidden only as a whole.
bool Shown::shows(const Schema& schema, const Attribute& attribute, const Attribute* sub) const {
    if (attribute.returned == Returned::always) return true;
    const auto same = [&](const Place& p) { return p.schema == &schema && (p.attribute == nullptr || p.attribute == &attribute); };
    if (only_some_)
        return std::any_of(only_.begin(), only_.end(), [&](const Place& p) { return same(p) && (sub == nullptr || p.sub == nullptr || p.sub == sub); });
    return std::none_of(without_.begin(), without_.end(), [&](const Place& p) { return same(p) && p.sub == sub; });
}

bool Shown::shows(std::string_view attribute) const {
    const auto place = resolve(type_, {"", std::string(attribute), ""});
    return place && shows(*place->schema, *place->attribute, nullptr);
}

Json Shown::cut(Json resource) const {
    if (!only_some_ && without_.empty()) return resource;
    const auto cut_complex = [&](const Schema& schema, const Attribute& attribute, const Json& value) {
        Json out = Json::object();
        for (const auto& [name, member] : value.as_object())
            if (const Attribute* const sub = attribute.find(name); sub != nullptr && shows(schema, attribute, sub)) out[name] = member;
        return out;
    };
    const auto cut_one = [&](const Schema& schema, const Attribute& attribute, const Json& value) {
        if (attribute.kind != Kind::complex) return value;
        if (!attribute.multi) return cut_complex(schema, attribute, value);
        Json list = Json::array();
        for (const Json& item : value.as_array()) list.push_back(cut_complex(schema, attribute, item));
        return list;
    };
    const auto shows_inside = [&](const std::string& extension, const std::string& name) {
        const auto place = resolve(type_, {extension, name, ""});
        return place && place->attribute != nullptr && shows(*place->schema, *place->attribute, nullptr);
    };
    Json out = Json::object();
    for (const auto& [name, value] : resource.as_object()) {
        if (type_.extension != nullptr && name == type_.extension->urn) {
            Json inner = Json::object();
            for (const auto& [key, member] : value.as_object())
                if (shows_inside(name, key)) inner[key] = member;
            if (!nothing(inner)) out[name] = std::move(inner);
            continue;
        }
        const auto place = resolve(type_, {"", name, ""});
        if (place && shows(*place->schema, *place->attribute, nullptr)) out[name] = cut_one(*place->schema, *place->attribute, value);
    }
    return out;
}

} // namespace gravity::user::scim
