#include <gravity/redis/value.hpp>

#include <charconv>

namespace gravity::redis {

namespace {

std::string_view first_word(std::string_view text) { return text.substr(0, text.find(' ')); }

[[noreturn]] void wrong_kind(const Value& value, std::string_view wanted) {
    if (value.is_error()) throw Error(ErrorKind::server, value.text);
    throw Error(ErrorKind::protocol,
                "expected " + std::string(wanted) + " from the server, got " + std::string(to_string(value.kind)));
}

} // namespace

std::string_view to_string(ErrorKind kind) {
    switch (kind) {
    case ErrorKind::timeout: return "timeout";
    case ErrorKind::connection_lost: return "connection_lost";
    case ErrorKind::unavailable: return "unavailable";
    case ErrorKind::overloaded: return "overloaded";
    case ErrorKind::server: return "server";
    case ErrorKind::protocol: return "protocol";
    case ErrorKind::usage: return "usage";
    case ErrorKind::cancelled: return "cancelled";
    case ErrorKind::closed: return "closed";
    }
    return "unknown";
}

std::string_view to_string(ValueKind kind) {
    switch (kind) {
    case ValueKind::nil: return "nil";
    case ValueKind::integer: return "integer";
    case ValueKind::string: return "string";
    case ValueKind::status: return "status";
    case ValueKind::array: return "array";
    case ValueKind::error: return "error";
    }
    return "unknown";
}

std::string_view Error::code() const noexcept {
    return kind_ == ErrorKind::server ? first_word(what()) : std::string_view();
}

Value Value::of_integer(std::int64_t value) {
    Value v;
    v.kind = ValueKind::integer;
    v.integer = value;
    return v;
}

Value Value::of_string(std::string value) {
    Value v;
    v.kind = ValueKind::string;
    v.text = std::move(value);
    return v;
}

Value Value::of_status(std::string value) {
    Value v = of_string(std::move(value));
    v.kind = ValueKind::status;
    return v;
}

Value Value::of_error(std::string value) {
    Value v = of_string(std::move(value));
    v.kind = ValueKind::error;
    return v;
}

Value Value::of_array(std::vector<Value> values) {
    Value v;
    v.kind = ValueKind::array;
    v.elements = std::move(values);
    return v;
}

std::string_view Value::error_code() const noexcept { return is_error() ? first_word(text) : std::string_view(); }

std::int64_t Value::as_integer() const {
    if (kind == ValueKind::integer) return integer;
    if (kind == ValueKind::string) {
        std::int64_t number = 0;
        const char* end = text.data() + text.size();
        auto [stop, failed] = std::from_chars(text.data(), end, number);
        if (failed == std::errc() && stop == end && !text.empty()) return number;
    }
    wrong_kind(*this, "an integer");
}

const std::string& Value::as_text() const& {
    if (kind != ValueKind::string && kind != ValueKind::status) wrong_kind(*this, "a string");
    return text;
}

std::string Value::as_text() && {
    if (kind != ValueKind::string && kind != ValueKind::status) wrong_kind(*this, "a string");
    return std::move(text);
}

std::optional<std::string> Value::as_optional_text() const {
    if (is_nil()) return std::nullopt;
    return as_text();
}

const std::vector<Value>& Value::as_array() const& {
    if (kind != ValueKind::array) wrong_kind(*this, "an array");
    return elements;
}

std::vector<Value> Value::as_array() && {
    if (kind != ValueKind::array) wrong_kind(*this, "an array");
    return std::move(elements);
}

Value Value::or_throw() && {
    if (is_error()) throw Error(ErrorKind::server, text);
    return std::move(*this);
}

} // namespace gravity::redis
