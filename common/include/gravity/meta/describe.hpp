#pragma once

#include <gravity/base/type.hpp>
#include <gravity/meta/errors.hpp>

#include <boost/describe/bases.hpp>
#include <boost/describe/class.hpp>
#include <boost/describe/enum.hpp>
#include <boost/describe/enumerators.hpp>
#include <boost/describe/members.hpp>
#include <boost/mp11/algorithm.hpp>
#include <boost/preprocessor/seq/for_each.hpp>
#include <boost/preprocessor/variadic/to_seq.hpp>

#include <array>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

/// From a Boost.Describe description to the type table (base/type.hpp). The only templates of the kernel are here; each yields
/// constant data and function pointers, and everything that uses them is ordinary code in common/src.
///
///   struct Address { Text<1, 120> line1; std::optional<Text<1, 120>> line2; Country country; };
///   BOOST_DESCRIBE_STRUCT(Address, (), (line1, line2, country))
///
/// Which fields an input may leave out: `std::optional<T>`; lists and maps (empty then) unless their lower bound says otherwise; value types
/// whose member initialiser sets them (`Bounded<int, 1, 200> limit{50}`); and `Default<V>`. Everything else is required.
namespace gravity::meta {

/// The table of a type. Not inline, so that GRAVITY_TABLES can have it made in one file.
template <class T>
const Type& type_of();

/// One sentence per field for /docs; specialise beside the struct:
///   template <> struct docs<Address> { static constexpr std::pair<std::string_view, std::string_view> fields[] = {{"line1", "Street and number"}}; };
template <class T>
struct docs;

/// True for a struct that is spread over columns <field>_<member> in SQL; specialise beside it.
template <class T>
inline constexpr bool sql_flatten = false;

/// A free function `void check(const T&, meta::Errors&)` beside T states rules over several fields.
template <class T>
concept HasCheck = requires(const T& value, Errors& errors) { check(value, errors); };

/// True for each field of an object type that an input must have.
std::vector<bool> required_fields(const Type& object);
const std::vector<bool>& required_fields_cached(const Type& object);

namespace detail {

template <class T>
constexpr std::string_view type_name() {
    // gcc: "... type_name() [with T = gravity::catalog::Product; std::string_view = ...]", clang: "... [T = gravity::catalog::Product]"
    std::string_view text = __PRETTY_FUNCTION__;
    const auto begin = text.find("T = ") + 4;
    text = text.substr(begin, text.find_first_of(";]", begin) - begin);
    const auto colon = text.rfind("::", text.find('<'));
    return colon == std::string_view::npos ? text : text.substr(colon + 2);
}

constexpr std::string_view member_name(std::string_view name) { // `delete_` is written for a reserved word
    return !name.empty() && name.back() == '_' ? name.substr(0, name.size() - 1) : name;
}

template <class T>
inline constexpr bool is_optional = false;
template <class T>
inline constexpr bool is_optional<std::optional<T>> = true;
template <class T>
inline constexpr bool is_vector = false;
template <class T>
inline constexpr bool is_vector<std::vector<T>> = true;
template <class T>
inline constexpr bool is_map = false;
template <class T>
inline constexpr bool is_map<std::map<std::string, T, std::less<>>> = true;
template <class T>
inline constexpr bool is_map<std::map<std::string, T>> = true;
template <class T>
inline constexpr bool is_variant = false;
template <class... T>
inline constexpr bool is_variant<std::variant<T...>> = true;

template <class T>
concept SelfDescribing = requires { T::describe(); };

// ---- objects

template <class T>
using Members = boost::describe::describe_members<T, boost::describe::mod_public | boost::describe::mod_inherited>;

template <class T>
constexpr std::string_view doc_of(std::string_view field) {
    if constexpr (requires { docs<T>::fields; })
        for (const auto& [name, text] : docs<T>::fields)
            if (name == field) return text;
    return {};
}

template <class Class, class D>
constexpr Field field_of() {
    using Value = std::remove_cvref_t<decltype(std::declval<Class&>().*D::pointer)>;
    return {member_name(D::name), &type_of<Value>, [](void* object) -> void* { return &(static_cast<Class*>(object)->*D::pointer); },
            doc_of<Class>(member_name(D::name))};
}

template <class Class, class... D>
constexpr std::array<Field, sizeof...(D)> fields_of(boost::mp11::mp_list<D...>) {
    return {field_of<Class, D>()...};
}

template <class T>
inline constexpr auto fields = fields_of<T>(boost::mp11::mp_rename<Members<T>, boost::mp11::mp_list>{});

template <class T>
inline constexpr ObjectOps object_ops{
    []() -> std::span<const Field> { return fields<T>; },
    [] {
        void (*rule)(const void*, Errors&) = nullptr;
        if constexpr (HasCheck<T>) rule = [](const void* value, Errors& errors) { check(*static_cast<const T*>(value), errors); };
        return rule;
    }(),
};

// ---- enumerations

template <class... D>
constexpr std::array<std::string_view, sizeof...(D)> names_of(boost::mp11::mp_list<D...>) {
    return {member_name(D::name)...};
}
template <class E, class... D>
constexpr std::array<E, sizeof...(D)> values_of(boost::mp11::mp_list<D...>) {
    return {D::value...};
}
template <class E>
using Enumerators = boost::mp11::mp_rename<boost::describe::describe_enumerators<E>, boost::mp11::mp_list>;
template <class E>
inline constexpr auto enum_names = names_of(Enumerators<E>{});
template <class E>
inline constexpr auto enum_values = values_of<E>(Enumerators<E>{});

template <class E>
inline constexpr IntegerOps enum_ops{
    [](void* out, std::int64_t position) { *static_cast<E*>(out) = enum_values<E>[static_cast<std::size_t>(position)]; },
    [](const void* value) -> std::int64_t {
        for (std::size_t i = 0; i < enum_values<E>.size(); ++i)
            if (enum_values<E>[i] == *static_cast<const E*>(value)) return static_cast<std::int64_t>(i);
        return 0;
    },
};

// ---- plain scalars

template <class T>
inline constexpr IntegerOps integer_ops{
    [](void* out, std::int64_t value) { *static_cast<T*>(out) = static_cast<T>(value); },
    [](const void* value) { return static_cast<std::int64_t>(*static_cast<const T*>(value)); },
};
inline constexpr NumberOps double_ops{
    [](void* out, double value) { *static_cast<double*>(out) = value; },
    [](const void* value) { return *static_cast<const double*>(value); },
};
extern const TextOps string_ops; // valid UTF-8 without NUL

// ---- containers

template <class T>
inline constexpr ListOps list_ops{
    &type_of<typename T::value_type>,
    [](const void* list) { return static_cast<const T*>(list)->size(); },
    [](const void* list, std::size_t i) -> const void* { return &(*static_cast<const T*>(list))[i]; },
    [](void* list) -> void* { return &static_cast<T*>(list)->emplace_back(); },
    [](void* list) { static_cast<T*>(list)->clear(); },
};
template <class T>
inline constexpr MapOps map_ops{
    &type_of<typename T::mapped_type>,
    [](const void* map) { return static_cast<const T*>(map)->size(); },
    [](void* map, std::string_view key) -> void* { return &(*static_cast<T*>(map))[std::string(key)]; },
    [](void* map, std::string_view key) { static_cast<T*>(map)->erase(std::string(key)); },
    [](void* map) { static_cast<T*>(map)->clear(); },
    [](const void* map, void* context, void (*visit)(void*, std::string_view, const void*)) {
        for (const auto& [key, value] : *static_cast<const T*>(map)) visit(context, key, &value);
    },
};
template <class T>
inline constexpr OptionalOps optional_ops{
    &type_of<typename T::value_type>,
    [](const void* o) -> const void* { return *static_cast<const T*>(o) ? &**static_cast<const T*>(o) : nullptr; },
    [](void* o) -> void* { return &static_cast<T*>(o)->emplace(); },
    [](void* o) { static_cast<T*>(o)->reset(); },
};

template <class T>
constexpr std::string_view tag_of() {
    if constexpr (requires { T::tag; })
        return T::tag;
    else
        return type_name<T>();
}
template <class T, std::size_t I>
void* variant_emplace(void* variant) {
    return &static_cast<T*>(variant)->template emplace<I>();
}
template <class T>
constexpr bool has_field(std::string_view name) {
    for (const Field& field : fields<T>)
        if (field.name == name) return true;
    return false;
}
template <class T>
struct VariantParts;
template <class... A>
struct VariantParts<std::variant<A...>> {
    static_assert((!has_field<A>("type") && ...), "\"type\" tells the alternatives apart: none may have a field of that name");
    static constexpr std::array<Alternative, sizeof...(A)> alternatives{Alternative{tag_of<A>(), &type_of<A>}...};
    template <std::size_t... I>
    static void* emplace(void* variant, std::size_t index, std::index_sequence<I...>) {
        void* (*const table[])(void*) = {&variant_emplace<std::variant<A...>, I>...};
        return table[index](variant);
    }
};
template <class T>
inline constexpr VariantOps variant_ops{
    []() -> std::span<const Alternative> { return VariantParts<T>::alternatives; },
    [](const void* v) { return static_cast<const T*>(v)->index(); },
    [](const void* v) -> const void* {
        return std::visit([](const auto& value) -> const void* { return &value; }, *static_cast<const T*>(v));
    },
    [](void* v, std::size_t i) {
        return VariantParts<T>::emplace(v, i, std::make_index_sequence<std::variant_size_v<T>>{});
    },
};

template <class T>
constexpr Type build() {
    Type t;
    if constexpr (SelfDescribing<T>) {
        t = T::describe();
    } else if constexpr (std::is_same_v<T, bool>) {
        t.kind = Kind::boolean;
        t.integer = &integer_ops<bool>;
    } else if constexpr (std::is_integral_v<T>) {
        static_assert(std::is_signed_v<T> || sizeof(T) < 8, "JSON integers are read as 64-bit signed");
        t.kind = Kind::integer;
        t.min = std::numeric_limits<T>::min();
        t.max = std::numeric_limits<T>::max();
        t.integer = &integer_ops<T>;
    } else if constexpr (std::is_same_v<T, double>) {
        t.kind = Kind::number;
        t.number = &double_ops;
    } else if constexpr (std::is_same_v<T, std::string>) {
        t.kind = Kind::text;
        t.text = &string_ops;
        t.sql = "text,varchar,citext,name";
    } else if constexpr (std::is_enum_v<T>) {
        static_assert(boost::describe::has_describe_enumerators<T>::value, "describe the enumeration: BOOST_DESCRIBE_ENUM(...)");
        t.kind = Kind::enumeration;
        t.name = type_name<T>();
        t.names = enum_names<T>;
        t.integer = &enum_ops<T>;
        t.sql = "text,varchar";
    } else if constexpr (is_optional<T>) {
        t.kind = Kind::optional;
        t.optional = &optional_ops<T>;
    } else if constexpr (is_vector<T>) {
        t.kind = Kind::list;
        t.list = &list_ops<T>;
        t.max = 10'000; // a list that may be longer says so by its own type
    } else if constexpr (is_map<T>) {
        t.kind = Kind::map;
        t.map = &map_ops<T>;
        t.max = 1'000;
    } else if constexpr (is_variant<T>) {
        t.kind = Kind::variant;
        t.variant = &variant_ops<T>;
    } else {
        static_assert(boost::describe::has_describe_members<T>::value, "describe the struct: BOOST_DESCRIBE_STRUCT(...)");
        t.kind = Kind::object;
        t.name = type_name<T>();
        t.object = &object_ops<T>;
        t.flatten = sql_flatten<T>;
    }
    t.make = &detail::make<T>; // set without a look: gcc's -fsanitize=undefined makes a comparison with null not constant
    return t;
}

template <class T>
struct Holder {
    static constexpr Type type = build<T>();
};

} // namespace detail

template <class T>
const Type& type_of() {
    return detail::Holder<std::remove_cv_t<T>>::type;
}

template <class T>
Ref ref(const T& value) {
    return {&type_of<T>(), &value};
}
template <class T>
MutableRef mutable_ref(T& value) {
    return {&type_of<T>(), &value};
}

/// Name of an enumerator, as on the wire.
template <class E>
    requires std::is_enum_v<E>
std::string_view enum_name(E value) {
    return detail::enum_names<E>[static_cast<std::size_t>(detail::enum_ops<E>.get(&value))];
}

} // namespace gravity::meta

namespace gravity {

/// A field that may be left out of an input and then is V: `Default<Status::draft> status;`. Reads like V's type.
template <auto V>
class Default {
public:
    using Value = decltype(V);
    constexpr Default() = default;
    constexpr Default(Value value) : value_(value) {}
    constexpr operator Value() const { return value_; }
    constexpr Value operator*() const { return value_; }

    static constexpr meta::Type describe() {
        static_assert(sizeof(Default) == sizeof(Value));
        meta::Type t = meta::detail::build<Value>(); // the same layout, so the operations of Value serve
        t.has_default = true;
        t.make = &meta::detail::make<Default>;
        return t;
    }

private:
    Value value_ = V;
};

} // namespace gravity

/// Has the tables of these types of `space`, a namespace within gravity, made in one file of their module instead of in every file that reads or writes
/// one: half of the work of compiling those. Stands at the end of a header that describes types, outside of any namespace:
///
///   GRAVITY_TABLES(library, Book, Loan)
///
/// and the module has a source that includes <gravity/meta/make_tables.hpp> first and then each such header. At most 64 types at a time. (Each is an
/// explicit instantiation declaration, in that source a definition.)
#define GRAVITY_TABLES(space, ...) \
    namespace gravity::meta { \
    BOOST_PP_SEQ_FOR_EACH(GRAVITY_TABLE_, space, BOOST_PP_VARIADIC_TO_SEQ(__VA_ARGS__)) \
    }
#define GRAVITY_TABLE_(r, space, T) GRAVITY_TABLE_IS_ELSEWHERE template const Type& type_of<space::T>();
#define GRAVITY_TABLE_IS_ELSEWHERE extern

// Of what everybody uses they are made in common's own sources, named tables.cpp.
namespace gravity {
class Bytes;
class Country;
class Currency;
class Date;
class Duration;
class Email;
class Json;
class Locale;
class Phone;
class Slug;
class Timestamp;
class TimeZone;
class Url;
class Uuid;
class Version;
struct Money;
struct PageQuery;
} // namespace gravity

namespace gravity::meta {
extern template const Type& type_of<bool>();
extern template const Type& type_of<int>();
extern template const Type& type_of<std::int64_t>();
extern template const Type& type_of<double>();
extern template const Type& type_of<std::string>();
extern template const Type& type_of<std::optional<bool>>();
extern template const Type& type_of<std::optional<int>>();
extern template const Type& type_of<std::optional<std::int64_t>>();
extern template const Type& type_of<std::optional<std::string>>();
extern template const Type& type_of<std::vector<std::string>>();
extern template const Type& type_of<std::map<std::string, std::string>>();
extern template const Type& type_of<std::map<std::string, std::string, std::less<>>>();
extern template const Type& type_of<Bytes>();
extern template const Type& type_of<Country>();
extern template const Type& type_of<Currency>();
extern template const Type& type_of<Date>();
extern template const Type& type_of<Duration>();
extern template const Type& type_of<Email>();
extern template const Type& type_of<Json>();
extern template const Type& type_of<Locale>();
extern template const Type& type_of<Money>();
extern template const Type& type_of<PageQuery>();
extern template const Type& type_of<Phone>();
extern template const Type& type_of<Slug>();
extern template const Type& type_of<Timestamp>();
extern template const Type& type_of<TimeZone>();
extern template const Type& type_of<Url>();
extern template const Type& type_of<Uuid>();
extern template const Type& type_of<Version>();
} // namespace gravity::meta
