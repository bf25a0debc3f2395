#include "scim_patch.hpp"

#include "scim_error.hpp"

#include <gravity/base/ascii.hpp>

#include <algorithm>
#include <string>
#include <unordered_set>

namespace gravity::user::scim {
namespace {

constexpr std::string_view patch_urn = "urn:ietf:params:scim:api:messages:2.0:PatchOp";
constexpr std::size_t most_operations = 1000, few_members = 8;

enum class Verb {
    add,
    replace,
    remove
};

const Json* any_member(const Json& object, std::string_view name) { // whatever its case
    for (const auto& [key, value] : object.as_object())
        if (ascii::iequals(key, name)) return &value;
    return nullptr;
}

bool is_primary(const Json& item) {
    const Json* const primary = item.find("primary");
    return primary != nullptr && *primary == Json(true);
}

// What makes two items one: members by their value, others by all they have.
bool same_item(const Attribute& attribute, const Json& a, const Json& b) {
    if (attribute.name == "members" && a.find("value") != nullptr && b.find("value") != nullptr) return *a.find("value") == *b.find("value");
    return a == b;
}

// One address is kept once, whatever is told of it.
bool same_address(const Attribute& attribute, const Json& a, const Json& b) {
    if (attribute.name != "emails" && attribute.name != "phoneNumbers") return false;
    const Json* const one = a.find("value");
    const Json* const other = b.find("value");
    return one != nullptr && other != nullptr && ascii::iequals(one->as_string(), other->as_string());
}

// Attributes of RFC 7643 that are kept nowhere here: a directory that is asked for no more than the standard's names gets on without them.
bool is_left_out(const PatchPath& path, const std::optional<Place>& place) {
    constexpr std::string_view names[] = {"ims", "photos", "entitlements", "roles", "x509Certificates", "password"};
    if (place) return place->attribute != nullptr && ascii::iequals(path.sub, "display") && place->attribute->find(path.sub) == nullptr;
    return std::any_of(std::begin(names), std::end(names), [&](std::string_view name) { return ascii::iequals(name, path.attribute.name); });
}

// Entra ID: `roles[primary eq "True"]`.
Filter with_booleans(const Attribute& attribute, Filter filter) {
    for (Filter& part : filter.parts) part = with_booleans(attribute, std::move(part));
    const Attribute* const sub = attribute.find(filter.path.name);
    if (sub == nullptr || sub->kind != Kind::boolean || !filter.value.is_string()) return filter;
    if (ascii::iequals(filter.value.as_string(), "true"))
        filter.value = true;
    else if (ascii::iequals(filter.value.as_string(), "false"))
        filter.value = false;
    return filter;
}

// Ids are kept in lower case, and are told in either.
Filter with_ids(Filter filter) {
    for (Filter& part : filter.parts) part = with_ids(std::move(part));
    if (ascii::iequals(filter.path.name, "value") && filter.value.is_string()) filter.value = id_as_kept(filter.value.as_string());
    return filter;
}

class Patcher {
public:
    Patcher(const ResourceType& type, Json resource, Mode mode) : type_(type), resource_(std::move(resource)), mode_(mode) {}

    void apply(const Json& operation) {
        if (!operation.is_object()) throw invalid_syntax("An operation must be an object");
        const Json* const op = any_member(operation, "op");
        const Json* const path = any_member(operation, "path");
        const Json* const value = any_member(operation, "value");
        if (op == nullptr || !op->is_string()) throw invalid_syntax("An operation must have an op");
        const Verb verb = verb_of(op->as_string());
        if (verb != Verb::remove && value == nullptr) throw invalid_syntax("add and replace must have a value");
        if (path == nullptr || path->is_null()) {
            if (verb == Verb::remove) throw no_target("remove must have a path");
            return apply_members(verb, *value);
        }
        if (!path->is_string()) throw invalid_path("The path must be a text");
        static const Json none;
        apply_at(verb, parse_path(path->as_string()), value == nullptr ? none : *value);
    }

    Json take() && { return std::move(resource_); }

private:
    Verb verb_of(std::string_view op) const {
        const std::string lower = ascii::lower(op);
        if (lower != op && mode_ == Mode::strict) throw invalid_syntax("op must be add, replace or remove"); // section 3.5.2 writes them so
        if (lower == "add") return Verb::add;
        if (lower == "replace") return Verb::replace;
        if (lower == "remove") return Verb::remove;
        throw invalid_syntax("op must be add, replace or remove");
    }

    // Without a path the value says by its members what is meant.
    void apply_members(Verb verb, const Json& value) {
        if (!value.is_object()) throw invalid_syntax("Without a path the value must be an object");
        for (const auto& [name, one] : value.as_object()) {
            if (ascii::iequals(name, "schemas")) continue;
            if (type_.extension != nullptr && ascii::iequals(name, type_.extension->urn)) {
                apply_extension(verb, one);
                continue;
            }
            const PatchPath path = parse_path(name);
            const auto place = resolve(type_, path.attribute);
            if (mode_ == Mode::okta && place && place->attribute != nullptr && place->attribute->mutability == Mutability::read_only) continue;
            apply_at(verb, path, one);
        }
    }
    void apply_extension(Verb verb, const Json& value) {
        const std::string urn(type_.extension->urn);
        if (verb == Verb::remove || value.is_null()) {
            resource_.as_object().erase(urn);
            return;
        }
        if (!value.is_object()) throw invalid_value(urn + " must be an object");
        for (const auto& [name, one] : value.as_object())
            if (!ascii::iequals(name, "schemas")) apply_at(verb, {{urn, name, ""}, {}, ""}, one);
    }

    void apply_at(Verb verb, PatchPath path, const Json& value) {
        const auto place = resolve(type_, path.attribute);
        if (mode_ != Mode::strict && is_left_out(path, place)) return;
        if (!place) throw invalid_path("There is no such attribute: " + path.attribute.name);
        if (place->attribute == nullptr) return apply_extension(verb, value);
        const Attribute& attribute = *place->attribute;
        const Attribute* sub = place->sub;
        if (mode_ == Mode::entra && path.items) path.items = with_booleans(attribute, *std::move(path.items));
        if (attribute.name == "members" && path.items) path.items = with_ids(*std::move(path.items));
        if (!path.sub.empty() && (sub = attribute.find(path.sub)) == nullptr) throw invalid_path(std::string(attribute.name) + " has no " + path.sub);
        if (attribute.mutability == Mutability::read_only || (sub != nullptr && sub->mutability != Mutability::read_write))
            throw not_mutable(std::string(sub != nullptr ? sub->name : attribute.name) + " does not change");
        if (verb == Verb::remove && attribute.required && sub == nullptr) throw not_mutable(std::string(attribute.name) + " is required");
        if (path.items && !attribute.multi) throw invalid_path(std::string(attribute.name) + " has no items");

        const bool core = place->schema == type_.core;
        Json& holder = core ? resource_ : resource_[place->schema->urn];
        if (holder.is_null()) holder = Json::object();
        if (attribute.multi)
            change_items(verb, holder, attribute, path.items, sub, value);
        else if (sub != nullptr)
            change_sub(verb, holder, attribute, *sub, value);
        else
            change_one(verb, holder, attribute, value);
        if (!core && resource_[place->schema->urn].size() == 0) resource_.as_object().erase(std::string(place->schema->urn));
    }

    static void put(Json& holder, std::string_view name, Json value) {
        if (value.is_null())
            holder.as_object().erase(std::string(name));
        else
            holder[name] = std::move(value);
    }

    void change_one(Verb verb, Json& holder, const Attribute& attribute, const Json& value) {
        Json cleaned = verb == Verb::remove ? Json() : clean(attribute, value, mode_);
        if (cleaned.is_null() && verb != Verb::remove && value.is_string() && !value.as_string().empty()) return; // what was passed over changes nothing
        const Json* const before = holder.find(attribute.name);
        if (attribute.kind == Kind::complex && before != nullptr && !cleaned.is_null()) {
            Json whole = *before;
            tell(whole, attribute, std::move(cleaned), value);
            cleaned = std::move(whole);
        }
        if (cleaned.is_object() && cleaned.size() == 0) cleaned = Json();
        if (cleaned.is_null() && attribute.required) throw invalid_value(std::string(attribute.name) + " is required");
        put(holder, attribute.name, std::move(cleaned));
    }
    // What is not told of a complex value stays; what is told to be nothing goes (RFC 7643 section 2.5).
    static void tell(Json& whole, const Attribute& attribute, Json cleaned, const Json& value) {
        if (value.is_object())
            for (const auto& [name, told] : value.as_object())
                if (const Attribute* sub = attribute.find(name); sub != nullptr && sub->mutability == Mutability::read_write) put(whole, sub->name, Json());
        for (auto& [name, one] : cleaned.as_object()) whole[name] = std::move(one);
    }
    void change_sub(Verb verb, Json& holder, const Attribute& attribute, const Attribute& sub, const Json& value) {
        Json whole = holder.find(attribute.name) != nullptr ? *holder.find(attribute.name) : Json::object();
        put(whole, sub.name, verb == Verb::remove ? Json() : clean(sub, value, mode_));
        put(holder, attribute.name, whole.size() == 0 ? Json() : std::move(whole));
    }

    void change_items(Verb verb, Json& holder, const Attribute& attribute, const std::optional<Filter>& filter, const Attribute* sub, const Json& value) {
        Json items = holder.find(attribute.name) != nullptr ? *holder.find(attribute.name) : Json::array();
        auto& list = items.as_array();
        if (!filter && sub == nullptr)
            change_list(verb, list, attribute, value);
        else
            change_some(verb, list, attribute, filter, sub, value);
        put(holder, attribute.name, list.empty() ? Json() : std::move(items));
    }

    // The attribute as a whole.
    void change_list(Verb verb, Json::Array& list, const Attribute& attribute, const Json& value) {
        if (verb == Verb::remove && value.is_null()) return list.clear();
        Json wanted = value;
        if (verb != Verb::replace && wanted.is_object()) wanted = Json::array({value}); // one may stand for a list of one
        const Json cleaned = clean(attribute, wanted, mode_);
        if (verb == Verb::replace) list.clear();
        if (cleaned.is_null()) return;
        if (attribute.name == "members" && cleaned.size() > few_members) return change_members(verb, list, cleaned.as_array());
        for (const Json& item : cleaned.as_array()) {
            const auto there = std::find_if(list.begin(), list.end(), [&](const Json& one) { return same_item(attribute, one, item); });
            if (verb == Verb::remove) {
                if (there != list.end()) list.erase(there);
            } else if (there == list.end() && !(verb == Verb::add && adds_to_address(list, attribute, item))) {
                list.push_back(item);
                if (verb == Verb::add) keep_one_primary(list, list.size() - 1);
            }
        }
    }

    // What is told of an address that is there counts from now on: its type, or that it is the primary one.
    static bool adds_to_address(Json::Array& list, const Attribute& attribute, const Json& item) {
        for (std::size_t i = 0; i < list.size(); ++i) {
            if (!same_address(attribute, list[i], item)) continue;
            for (const auto& [name, told] : item.as_object()) list[i][name] = told;
            keep_one_primary(list, i);
            return true;
        }
        return false;
    }

    // As change_list does, looked up by their value: there may be thousands to put among thousands.
    static void change_members(Verb verb, Json::Array& list, const Json::Array& wanted) {
        const auto value_of = [](const Json& one) {
            const Json* const value = one.find("value");
            return value == nullptr ? std::string() : value->as_string();
        };
        std::unordered_set<std::string> known;
        for (const Json& one : verb == Verb::remove ? wanted : list) known.insert(value_of(one));
        if (verb == Verb::remove) {
            std::erase_if(list, [&](const Json& one) { return known.contains(value_of(one)); });
            return;
        }
        for (const Json& one : wanted)
            if (known.insert(value_of(one)).second) list.push_back(one);
    }

    // Some of its items, or a sub-attribute of them.
    void change_some(Verb verb, Json::Array& list, const Attribute& attribute, const std::optional<Filter>& filter, const Attribute* sub, const Json& value) {
        const auto wanted = [&](const Json& item) { return !filter || matches(attribute, *filter, item); };
        if (verb == Verb::remove && sub == nullptr) {
            std::erase_if(list, wanted);
            return;
        }
        bool found = false;
        for (std::size_t i = 0; i < list.size(); ++i) {
            if (!wanted(list[i])) continue;
            found = true;
            change_item(verb, list[i], attribute, sub, value);
            if (is_primary(list[i])) keep_one_primary(list, i);
        }
        // Directories take an address away by its value.
        const bool by_value = mode_ != Mode::strict && sub != nullptr && sub->name == "value";
        std::erase_if(list, [&](const Json& item) { return item.size() == 0 || (by_value && item.find("value") == nullptr); });
        if (found || verb == Verb::remove) return;
        if (mode_ != Mode::entra || !filter) {
            if (filter || verb == Verb::replace) throw no_target("No item of " + std::string(attribute.name) + " is let through by the filter");
            return;
        }
        Json made = fitting(attribute, *filter);
        change_item(verb, made, attribute, sub, value);
        if (sub != nullptr && made.find(sub->name) == nullptr) return; // it was told to be nothing
        list.push_back(std::move(made));
        keep_one_primary(list, list.size() - 1);
    }
    void change_item(Verb verb, Json& item, const Attribute& attribute, const Attribute* sub, const Json& value) {
        if (sub != nullptr) return put(item, sub->name, verb == Verb::remove ? Json() : clean(*sub, value, mode_));
        Attribute one = attribute;
        one.multi = false;
        Json cleaned = clean(one, value, mode_);
        if (!cleaned.is_null()) tell(item, attribute, std::move(cleaned), value);
    }

    // The item that a filter of equalities would let through: `emails[type eq "work"].value`, where there is none for work yet.
    static Json fitting(const Attribute& attribute, const Filter& filter) {
        Json item = Json::object();
        const auto add = [&](const Filter& part) {
            const Attribute* const sub = attribute.find(part.path.name);
            if (part.kind != Filter::Kind::compare || part.op != Op::eq || sub == nullptr) throw no_target("No item can be made that the filter lets through");
            item[sub->name] = part.value;
        };
        if (filter.kind == Filter::Kind::both)
            for (const Filter& part : filter.parts) add(part);
        else
            add(filter);
        return item;
    }

    static void keep_one_primary(Json::Array& list, std::size_t which) {
        if (!is_primary(list[which])) return;
        for (std::size_t i = 0; i < list.size(); ++i)
            if (i != which && is_primary(list[i])) list[i]["primary"] = false;
    }

    const ResourceType& type_;
    Json resource_;
    Mode mode_;
};

} // namespace

Json patched(const ResourceType& type, Json resource, const Json& message, Mode mode) {
    if (!message.is_object()) throw invalid_syntax("The message must be an object");
    const Json* const urns = any_member(message, "schemas");
    const bool named = urns != nullptr && urns->is_array() && std::any_of(urns->as_array().begin(), urns->as_array().end(), [](const Json& urn) {
                           return urn.is_string() && ascii::iequals(urn.as_string(), patch_urn);
                       });
    if (!named) throw invalid_syntax("schemas must name " + std::string(patch_urn));
    const Json* const operations = any_member(message, "Operations");
    if (operations == nullptr || !operations->is_array() || operations->size() == 0) throw invalid_syntax("There are no Operations");
    if (operations->size() > most_operations) throw too_many("There are more than 1,000 Operations");
    Patcher patcher(type, std::move(resource), mode);
    for (const Json& operation : operations->as_array()) patcher.apply(operation);
    return std::move(patcher).take();
}

} // namespace gravity::user::scim
