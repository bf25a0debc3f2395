#pragma once

#include <gravity/redis/error.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gravity::redis {

enum class ValueKind : std::uint8_t {
    nil,
    integer,
    string,
    status,
    array,
    error
};

std::string_view to_string(ValueKind kind);

/// A reply of RESP2 (redis.io, "Redis serialization protocol specification"), owned. A null bulk string and a null
/// array are both `nil`.
struct Value {
    ValueKind kind = ValueKind::nil;
    std::int64_t integer = 0;
    std::string text; // string, status, error; bytes, not necessarily UTF-8
    std::vector<Value> elements;

    static Value of_integer(std::int64_t value);
    static Value of_string(std::string value);
    static Value of_status(std::string value);
    static Value of_error(std::string value);
    static Value of_array(std::vector<Value> values);

    bool is_nil() const noexcept { return kind == ValueKind::nil; }
    bool is_error() const noexcept { return kind == ValueKind::error; }
    bool is_status(std::string_view word) const noexcept { return kind == ValueKind::status && text == word; }
    /// First word of an error, else empty.
    std::string_view error_code() const noexcept;

    /// The accessors below throw Error{protocol} if the value is of another kind, and Error{server} if it is an error.
    std::int64_t as_integer() const;     // an integer, or a string that is one in whole
    const std::string& as_text() const&; // string or status
    std::string as_text() &&;
    std::optional<std::string> as_optional_text() const; // nothing for nil
    const std::vector<Value>& as_array() const&;
    std::vector<Value> as_array() &&;

    /// Throws Error{server} if this is an error; else the value itself.
    Value or_throw() &&;

    friend bool operator==(const Value&, const Value&) = default;
};

} // namespace gravity::redis
