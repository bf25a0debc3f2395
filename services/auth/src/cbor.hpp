#pragma once

#include <gravity/base/parsed.hpp>

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

/// The part of CBOR (RFC 8949) that authenticators speak: the canonical form of CTAP2 (CTAP 2.1 section 8). Pure.
namespace gravity::issuer::cbor {

/// What one item may be at most. CTAP2 itself allows four levels; no message of an authenticator comes near the other.
inline constexpr std::size_t max_depth = 4, max_values = 256;

/// An integer of 64 bits with its sign, bytes, a text, an array, a map, a truth value, or nothing. Each look at it as another kind than it is gives null.
class Value {
public:
    struct Octets {
        std::string bytes;
        friend bool operator==(const Octets&, const Octets&) = default;
    };
    using Key = std::variant<std::int64_t, std::string>;
    using Array = std::vector<Value>;
    using Map = std::map<Key, Value>;

    Value() = default;
    template <class T>
    explicit Value(T value) : value_(std::move(value)) {}

    const std::int64_t* integer() const { return std::get_if<std::int64_t>(&value_); }
    const bool* truth() const { return std::get_if<bool>(&value_); }
    const std::string* octets() const {
        const Octets* const found = std::get_if<Octets>(&value_);
        return found != nullptr ? &found->bytes : nullptr;
    }
    const std::string* text() const { return std::get_if<std::string>(&value_); }
    const Array* array() const { return std::get_if<Array>(&value_); }
    const Map* map() const { return std::get_if<Map>(&value_); }
    /// The value of a map under this key; null if it is no map or has none.
    const Value* find(const Key& key) const;

    friend bool operator==(const Value&, const Value&) = default;

private:
    std::variant<std::monostate, std::int64_t, bool, Octets, std::string, Array, Map> value_;
};

/// Takes one item off the front of the bytes. Refused: what is not whole, numbers and lengths that are not in their shortest form, lengths that are not given
/// ahead, a key that comes twice or is neither integer nor text, text that is not UTF-8, tags, floating point, and what is beyond the limits. The order of keys
/// is not looked at: authenticators differ in it, and nothing here depends on it.
Parsed<Value> take(std::string_view& bytes);
/// The same of bytes that are one item and nothing else.
Parsed<Value> read(std::string_view bytes);

} // namespace gravity::issuer::cbor
