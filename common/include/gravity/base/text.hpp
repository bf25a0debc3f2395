#pragma once

#include <gravity/base/parsed.hpp>
#include <gravity/base/type.hpp>

#include <cassert>
#include <compare>
#include <concepts>
#include <cstddef>
#include <string>
#include <string_view>

/// Text that validates itself. `T::parse(text)` is the only way in for text from outside; a default-constructed value
/// is unset and reading it asserts. A string literal converts implicitly (for defaults and tests) and throws
/// std::invalid_argument if it is bad. Values are ordered by bytes. Any thread may read one value; it is a plain value
/// otherwise.
namespace gravity {

/// What the text-like types have in common. T supplies `static bool accept(std::string_view in, std::string& out,
/// std::string& why)`: true with the normalised text in `out`, or false with one clause in `why`.
template <class T> class TextValue {
public:
    TextValue() = default;
    template <std::size_t N> TextValue(const char (&literal)[N]) {
        std::string why;
        if (!T::accept(std::string_view(literal, N - 1), text_, why)) throw_parse_error(why);
        set_ = true;
    }

    static Parsed<T> parse(std::string_view text) {
        T value;
        TextValue& base = value;
        std::string why;
        if (!T::accept(text, base.text_, why)) return ParseError{std::move(why)};
        base.set_ = true;
        return value;
    }

    bool is_set() const noexcept { return set_; }
    const std::string& str() const noexcept {
        assert(set_);
        return text_;
    }
    std::string_view view() const noexcept { return str(); }
    std::string to_string() const { return str(); }
    void append_to(std::string& out) const { out += str(); }

    /// For Secret<T>: the storage, so that it can be cleared.
    std::string& storage() noexcept { return text_; }

    friend auto operator<=>(const TextValue&, const TextValue&) = default;
    friend bool operator==(const TextValue&, const TextValue&) = default;

private:
    std::string text_;
    bool set_ = false; // an empty text may be a value
};

namespace detail {
enum class Lines : bool {
    one,
    many
};
bool accept_text(std::string_view in, std::size_t min, std::size_t max, Lines lines, std::string& out,
                 std::string& why);
} // namespace detail

/// One line of Min to Max code points: valid UTF-8, brought to NFC, without control characters (Cc) and line
/// separators.
template <std::size_t Min, std::size_t Max> class Text : public TextValue<Text<Min, Max>> {
    static_assert(Min <= Max);

public:
    using TextValue<Text>::TextValue;
    static bool accept(std::string_view in, std::string& out, std::string& why) {
        return detail::accept_text(in, Min, Max, detail::Lines::one, out, why);
    }
    static constexpr meta::Type describe() { return meta::text_type<Text>({.min = Min, .max = Max}); }
};

/// Like Text, but with line breaks and tabs: "\r\n" and "\r" are brought to "\n".
template <std::size_t Min, std::size_t Max> class Multiline : public TextValue<Multiline<Min, Max>> {
    static_assert(Min <= Max);

public:
    using TextValue<Multiline>::TextValue;
    static bool accept(std::string_view in, std::string& out, std::string& why) {
        return detail::accept_text(in, Min, Max, detail::Lines::many, out, why);
    }
    static constexpr meta::Type describe() {
        return meta::text_type<Multiline>({.doc = "Text, may have several lines", .min = Min, .max = Max});
    }
};

/// A name for URLs: lower-case letters, digits and single hyphens, at most 80.
class Slug : public TextValue<Slug> {
public:
    using TextValue::TextValue;
    static bool accept(std::string_view in, std::string& out, std::string& why);
    static constexpr meta::Type describe() {
        return meta::text_type<Slug>({.pattern = "^[a-z0-9]+(-[a-z0-9]+)*$",
                                      .doc = "Lower-case letters, digits and single hyphens",
                                      .example = "\"blue-mug\"",
                                      .min = 1,
                                      .max = 80});
    }
};

} // namespace gravity

template <class T>
    requires std::derived_from<T, gravity::TextValue<T>>
struct std::hash<T> {
    std::size_t operator()(const T& value) const noexcept { return std::hash<std::string_view>{}(value.view()); }
};
