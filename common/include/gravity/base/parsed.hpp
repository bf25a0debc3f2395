#pragma once

#include <cassert>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace gravity {

/// Why a text was not taken as a value: one clause that reads after "the field ...", e.g. "must be at most 200 characters".
struct ParseError {
    std::string why;
};

/// A value, or the reason there is none. What `T::parse()` returns; never thrown.
template <class T>
class [[nodiscard]] Parsed {
public:
    Parsed(T value) : value_(std::move(value)) {}
    Parsed(ParseError error) : error_(std::move(error)) {}

    explicit operator bool() const noexcept { return value_.has_value(); }
    const T& operator*() const& { return *value_; }
    T&& operator*() && { return std::move(*value_); }
    const T* operator->() const { return &*value_; }

    /// The reason; asserts that there is one.
    const std::string& why() const {
        assert(!value_);
        return error_.why;
    }

    /// The value, or std::invalid_argument with the reason: for texts that a programmer wrote.
    T or_throw() &&;

private:
    std::optional<T> value_;
    ParseError error_;
};

[[noreturn]] void throw_parse_error(const std::string& why);

template <class T>
T Parsed<T>::or_throw() && {
    if (!value_) throw_parse_error(error_.why);
    return std::move(*value_);
}

} // namespace gravity
