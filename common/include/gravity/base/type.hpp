#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <span>
#include <string>
#include <string_view>

/// The type table: what the non-template code of the platform (JSON, OpenAPI, SQL, configuration, merge patch) knows about a C++ type.
/// One `constexpr` Type per C++ type, reached by `meta::type_of<T>()` (meta/describe.hpp). Objects are passed as `void*` beside their Type.
namespace gravity::meta {

class Errors; // meta/errors.hpp

enum class Kind : std::uint8_t {
    boolean,
    integer,
    number,
    text,
    enumeration,
    object,
    list,
    map,
    optional,
    variant,
    json
};

struct Type;
using TypeRef = const Type& (*)(); // a function, so that a struct may contain a list of itself

/// A member of an object.
struct Field {
    std::string_view name;
    TypeRef type;
    void* (*at)(void* object);
    std::string_view doc{}; // one sentence for /docs

    const void* at_const(const void* object) const { return at(const_cast<void*>(object)); }
};

/// Text-like values: everything that is a JSON string and validates itself.
struct TextOps {
    bool (*from_text)(std::string_view text, void* out, std::string& why); // false: `why` is one clause
    void (*to_text)(const void* value, std::string& out);                  // appends
};
/// Booleans (0, 1), integers, and enumerations (position in `Type::names`).
struct IntegerOps {
    void (*set)(void* out, std::int64_t value);
    std::int64_t (*get)(const void* value);
};
struct NumberOps {
    void (*set)(void* out, double value);
    double (*get)(const void* value);
};
struct ObjectOps {
    std::span<const Field> (*fields)();
    void (*check)(const void* value, Errors& errors); // null: no rule over several fields
};
struct ListOps {
    TypeRef element;
    std::size_t (*size)(const void* list);
    const void* (*at)(const void* list, std::size_t index);
    void* (*append)(void* list); // a new element at the end, default-constructed
    void (*clear)(void* list);
};
struct MapOps { // text keys
    TypeRef element;
    std::size_t (*size)(const void* map);
    void* (*insert)(void* map, std::string_view key); // the one that is there, or a new one
    void (*erase)(void* map, std::string_view key);
    void (*clear)(void* map);
    void (*each)(const void* map, void* context, void (*visit)(void* context, std::string_view key, const void* value));
};
struct OptionalOps {
    TypeRef element;
    const void* (*get)(const void* optional); // null: empty
    void* (*emplace)(void* optional);         // default-constructs a value inside
    void (*reset)(void* optional);
};
struct Alternative {
    std::string_view tag; // value of the "type" member
    TypeRef type;         // an object
};
struct VariantOps {
    std::span<const Alternative> (*alternatives)();
    std::size_t (*index)(const void* variant);
    const void* (*get)(const void* variant);
    void* (*emplace)(void* variant, std::size_t index);
};

struct Type {
    Kind kind{};
    std::string_view name{};    // OpenAPI component of objects, variants and enumerations; empty: written in place
    std::string_view format{};  // JSON Schema "format"
    std::string_view pattern{}; // JSON Schema "pattern" (ECMA 262)
    std::string_view doc{};     // one sentence for /docs
    std::string_view example{}; // JSON text
    std::int64_t min = std::numeric_limits<std::int64_t>::min(); // value of integers; code points of texts; items of lists and maps
    std::int64_t max = std::numeric_limits<std::int64_t>::max();
    double number_min = -std::numeric_limits<double>::infinity();
    double number_max = std::numeric_limits<double>::infinity();
    std::string_view sql{};            // PostgreSQL types it may be stored in, comma separated; empty: by kind
    bool secret = false;               // never logged, printed or shown in /docs
    bool has_default = false;          // of a field's type: may be left out of an input
    bool flatten = false;              // as SQL: an object spread over columns <field>_<member> (Money)
    std::span<const std::string_view> names{}; // enumeration, in order

    const TextOps* text = nullptr;
    const IntegerOps* integer = nullptr;
    const NumberOps* number = nullptr;
    const ObjectOps* object = nullptr;
    const ListOps* list = nullptr;
    const MapOps* map = nullptr;
    const OptionalOps* optional = nullptr;
    const VariantOps* variant = nullptr;

    bool (*is_set)(const void* value) = nullptr; // null: always; a value type is unset until parsed
    std::shared_ptr<void> (*make)() = nullptr;   // a default-constructed value, e.g. to read defaults from
};

/// A value and its type, as passed to the non-template code.
struct Ref {
    const Type* type;
    const void* value;
};
struct MutableRef {
    const Type* type;
    void* value;
};

namespace detail {

template <class T>
concept Parsable = requires(std::string_view s) { T::parse(s); };

template <class T>
inline constexpr TextOps text_ops{
    [](std::string_view text, void* out, std::string& why) {
        auto parsed = T::parse(text);
        if (!parsed) {
            why = parsed.why();
            return false;
        }
        *static_cast<T*>(out) = *std::move(parsed);
        return true;
    },
    [](const void* value, std::string& out) { static_cast<const T*>(value)->append_to(out); },
};

template <class T>
std::shared_ptr<void> make() {
    return std::make_shared<T>();
}

} // namespace detail

/// What a text-like value type says about itself; the rest is derived.
struct TextTraits {
    std::string_view format{};
    std::string_view pattern{};
    std::string_view doc{};
    std::string_view example{};
    std::int64_t min = 0;
    std::int64_t max = std::numeric_limits<std::int64_t>::max();
    std::string_view sql = "text,varchar,citext";
    bool secret = false;
};

/// The table of a text-like value type. T has `static Parsed<T> parse(std::string_view)`, `void append_to(std::string&) const`
/// and `bool is_set() const`. Called from `static constexpr meta::Type describe()` of T.
template <class T>
constexpr Type text_type(const TextTraits& traits) {
    Type t;
    t.kind = Kind::text;
    t.format = traits.format;
    t.pattern = traits.pattern;
    t.doc = traits.doc;
    t.example = traits.example;
    t.min = traits.min;
    t.max = traits.max;
    t.sql = traits.sql;
    t.secret = traits.secret;
    t.text = &detail::text_ops<T>;
    t.is_set = [](const void* value) { return static_cast<const T*>(value)->is_set(); };
    t.make = &detail::make<T>;
    return t;
}

} // namespace gravity::meta
