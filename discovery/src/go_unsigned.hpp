#pragma once

#include <gravity/base/parsed.hpp>
#include <gravity/base/type.hpp>

#include <charconv>
#include <cstdint>
#include <string>
#include <string_view>

namespace gravity::registry {

/// A number of 64 bits without sign, as Go's clients send flags and indexes. JSON of ours stops at 63 bits, so it is read as a text (api::as_go_reads).
class GoUnsigned {
public:
    GoUnsigned() = default;
    explicit GoUnsigned(std::uint64_t value) : value_(value), set_(true) {}

    static Parsed<GoUnsigned> parse(std::string_view text) {
        std::uint64_t value = 0;
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
        if (error != std::errc() || end != text.data() + text.size()) return ParseError{"must be a number between 0 and 18446744073709551615"};
        return GoUnsigned(value);
    }

    bool is_set() const { return set_; }
    std::uint64_t value() const { return value_; }
    std::string to_string() const { return std::to_string(value_); }
    void append_to(std::string& out) const { out += to_string(); }

    friend bool operator==(const GoUnsigned&, const GoUnsigned&) = default;

    static constexpr std::string_view format = "go-unsigned";
    static constexpr meta::Type describe() { return meta::text_type<GoUnsigned>({.format = format, .doc = "64-bit unsigned number", .example = "\"42\""}); }

private:
    std::uint64_t value_ = 0;
    bool set_ = false;
};

} // namespace gravity::registry
