#include "json_schema.hpp"

#include <gravity/base/contact.hpp>
#include <gravity/base/pattern.hpp>
#include <gravity/base/time.hpp>
#include <gravity/base/utf8.hpp>
#include <gravity/base/uuid.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <set>
#include <string_view>
#include <utility>
#include <vector>

namespace gravity::user {
namespace {

constexpr std::string_view dialect = "https://json-schema.org/draft/2020-12/schema";
constexpr std::size_t most_pattern_bytes = 500;

// The types of JSON Schema; a value is of one of them, and an integer is a number too.
enum JsonType : unsigned {
    null_type = 1,
    boolean_type = 2,
    integer_type = 4,
    number_type = 8,
    string_type = 16,
    array_type = 32,
    object_type = 64
};
constexpr std::pair<std::string_view, unsigned> type_names[] = {
    {"null", null_type},
    {"boolean", boolean_type},
    {"integer", integer_type},
    {"number", number_type | integer_type},
    {"string", string_type},
    {"array", array_type},
    {"object", object_type},
};

bool is_whole(double number) { return std::isfinite(number) && std::floor(number) == number; }

unsigned type_of(const Json& value) {
    switch (value.kind()) {
    case Json::Kind::null: return null_type;
    case Json::Kind::boolean: return boolean_type;
    case Json::Kind::integer: return integer_type;
    case Json::Kind::number: return is_whole(value.as_number()) ? integer_type : number_type; // 1.0 is an integer (section 6.1.1 of the validation vocabulary)
    case Json::Kind::string: return string_type;
    case Json::Kind::array: return array_type;
    case Json::Kind::object: return object_type;
    }
    return 0;
}

// One form for what JSON Schema takes for equal: 1 and 1.0.
Json normal(const Json& value) {
    constexpr double exact = 9007199254740992.0; // 2^53
    if (value.kind() == Json::Kind::number && is_whole(value.as_number()) && std::fabs(value.as_number()) <= exact)
        return static_cast<std::int64_t>(value.as_number());
    if (value.is_array()) {
        Json out = Json::array();
        for (const Json& item : value.as_array()) out.push_back(normal(item));
        return out;
    }
    if (value.is_object()) {
        Json out = Json::object();
        for (const auto& [name, member] : value.as_object()) out[name] = normal(member);
        return out;
    }
    return value;
}

bool is_number(const Json& value) { return value.kind() == Json::Kind::integer || value.kind() == Json::Kind::number; }
// Integers by their value, which a double need not hold.
bool less(const Json& a, const Json& b) {
    if (a.kind() == Json::Kind::integer && b.kind() == Json::Kind::integer) return a.as_integer() < b.as_integer();
    return a.as_number() < b.as_number();
}

template <class T>
bool parses(const std::string& text) {
    return bool(T::parse(text));
}
struct Format {
    std::string_view name;
    bool (*holds)(const std::string&);
    std::string_view says;
};
constexpr Format formats[] = {
    {"date", parses<Date>, "must be a day such as 2026-11-27"},
    {"date-time", parses<Timestamp>, "must be a moment such as 2026-11-27T12:00:00Z"},
    {"email", parses<Email>, "must be an e-mail address"},
    {"uri", parses<Url>, "must be an absolute http or https URL"},
    {"uuid", parses<Uuid>, "must be a UUID"},
};

} // namespace

struct JsonSchema::Node {
    unsigned types = ~0U;
    std::string type_text;
    std::optional<Json> constant;
    std::vector<Json> values; // of `enum`; empty: any
    std::optional<Json> minimum, maximum, above, below;
    std::optional<std::size_t> min_length, max_length, min_items, max_items, min_properties, max_properties;
    std::optional<Pattern> pattern;
    std::string pattern_text;
    const Format* format = nullptr;
    std::map<std::string, std::shared_ptr<const Node>, std::less<>> properties;
    std::vector<std::string> required;
    bool closed = false;                // additionalProperties: false
    std::shared_ptr<const Node> others; // of additionalProperties
    std::shared_ptr<const Node> items;
    bool unique = false;

    void check(const Json& value, meta::Errors& errors) const {
        if ((types & type_of(value)) == 0) return errors.reject("", "must be " + type_text);
        if (constant && normal(value) != *constant) errors.reject("", "must be " + constant->dump());
        if (!values.empty()) check_values(value, errors);
        if (is_number(value)) check_number(value, errors);
        if (value.is_string()) check_text(value.as_string(), errors);
        if (value.is_array()) check_list(value.as_array(), errors);
        if (value.is_object()) check_object(value, errors);
    }

private:
    void check_values(const Json& value, meta::Errors& errors) const {
        if (std::find(values.begin(), values.end(), normal(value)) != values.end()) return;
        std::string all;
        for (const Json& one : values) all += (all.empty() ? "" : ", ") + one.dump();
        errors.reject("", all.size() <= 500 ? "must be one of " + all : "must be one of " + std::to_string(values.size()) + " values");
    }
    void check_number(const Json& value, meta::Errors& errors) const {
        if (minimum && less(value, *minimum)) errors.reject("", "must be at least " + minimum->dump());
        if (maximum && less(*maximum, value)) errors.reject("", "must be at most " + maximum->dump());
        if (above && !less(*above, value)) errors.reject("", "must be more than " + above->dump());
        if (below && !less(value, *below)) errors.reject("", "must be less than " + below->dump());
    }
    void check_text(const std::string& text, meta::Errors& errors) const {
        const std::size_t length = utf8::count(text);
        if (min_length && length < *min_length) errors.reject("", "must be at least " + std::to_string(*min_length) + " characters");
        if (max_length && length > *max_length) errors.reject("", "must be at most " + std::to_string(*max_length) + " characters");
        if (pattern && !pattern->finds_in(text)) errors.reject("", "must match " + pattern_text);
        if (format != nullptr && !format->holds(text)) errors.reject("", std::string(format->says));
    }
    void check_list(const Json::Array& list, meta::Errors& errors) const {
        if (min_items && list.size() < *min_items) errors.reject("", "must have at least " + std::to_string(*min_items) + " items");
        if (max_items && list.size() > *max_items) errors.reject("", "must have at most " + std::to_string(*max_items) + " items");
        std::set<std::string> seen;
        for (std::size_t i = 0; i < list.size(); ++i) {
            const meta::Errors::Step at(errors, i);
            if (items) items->check(list[i], errors);
            if (unique && !seen.insert(normal(list[i]).dump()).second) errors.reject("", "is there twice");
        }
    }
    void check_object(const Json& object, meta::Errors& errors) const {
        if (min_properties && object.size() < *min_properties) errors.reject("", "must have at least " + std::to_string(*min_properties) + " members");
        if (max_properties && object.size() > *max_properties) errors.reject("", "must have at most " + std::to_string(*max_properties) + " members");
        for (const std::string& name : required)
            if (object.find(name) == nullptr) errors.reject(name, "is required");
        for (const auto& [name, member] : object.as_object()) {
            const meta::Errors::Step at(errors, name);
            const auto property = properties.find(name);
            if (property != properties.end())
                property->second->check(member, errors);
            else if (closed)
                errors.reject("", "is not known");
            else if (others)
                others->check(member, errors);
        }
    }
};

class JsonSchema::Reader {
public:
    Reader(meta::Errors& errors, std::map<std::string, Marks>& marks) : errors_(errors), marks_(marks) {}

    // `property`: of the outermost object, whose schema this is.
    std::shared_ptr<const Node> read(const Json& schema, int level, const std::string* property = nullptr) {
        auto node = std::make_shared<Node>();
        if (!schema.is_object()) {
            errors_.reject("", "must be an object: a schema");
            return node;
        }
        if (level > most_levels) {
            errors_.reject("", "is a schema more than 10 levels deep");
            return node;
        }
        if (++schemas_ == most_schemas + 1) errors_.reject("", "is one schema too many: at most 500 within one");
        if (schemas_ > most_schemas) return node;
        for (const auto& [keyword, value] : schema.as_object()) {
            const meta::Errors::Step at(errors_, keyword);
            if (keyword == "readOnly" || keyword == "x-private")
                read_mark(keyword, value, property);
            else
                read_keyword(*node, keyword, value, level);
        }
        return node;
    }

private:
    void read_keyword(Node& node, const std::string& keyword, const Json& value, int level) {
        if (keyword == "type") return read_types(node, value);
        if (keyword == "enum") return read_values(node, value);
        if (keyword == "const") return void(node.constant = normal(value));
        for (const auto& [name, place] : numbers(node))
            if (keyword == name) return read_number(*place, value);
        for (const auto& [name, place] : counts(node))
            if (keyword == name) return read_count(*place, value);
        if (keyword == "pattern") return read_pattern(node, value);
        if (keyword == "format") return read_format(node, value);
        if (keyword == "properties") return read_properties(node, value, level);
        if (keyword == "required") return read_required(node, value);
        if (keyword == "additionalProperties") {
            if (value.kind() == Json::Kind::boolean) return void(node.closed = !value.as_bool());
            return void(node.others = read(value, level + 1));
        }
        if (keyword == "items") return void(node.items = read(value, level + 1));
        if (keyword == "uniqueItems") return read_flag(node.unique, value);
        if (keyword == "$schema") {
            if (value != Json(dialect)) errors_.reject("", "must be " + std::string(dialect));
            return;
        }
        for (const std::string_view says_nothing : {"title", "description", "default", "examples", "deprecated"})
            if (keyword == says_nothing) return;
        errors_.reject("", "is a keyword that is not there");
    }

    static std::array<std::pair<std::string_view, std::optional<Json>*>, 4> numbers(Node& node) {
        return {{{"minimum", &node.minimum}, {"maximum", &node.maximum}, {"exclusiveMinimum", &node.above}, {"exclusiveMaximum", &node.below}}};
    }
    static std::array<std::pair<std::string_view, std::optional<std::size_t>*>, 6> counts(Node& node) {
        return {{{"minLength", &node.min_length},
                 {"maxLength", &node.max_length},
                 {"minItems", &node.min_items},
                 {"maxItems", &node.max_items},
                 {"minProperties", &node.min_properties},
                 {"maxProperties", &node.max_properties}}};
    }

    void read_types(Node& node, const Json& value) {
        const Json::Array names = value.is_array() ? value.as_array() : Json::Array{value};
        node.types = 0;
        for (const Json& one : names) {
            const auto known = std::find_if(std::begin(type_names), std::end(type_names), [&](const auto& t) { return one == Json(t.first); });
            if (known == std::end(type_names)) return errors_.reject("", "must be null, boolean, integer, number, string, array or object, or a list of those");
            node.types |= known->second;
            node.type_text += (node.type_text.empty() ? "of type " : " or ") + std::string(known->first);
        }
        if (names.empty()) errors_.reject("", "must name a type");
    }
    void read_values(Node& node, const Json& value) {
        if (!value.is_array() || value.size() == 0) return errors_.reject("", "must be a list of values");
        for (const Json& one : value.as_array()) node.values.push_back(normal(one));
    }
    void read_number(std::optional<Json>& place, const Json& value) {
        if (!is_number(value)) return errors_.reject("", "must be a number");
        place = value;
    }
    void read_count(std::optional<std::size_t>& place, const Json& value) {
        const Json whole = normal(value);
        if (whole.kind() != Json::Kind::integer || whole.as_integer() < 0) return errors_.reject("", "must be an integer, 0 or more");
        place = static_cast<std::size_t>(whole.as_integer());
    }
    void read_flag(bool& place, const Json& value) {
        if (value.kind() != Json::Kind::boolean) return errors_.reject("", "must be true or false");
        place = value.as_bool();
    }
    void read_pattern(Node& node, const Json& value) {
        if (!value.is_string() || value.as_string().size() > most_pattern_bytes) return errors_.reject("", "must be a text of at most 500 bytes");
        auto pattern = Pattern::parse(value.as_string());
        if (!pattern) return errors_.reject("", pattern.why());
        node.pattern = *std::move(pattern);
        node.pattern_text = value.as_string();
    }
    void read_format(Node& node, const Json& value) {
        for (const Format& format : formats)
            if (value == Json(format.name)) return void(node.format = &format);
        errors_.reject("", "must be date, date-time, email, uri or uuid");
    }
    void read_properties(Node& node, const Json& value, int level) {
        if (!value.is_object()) return errors_.reject("", "must be an object of schemas");
        for (const auto& [name, schema] : value.as_object()) {
            const meta::Errors::Step at(errors_, name);
            node.properties[name] = read(schema, level + 1, level == 1 ? &name : nullptr);
        }
    }
    void read_required(Node& node, const Json& value) {
        if (!value.is_array()) return errors_.reject("", "must be a list of names");
        for (const Json& one : value.as_array()) {
            if (!one.is_string()) return errors_.reject("", "must be a list of names");
            node.required.push_back(one.as_string());
        }
    }
    void read_mark(const std::string& keyword, const Json& value, const std::string* property) {
        if (property == nullptr) return errors_.reject("", "stands beside a property of the outermost object alone");
        bool set = false;
        read_flag(set, value);
        if (set) (keyword == "readOnly" ? marks_[*property].read_only : marks_[*property].hidden) = true;
    }

    meta::Errors& errors_;
    std::map<std::string, Marks>& marks_;
    std::size_t schemas_ = 0;
};

JsonSchema JsonSchema::parse(const Json& schema, meta::Errors& errors) {
    JsonSchema made;
    if (schema.dump().size() > most_bytes) {
        errors.reject("", "must be at most 64 KiB");
        return made;
    }
    made.root_ = Reader(errors, made.marks_).read(schema, 1);
    return made;
}

void JsonSchema::check(const Json& value, meta::Errors& errors) const { root_->check(value, errors); }

} // namespace gravity::user
