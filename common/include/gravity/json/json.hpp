#pragma once

#include <gravity/base/parsed.hpp>
#include <gravity/base/type.hpp>

#include <cstdint>
#include <initializer_list>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace gravity {

/// What a JSON text may be at most. The defaults suit request bodies; a body's bytes are bounded before it gets here.
struct JsonLimits {
    std::size_t max_depth = 32;      // arrays and objects inside one another
    std::size_t max_values = 200'000; // scalars, arrays and objects together
};

/// A JSON value (RFC 8259) whose shape is not known in advance: free-form fields, merge patches, foreign documents.
/// Members are in code-unit order of their names, so that equal values have equal text. Integers are 64-bit signed; a number with a
/// fraction or an exponent is a double. A value, not a reference: copies are deep.
class Json {
public:
    enum class Kind : unsigned char {
        null,
        boolean,
        integer,
        number,
        string,
        array,
        object
    };
    using Array = std::vector<Json>;
    using Object = std::map<std::string, Json, std::less<>>;

    Json() = default;
    Json(std::nullptr_t) {}
    Json(bool value) : value_(value) {}
    Json(int value) : value_(std::int64_t{value}) {}
    Json(std::int64_t value) : value_(value) {}
    Json(double value) : value_(value) {}
    Json(const char* value) : value_(std::string(value)) {}
    Json(std::string_view value) : value_(std::string(value)) {}
    Json(std::string value) : value_(std::move(value)) {}
    Json(Array value) : value_(std::move(value)) {}
    Json(Object value) : value_(std::move(value)) {}

    static Json object(std::initializer_list<std::pair<const std::string, Json>> members = {}) { return Json(Object(members)); }
    static Json array(std::initializer_list<Json> items = {}) { return Json(Array(items)); }

    /// Refused: anything but exactly one value, invalid UTF-8, a duplicate member name, U+0000 in a text (PostgreSQL cannot keep it), an
    /// integer beyond 64 bits, a number beyond double, more depth or values than the limits.
    static Parsed<Json> parse(std::string_view text, const JsonLimits& limits = {});

    Kind kind() const { return static_cast<Kind>(value_.index()); }
    bool is_null() const { return kind() == Kind::null; }
    bool is_object() const { return kind() == Kind::object; }
    bool is_array() const { return kind() == Kind::array; }
    bool is_string() const { return kind() == Kind::string; }

    // Each throws std::bad_variant_access if the value is of another kind.
    bool as_bool() const { return std::get<bool>(value_); }
    std::int64_t as_integer() const { return std::get<std::int64_t>(value_); }
    double as_number() const; // integers too
    const std::string& as_string() const { return std::get<std::string>(value_); }
    const Array& as_array() const { return std::get<Array>(value_); }
    Array& as_array() { return std::get<Array>(value_); }
    const Object& as_object() const { return std::get<Object>(value_); }
    Object& as_object() { return std::get<Object>(value_); }

    /// The member of an object; null if it is absent or this is not an object.
    const Json* find(std::string_view name) const;
    /// The place a JSON Pointer (RFC 6901) names; null if there is none.
    const Json* at_pointer(std::string_view pointer) const;
    /// The member, made if absent; a null value becomes an object.
    Json& operator[](std::string_view name);
    void push_back(Json item);
    std::size_t size() const; // of an array or object, else 0

    std::string dump() const;
    void append_to(std::string& out) const;

    friend bool operator==(const Json&, const Json&) = default;

    static constexpr meta::Type describe() {
        meta::Type t;
        t.kind = meta::Kind::json;
        t.sql = "jsonb,json";
        t.make = &meta::detail::make<Json>;
        return t;
    }

private:
    std::variant<std::monostate, bool, std::int64_t, double, std::string, Array, Object> value_;
};

/// RFC 7396: `patch` applied to `target`.
Json merge_patch(Json target, const Json& patch);

namespace json {

/// Shortest text that reads back as the same double; null for what JSON cannot say.
void append_number(std::string& out, double value);

} // namespace json
} // namespace gravity
