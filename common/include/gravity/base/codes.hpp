#pragma once

#include <gravity/base/text.hpp>

#include <array>

/// Codes of public lists: currencies, countries, languages, time zones.
namespace gravity {

namespace detail {

/// A short code held in place. T supplies `static bool accept(std::string_view in, std::string& why)`.
template <class T, std::size_t N> class CodeValue {
public:
    constexpr CodeValue() = default;
    CodeValue(const char (&literal)[N + 1]) { take(std::string_view(literal, N)); }

    static Parsed<T> parse(std::string_view text) {
        std::string why;
        if (!T::accept(text, why)) return ParseError{std::move(why)};
        T value;
        static_cast<CodeValue&>(value).fill(text);
        return value;
    }
    constexpr bool is_set() const noexcept { return code_[0] != '\0'; }
    std::string_view view() const noexcept {
        assert(is_set());
        return {code_.data(), N};
    }
    std::string to_string() const { return std::string(view()); }
    void append_to(std::string& out) const { out += view(); }

    friend constexpr auto operator<=>(const CodeValue&, const CodeValue&) = default;
    friend constexpr bool operator==(const CodeValue&, const CodeValue&) = default;

private:
    void take(std::string_view text) {
        std::string why;
        if (!T::accept(text, why)) throw_parse_error(why);
        fill(text);
    }
    void fill(std::string_view text) {
        for (std::size_t i = 0; i < N; ++i) code_[i] = text[i];
    }
    std::array<char, N> code_{};
};

} // namespace detail

/// ISO 4217 currency in circulation, upper case; funds, metals and testing codes are not taken.
class Currency : public detail::CodeValue<Currency, 3> {
public:
    using CodeValue::CodeValue;
    static bool accept(std::string_view in, std::string& why);
    /// Decimal digits of the minor unit by ISO 4217: JPY 0, EUR 2, KWD 3, UYW 4. Asserts that the value is set.
    int exponent() const;
    static constexpr meta::Type describe() {
        return meta::text_type<Currency>({.pattern = "^[A-Z]{3}$",
                                          .doc = "ISO 4217 currency code",
                                          .example = "\"EUR\"",
                                          .min = 3,
                                          .max = 3,
                                          .sql = "text,varchar,bpchar,citext"});
    }
};

/// ISO 3166-1 alpha-2 country or territory, upper case, officially assigned.
class Country : public detail::CodeValue<Country, 2> {
public:
    using CodeValue::CodeValue;
    static bool accept(std::string_view in, std::string& why);
    static constexpr meta::Type describe() {
        return meta::text_type<Country>({.pattern = "^[A-Z]{2}$",
                                         .doc = "ISO 3166-1 alpha-2 country code",
                                         .example = "\"DE\"",
                                         .min = 2,
                                         .max = 2,
                                         .sql = "text,varchar,bpchar,citext"});
    }
};

/// A well-formed BCP 47 language tag (RFC 5646 section 2.1) without repeated variants or singletons, in the case of
/// section 2.1.1: "zh-hant-tw" is brought to "zh-Hant-TW". Whether its subtags are registered is not asked.
class Locale : public TextValue<Locale> {
public:
    using TextValue::TextValue;
    static bool accept(std::string_view in, std::string& out, std::string& why);
    /// The primary language subtag, "zh".
    std::string_view language() const { return view().substr(0, view().find('-')); }
    static constexpr meta::Type describe() {
        return meta::text_type<Locale>({.doc = "BCP 47 language tag", .example = "\"de-AT\"", .min = 2, .max = 64});
    }
};

/// The name of an IANA time zone, in the spelling of the database ("Europe/Berlin", "UTC"). Links such as
/// "Asia/Calcutta" are kept.
class TimeZone : public TextValue<TimeZone> {
public:
    using TextValue::TextValue;
    static bool accept(std::string_view in, std::string& out, std::string& why);
    static constexpr meta::Type describe() {
        return meta::text_type<TimeZone>(
            {.doc = "IANA time zone name", .example = "\"Europe/Berlin\"", .min = 1, .max = 64});
    }
};

} // namespace gravity

template <> struct std::hash<gravity::Currency> {
    std::size_t operator()(const gravity::Currency& value) const noexcept {
        return std::hash<std::string_view>{}(value.view());
    }
};
template <> struct std::hash<gravity::Country> {
    std::size_t operator()(const gravity::Country& value) const noexcept {
        return std::hash<std::string_view>{}(value.view());
    }
};
