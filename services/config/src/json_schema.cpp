#include "json_schema.hpp"

#include <gravity/base/ascii.hpp>
#include <gravity/base/contact.hpp>
#include <gravity/base/pattern.hpp>
#include <gravity/base/time.hpp>
#include <gravity/base/utf8.hpp>
#include <gravity/base/uuid.hpp>
#include <gravity/http/message.hpp>

#include <algorithm>
#include <arpa/inet.h>
#include <cmath>
#include <map>
#include <optional>
#include <set>
#include <string_view>
#include <utility>

namespace gravity::config {

/// A schema within the schema: what it says of a value. Others are named by their place in the list of all.
struct SchemaNode {
    using Index = std::size_t;
    using Optional = std::optional<Index>;

    std::optional<bool> verdict; // of `true` and `false`
    Optional reference;          // all that stands beside it says nothing (core, section 8.3)
    unsigned types = ~0U;
    std::string type_text;
    std::optional<Json> constant;
    std::optional<std::vector<Json>> values; // of `enum`
    std::optional<Json> minimum, maximum, above, below, multiple;
    std::optional<std::size_t> min_length, max_length, min_items, max_items, min_properties, max_properties;
    std::optional<Pattern> pattern;
    std::string pattern_text;
    const struct SchemaFormat* format = nullptr;
    std::map<std::string, Index, std::less<>> properties;
    std::vector<std::pair<Pattern, Index>> pattern_properties;
    Optional other_properties, property_names;
    std::vector<std::string> required;
    std::map<std::string, std::vector<std::string>> dependent_names;
    std::map<std::string, Index> dependent_schemas;
    Optional every_item;
    std::vector<Index> items;
    bool items_are_a_list = false;
    Optional other_items, contains;
    bool unique = false;
    std::vector<Index> all_of, any_of, one_of;
    Optional negated, condition, then, otherwise;
};

struct SchemaNodes {
    std::vector<SchemaNode> list;
    std::size_t root = 0;
};

struct SchemaFormat {
    std::string_view name;
    bool (*holds)(const std::string&);
    std::string_view says;
};

namespace {

using Nodes = SchemaNodes;
using Index = SchemaNode::Index;

constexpr std::size_t most_pattern_bytes = 500;
constexpr std::size_t deepest_check = 64; // schemas that a value is held against within one another

// The types of JSON Schema; a value is of one of them, and an integer is a number too.
enum TypeBit : unsigned {
    null_bit = 1,
    boolean_bit = 2,
    integer_bit = 4,
    number_bit = 8,
    string_bit = 16,
    array_bit = 32,
    object_bit = 64
};
constexpr std::pair<std::string_view, unsigned> type_bits[] = {
    {"null", null_bit},
    {"boolean", boolean_bit},
    {"integer", integer_bit},
    {"number", number_bit | integer_bit},
    {"string", string_bit},
    {"array", array_bit},
    {"object", object_bit},
};

bool is_whole_number(double number) { return std::isfinite(number) && std::floor(number) == number; }

unsigned type_bit_of(const Json& value) {
    switch (value.kind()) {
    case Json::Kind::null: return null_bit;
    case Json::Kind::boolean: return boolean_bit;
    case Json::Kind::integer: return integer_bit;
    case Json::Kind::number: return is_whole_number(value.as_number()) ? integer_bit : number_bit; // 1.0 is an integer (validation, section 6.1.1)
    case Json::Kind::string: return string_bit;
    case Json::Kind::array: return array_bit;
    case Json::Kind::object: return object_bit;
    }
    return 0;
}

/// One form for what JSON Schema takes for equal: 1 and 1.0.
Json normal_form(const Json& value) {
    constexpr double exact = 9007199254740992.0; // 2^53
    if (value.kind() == Json::Kind::number && is_whole_number(value.as_number()) && std::fabs(value.as_number()) <= exact)
        return static_cast<std::int64_t>(value.as_number());
    if (value.is_array()) {
        Json out = Json::array();
        for (const Json& item : value.as_array()) out.push_back(normal_form(item));
        return out;
    }
    if (value.is_object()) {
        Json out = Json::object();
        for (const auto& [name, member] : value.as_object()) out[name] = normal_form(member);
        return out;
    }
    return value;
}

bool is_number_kind(const Json& value) { return value.kind() == Json::Kind::integer || value.kind() == Json::Kind::number; }

// Integers by their value, which a double need not hold.
bool is_less(const Json& a, const Json& b) {
    if (a.kind() == Json::Kind::integer && b.kind() == Json::Kind::integer) return a.as_integer() < b.as_integer();
    return a.as_number() < b.as_number();
}

bool is_multiple(const Json& value, const Json& of) {
    if (value.kind() == Json::Kind::integer && of.kind() == Json::Kind::integer) return value.as_integer() % of.as_integer() == 0;
    const double quotient = value.as_number() / of.as_number();
    if (!std::isfinite(quotient)) return false;
    return std::fabs(quotient - std::round(quotient)) <= 1e-9 * std::max(1.0, std::fabs(quotient)); // 0.0075 is a multiple of 0.0001, which no double says
}

// ---- formats

template <class T>
bool parses_as(const std::string& text) {
    return bool(T::parse(text));
}

bool is_address(int family, const std::string& text) {
    in6_addr address{}; // the larger of both
    return inet_pton(family, text.c_str(), &address) == 1;
}
bool is_ipv4(const std::string& text) { return is_address(AF_INET, text); }
bool is_ipv6(const std::string& text) { return is_address(AF_INET6, text); }

bool is_host_label(std::string_view label) {
    const auto fits = [](char c) { return ascii::is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-'; };
    return !label.empty() && label.size() <= 63 && label.front() != '-' && label.back() != '-' && std::all_of(label.begin(), label.end(), fits);
}

bool is_hostname(const std::string& text) { // RFC 1123 section 2.1
    if (text.size() > 253) return false;
    std::string_view rest(text);
    for (;;) {
        const auto dot = rest.find('.');
        if (!is_host_label(rest.substr(0, dot))) return false;
        if (dot == std::string_view::npos) return true;
        rest.remove_prefix(dot + 1);
    }
}

bool is_regex(const std::string& text) { return text.size() <= most_pattern_bytes && bool(Pattern::parse(text)); }

constexpr SchemaFormat schema_formats[] = {
    {"date", parses_as<Date>, "must be a day such as 2026-11-27"},
    {"date-time", parses_as<Timestamp>, "must be a moment such as 2026-11-27T12:00:00Z"},
    {"email", parses_as<Email>, "must be an e-mail address"},
    {"hostname", is_hostname, "must be a host name"},
    {"ipv4", is_ipv4, "must be an IPv4 address"},
    {"ipv6", is_ipv6, "must be an IPv6 address"},
    {"regex", is_regex, "must be a regular expression of RE2"},
    {"uri", parses_as<Url>, "must be an absolute http or https URL"},
    {"uuid", parses_as<Uuid>, "must be a UUID"},
};

// ---- holding a value against it

class Checking {
public:
    Checking(const Nodes& nodes, SchemaBudget& budget, std::vector<SchemaFault>& faults) : nodes_(nodes), budget_(budget), faults_(faults) {}

    bool holds(Index index, const Json& value, bool tells) {
        if (exhausted_) return false;
        if (depth_ >= deepest_check || !budget_.take()) {
            exhausted_ = true;
            faults_.push_back({key_,
                               depth_ >= deepest_check ? "is held against schemas that refer too deeply" : "takes more steps to check than there may be"});
            return false;
        }
        ++depth_;
        const bool held = holds(nodes_.list[index], value, tells);
        --depth_;
        return held;
    }

private:
    /// A step into the value, for the place of a fault.
    class Into {
    public:
        Into(std::string& key, std::string_view name) : key_(key), length_(key.size()) {
            if (!key_.empty()) key_ += '.';
            key_ += name;
        }
        Into(std::string& key, std::size_t place) : key_(key), length_(key.size()) { key_.append("[").append(std::to_string(place)).append("]"); }
        ~Into() { key_.resize(length_); }
        Into(const Into&) = delete;
        Into& operator=(const Into&) = delete;

    private:
        std::string& key_;
        std::size_t length_;
    };

    bool fail(bool tells, std::string detail) {
        if (tells && faults_.size() < JsonSchema::most_faults) faults_.push_back({key_, std::move(detail)});
        return false;
    }
    bool holds_if(const SchemaNode::Optional& index, const Json& value, bool tells) { return !index || holds(*index, value, tells); }

    bool holds(const SchemaNode& node, const Json& value, bool tells) {
        if (node.verdict) return *node.verdict || fail(tells, "must not be there");
        if (node.reference) return holds(*node.reference, value, tells);
        if ((node.types & type_bit_of(value)) == 0) return fail(tells, "must be " + node.type_text);
        bool held = true;
        if (node.constant && normal_form(value) != *node.constant) held = fail(tells, "must be " + shortly(*node.constant));
        if (node.values) held &= is_among(*node.values, value, tells);
        if (is_number_kind(value)) held &= number(node, value, tells);
        if (value.is_string()) held &= text(node, value.as_string(), tells);
        if (value.is_array()) held &= list(node, value.as_array(), tells);
        if (value.is_object()) held &= object(node, value, tells);
        held &= combined(node, value, tells);
        return held;
    }

    static std::string shortly(const Json& value) {
        std::string text = value.dump();
        return text.size() <= 200 ? text : "what the schema says";
    }
    bool is_among(const std::vector<Json>& values, const Json& value, bool tells) {
        if (std::find(values.begin(), values.end(), normal_form(value)) != values.end()) return true;
        if (!tells) return false;
        std::string all;
        for (const Json& one : values) all += (all.empty() ? "" : ", ") + one.dump();
        return fail(tells, all.size() <= 500 ? "must be one of " + all : "must be one of " + std::to_string(values.size()) + " values");
    }
    bool number(const SchemaNode& node, const Json& value, bool tells) {
        bool held = true;
        if (node.minimum && is_less(value, *node.minimum)) held = fail(tells, "must be at least " + node.minimum->dump());
        if (node.maximum && is_less(*node.maximum, value)) held = fail(tells, "must be at most " + node.maximum->dump());
        if (node.above && !is_less(*node.above, value)) held = fail(tells, "must be more than " + node.above->dump());
        if (node.below && !is_less(value, *node.below)) held = fail(tells, "must be less than " + node.below->dump());
        if (node.multiple && !is_multiple(value, *node.multiple)) held = fail(tells, "must be a multiple of " + node.multiple->dump());
        return held;
    }
    bool text(const SchemaNode& node, const std::string& text, bool tells) {
        bool held = true;
        if (node.min_length || node.max_length) held = within(utf8::count(text), node.min_length, node.max_length, "characters", tells);
        if (node.pattern && !node.pattern->finds_in(text)) held = fail(tells, "must match " + node.pattern_text);
        if (node.format != nullptr && !node.format->holds(text)) held = fail(tells, std::string(node.format->says));
        return held;
    }
    bool within(std::size_t count, const std::optional<std::size_t>& least, const std::optional<std::size_t>& most, const std::string& of, bool tells) {
        if (least && count < *least) return fail(tells, "must have at least " + std::to_string(*least) + " " + of);
        if (most && count > *most) return fail(tells, "must have at most " + std::to_string(*most) + " " + of);
        return true;
    }
    bool list(const SchemaNode& node, const Json::Array& list, bool tells) {
        bool held = within(list.size(), node.min_items, node.max_items, "items", tells);
        std::set<std::string> seen;
        for (std::size_t i = 0; i < list.size() && !exhausted_; ++i) {
            const Into into(key_, i);
            if (!node.items_are_a_list)
                held &= holds_if(node.every_item, list[i], tells);
            else
                held &= i < node.items.size() ? holds(node.items[i], list[i], tells) : holds_if(node.other_items, list[i], tells);
            if (node.unique && !seen.insert(normal_form(list[i]).dump()).second) held = fail(tells, "is there twice");
            if (!held && !tells) return false;
        }
        const auto contained = [&](const Json& item) { return holds(*node.contains, item, false); };
        if (node.contains && std::none_of(list.begin(), list.end(), contained)) held = fail(tells, "must have an item such as the schema says");
        return held;
    }
    bool object(const SchemaNode& node, const Json& object, bool tells) {
        bool held = within(object.size(), node.min_properties, node.max_properties, "members", tells);
        for (const std::string& name : node.required) held &= has(object, name, tells);
        for (const auto& [name, member] : object.as_object()) {
            if (exhausted_ || (!held && !tells)) return false;
            held &= property(node, name, member, tells);
        }
        for (const auto& [name, others] : node.dependent_names)
            if (object.find(name) != nullptr)
                for (const std::string& other : others) held &= has(object, other, tells);
        for (const auto& [name, schema] : node.dependent_schemas)
            if (object.find(name) != nullptr) held &= holds(schema, object, tells);
        return held;
    }
    bool has(const Json& object, const std::string& name, bool tells) {
        if (object.find(name) != nullptr) return true;
        const Into into(key_, name);
        return fail(tells, "is required");
    }
    bool property(const SchemaNode& node, const std::string& name, const Json& member, bool tells) {
        const Into into(key_, name);
        bool held = holds_if(node.property_names, Json(name), tells), known = false;
        if (const auto found = node.properties.find(name); found != node.properties.end()) {
            known = true;
            held &= holds(found->second, member, tells);
        }
        for (const auto& [pattern, schema] : node.pattern_properties) {
            if (!pattern.finds_in(name)) continue;
            known = true;
            held &= holds(schema, member, tells);
        }
        if (!known) held &= holds_if(node.other_properties, member, tells);
        return held;
    }
    bool combined(const SchemaNode& node, const Json& value, bool tells) {
        bool held = true;
        for (const Index one : node.all_of) held &= holds(one, value, tells);
        const auto fits = [&](Index one) { return holds(one, value, false); };
        if (!node.any_of.empty() && std::none_of(node.any_of.begin(), node.any_of.end(), fits)) held = fail(tells, "must be as one of the schemas of anyOf");
        if (!node.one_of.empty() && std::count_if(node.one_of.begin(), node.one_of.end(), fits) != 1)
            held = fail(tells, "must be as exactly one of the schemas of oneOf");
        if (node.negated && holds(*node.negated, value, false)) held = fail(tells, "must not be as the schema of not");
        if (node.condition) held &= holds_if(holds(*node.condition, value, false) ? node.then : node.otherwise, value, tells);
        return held && !exhausted_;
    }

    const Nodes& nodes_;
    SchemaBudget& budget_;
    std::vector<SchemaFault>& faults_;
    std::string key_;
    std::size_t depth_ = 0;
    bool exhausted_ = false; // what is said from then on counts for nothing
};

// ---- reading it

class SchemaReader {
public:
    SchemaReader(const Json& whole, Nodes& nodes, meta::Errors& errors) : whole_(whole), nodes_(nodes), errors_(errors) {}

    Index root() {
        const Index index = read(whole_);
        follow_references();
        return index;
    }

private:
    /// Each place of the schema is read once, however often it is referred to.
    Index read(const Json& schema) {
        if (const auto known = known_.find(&schema); known != known_.end()) return known->second;
        const Index index = nodes_.list.size();
        nodes_.list.emplace_back();
        known_[&schema] = index;
        if (index == JsonSchema::most_schemas) errors_.reject("", "is one schema too many: at most 1000 within one");
        if (index >= JsonSchema::most_schemas) return index;
        if (level_ >= deepest_check) {
            errors_.reject("", "is within too many schemas");
            return index;
        }
        ++level_;
        SchemaNode node;
        if (schema.kind() == Json::Kind::boolean)
            node.verdict = schema.as_bool();
        else if (!schema.is_object())
            errors_.reject("", "must be a schema: an object, true or false");
        else if (const Json* reference = schema.find("$ref"))
            read_reference(node, schema, *reference);
        else
            for (const auto& [keyword, value] : schema.as_object()) {
                const meta::Errors::Step at(errors_, keyword);
                read_keyword(node, keyword, value, &schema == &whole_);
            }
        nodes_.list[index] = std::move(node);
        --level_;
        return index;
    }

    // Referred to may be a place that no keyword leads to.
    void read_reference(SchemaNode& node, const Json& schema, const Json& reference) {
        {
            const meta::Errors::Step at(errors_, "$ref");
            const Json* target = reference.is_string() ? target_of(reference.as_string()) : nullptr;
            if (target == nullptr)
                errors_.reject("", "must be # and a JSON Pointer to a schema within this one");
            else
                node.reference = read(*target);
        }
        if (const Json* definitions = schema.find("definitions")) {
            const meta::Errors::Step at(errors_, "definitions");
            read_schemas(*definitions);
        }
    }
    const Json* target_of(const std::string& reference) const {
        if (reference.empty() || reference.front() != '#') return nullptr;
        const auto pointer = http::percent_decode(std::string_view(reference).substr(1)); // as the fragment of a URI it is encoded (RFC 6901 section 6)
        return pointer ? whole_.at_pointer(*pointer) : nullptr;
    }
    void follow_references() {
        for (Index begin = 0; begin < nodes_.list.size(); ++begin) {
            std::set<Index> passed;
            for (auto at = SchemaNode::Optional(begin); at && passed.size() <= nodes_.list.size(); at = nodes_.list[*at].reference)
                if (!passed.insert(*at).second) return errors_.reject("", "has a $ref that refers back to itself");
        }
    }

    void read_keyword(SchemaNode& node, const std::string& keyword, const Json& value, bool at_root) {
        if (keyword == "type") return read_types(node, value);
        if (keyword == "enum") return read_values(node, value);
        if (keyword == "const") return void(node.constant = normal_form(value));
        if (read_bound(node, keyword, value) || read_list_keyword(node, keyword, value) || read_object_keyword(node, keyword, value) ||
            read_combination(node, keyword, value))
            return;
        if (keyword == "pattern") return read_pattern(node, value);
        if (keyword == "format") return read_format(node, value);
        if (keyword == "definitions") return void(read_schemas(value));
        if (keyword == "$schema") {
            if (value != Json("http://json-schema.org/draft-07/schema#") && value != Json("http://json-schema.org/draft-07/schema"))
                errors_.reject("", "must be http://json-schema.org/draft-07/schema#");
            return;
        }
        if (keyword == "$id" && at_root) return;
        for (const std::string_view says_nothing : {"$comment", "title", "description", "default", "examples", "readOnly", "writeOnly"})
            if (keyword == says_nothing) return;
        if (!keyword.starts_with("x-")) errors_.reject("", "is a keyword that is not there");
    }

    bool read_bound(SchemaNode& node, const std::string& keyword, const Json& value) {
        const std::pair<std::string_view, std::optional<Json>*> numbers[] = {
            {"minimum", &node.minimum}, {"maximum", &node.maximum}, {"exclusiveMinimum", &node.above}, {"exclusiveMaximum", &node.below}};
        for (const auto& [name, place] : numbers)
            if (keyword == name) return read_number(*place, value);
        const std::pair<std::string_view, std::optional<std::size_t>*> counts[] = {
            {"minLength", &node.min_length},
            {"maxLength", &node.max_length},
            {"minItems", &node.min_items},
            {"maxItems", &node.max_items},
            {"minProperties", &node.min_properties},
            {"maxProperties", &node.max_properties}};
        for (const auto& [name, place] : counts)
            if (keyword == name) return read_count(*place, value);
        if (keyword != "multipleOf") return false;
        read_number(node.multiple, value);
        if (node.multiple && node.multiple->as_number() <= 0) errors_.reject("", "must be more than 0");
        return true;
    }
    bool read_list_keyword(SchemaNode& node, const std::string& keyword, const Json& value) {
        if (keyword == "items") {
            node.items_are_a_list = value.is_array();
            if (node.items_are_a_list)
                node.items = read_schemas(value);
            else
                node.every_item = read(value);
            return true;
        }
        if (keyword == "uniqueItems") {
            if (value.kind() != Json::Kind::boolean)
                errors_.reject("", "must be true or false");
            else
                node.unique = value.as_bool();
            return true;
        }
        return read_one(node.other_items, "additionalItems", keyword, value) || read_one(node.contains, "contains", keyword, value);
    }
    bool read_object_keyword(SchemaNode& node, const std::string& keyword, const Json& value) {
        if (keyword == "required") {
            node.required = read_names(value);
            return true;
        }
        if (keyword == "properties") {
            each_member(value, [&](const std::string& name, const Json& schema) { node.properties[name] = read(schema); });
            return true;
        }
        if (keyword == "patternProperties") {
            each_member(value, [&](const std::string& name, const Json& schema) {
                if (auto pattern = read_expression(name)) node.pattern_properties.emplace_back(*std::move(pattern), read(schema));
            });
            return true;
        }
        if (keyword == "dependencies") {
            each_member(value, [&](const std::string& name, const Json& dependency) {
                if (dependency.is_array())
                    node.dependent_names[name] = read_names(dependency);
                else
                    node.dependent_schemas[name] = read(dependency);
            });
            return true;
        }
        return read_one(node.other_properties, "additionalProperties", keyword, value) || read_one(node.property_names, "propertyNames", keyword, value);
    }
    bool read_combination(SchemaNode& node, const std::string& keyword, const Json& value) {
        const std::pair<std::string_view, std::vector<Index>*> lists[] = {{"allOf", &node.all_of}, {"anyOf", &node.any_of}, {"oneOf", &node.one_of}};
        for (const auto& [name, place] : lists) {
            if (keyword != name) continue;
            if (!value.is_array() || value.size() == 0)
                errors_.reject("", "must be a list of schemas");
            else
                *place = read_schemas(value);
            return true;
        }
        return read_one(node.negated, "not", keyword, value) || read_one(node.condition, "if", keyword, value) || read_one(node.then, "then", keyword, value) ||
               read_one(node.otherwise, "else", keyword, value);
    }

    bool read_one(SchemaNode::Optional& place, std::string_view name, const std::string& keyword, const Json& value) {
        if (keyword != name) return false;
        place = read(value);
        return true;
    }
    template <class F>
    void each_member(const Json& value, const F& take) {
        if (!value.is_object()) return errors_.reject("", "must be an object of schemas");
        for (const auto& [name, member] : value.as_object()) {
            const meta::Errors::Step at(errors_, name);
            take(name, member);
        }
    }
    std::vector<Index> read_schemas(const Json& value) {
        std::vector<Index> schemas;
        if (!value.is_array()) {
            each_member(value, [&](const std::string&, const Json& schema) { schemas.push_back(read(schema)); });
            return schemas;
        }
        for (std::size_t i = 0; i < value.size(); ++i) {
            const meta::Errors::Step at(errors_, i);
            schemas.push_back(read(value.as_array()[i]));
        }
        return schemas;
    }
    std::vector<std::string> read_names(const Json& value) {
        std::vector<std::string> names;
        const auto is_text = [](const Json& one) { return one.is_string(); };
        if (!value.is_array() || !std::all_of(value.as_array().begin(), value.as_array().end(), is_text))
            errors_.reject("", "must be a list of names");
        else
            for (const Json& one : value.as_array()) names.push_back(one.as_string());
        return names;
    }
    void read_types(SchemaNode& node, const Json& value) {
        const Json::Array names = value.is_array() ? value.as_array() : Json::Array{value};
        node.types = 0;
        for (const Json& one : names) {
            const auto known = std::find_if(std::begin(type_bits), std::end(type_bits), [&](const auto& t) { return one == Json(t.first); });
            if (known == std::end(type_bits)) return errors_.reject("", "must be null, boolean, integer, number, string, array or object, or a list of those");
            node.types |= known->second;
            node.type_text += (node.type_text.empty() ? "of type " : " or ") + std::string(known->first);
        }
        if (names.empty()) errors_.reject("", "must name a type");
    }
    void read_values(SchemaNode& node, const Json& value) {
        if (!value.is_array() || value.size() == 0) return errors_.reject("", "must be a list of values");
        node.values.emplace();
        for (const Json& one : value.as_array()) node.values->push_back(normal_form(one));
    }
    bool read_number(std::optional<Json>& place, const Json& value) {
        if (is_number_kind(value))
            place = value;
        else
            errors_.reject("", "must be a number");
        return true;
    }
    bool read_count(std::optional<std::size_t>& place, const Json& value) {
        const Json whole = normal_form(value);
        if (whole.kind() == Json::Kind::integer && whole.as_integer() >= 0)
            place = static_cast<std::size_t>(whole.as_integer());
        else
            errors_.reject("", "must be an integer, 0 or more");
        return true;
    }
    std::optional<Pattern> read_expression(const std::string& text) {
        if (text.size() > most_pattern_bytes) {
            errors_.reject("", "must be a text of at most 500 bytes");
            return std::nullopt;
        }
        auto pattern = Pattern::parse(text);
        if (pattern) return *std::move(pattern);
        errors_.reject("", pattern.why());
        return std::nullopt;
    }
    void read_pattern(SchemaNode& node, const Json& value) {
        if (!value.is_string()) return errors_.reject("", "must be a text of at most 500 bytes");
        node.pattern = read_expression(value.as_string());
        node.pattern_text = value.as_string();
    }
    void read_format(SchemaNode& node, const Json& value) {
        for (const SchemaFormat& format : schema_formats)
            if (value == Json(format.name)) return void(node.format = &format);
        errors_.reject("", "must be date, date-time, email, hostname, ipv4, ipv6, regex, uri or uuid");
    }

    const Json& whole_;
    Nodes& nodes_;
    meta::Errors& errors_;
    std::map<const Json*, Index> known_;
    std::size_t level_ = 0; // of what is being read; a reference leads to the next
};

} // namespace

JsonSchema JsonSchema::parse(const Json& schema, meta::Errors& errors) {
    JsonSchema made;
    auto nodes = std::make_shared<Nodes>();
    if (schema.dump().size() > most_bytes)
        errors.reject("", "must be at most 64 KiB");
    else
        nodes->root = SchemaReader(schema, *nodes, errors).root();
    made.nodes_ = std::move(nodes);
    return made;
}

std::vector<SchemaFault> JsonSchema::check(const Json& value, SchemaBudget& budget) const {
    std::vector<SchemaFault> faults;
    Checking(*nodes_, budget, faults).holds(nodes_->root, value, true);
    return faults;
}

} // namespace gravity::config
