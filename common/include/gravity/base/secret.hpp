#pragma once

#include <gravity/base/parsed.hpp>
#include <gravity/base/type.hpp>
#include <gravity/base/utf8.hpp>

#include <concepts>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

namespace gravity {

/// Overwrites memory in a way the compiler may not leave out.
void wipe(void* data, std::size_t size) noexcept;
/// Overwrites the characters, the spare capacity and the in-place buffer, and empties the text.
void wipe(std::string& text) noexcept;

namespace detail {
// For Secret's type table; not to be called: a secret is revealed, never written.
[[noreturn]] void throw_secret_written();
} // namespace detail

/// A value that must not be seen: a password, a key. T is std::string or a text-like value type. It has no ==, no
/// output, no conversion to a log value; writing it through its type table throws std::logic_error, so a forgotten
/// redaction fails instead of leaking. Compare with constant_time_equal(a.reveal(), b). The memory is overwritten on
/// destruction, assignment and move.
template <class T = std::string> class Secret {
public:
    Secret() = default;
    explicit Secret(T value) : value_(std::move(value)), set_(true) { clear(value); }
    Secret(const Secret&) = default;
    Secret(Secret&& other) noexcept : value_(std::move(other.value_)), set_(std::exchange(other.set_, false)) {
        clear(other.value_);
    }
    Secret& operator=(const Secret& other) {
        if (this != &other) *this = Secret(other);
        return *this;
    }
    Secret& operator=(Secret&& other) noexcept {
        if (this == &other) return *this;
        clear(value_);
        value_ = std::move(other.value_);
        set_ = std::exchange(other.set_, false);
        clear(other.value_);
        return *this;
    }
    ~Secret() { clear(value_); }

    /// A std::string secret is any valid UTF-8 text that is not empty.
    static Parsed<Secret> parse(std::string_view text) {
        if constexpr (std::same_as<T, std::string>) {
            if (text.empty()) return ParseError{"must not be empty"};
            if (!utf8::valid(text)) return ParseError{"must be valid UTF-8"};
            return Secret(std::string(text));
        } else {
            auto parsed = T::parse(text);
            if (!parsed) return ParseError{parsed.why()};
            return Secret(*std::move(parsed));
        }
    }

    bool is_set() const noexcept { return set_; }
    /// The value. The one way to it, so that a search for this word finds every use.
    const T& reveal() const noexcept {
        assert(set_);
        return value_;
    }

    void append_to(std::string&) const { detail::throw_secret_written(); }
    static constexpr meta::Type describe() {
        meta::TextTraits traits{.format = "password", .doc = "Secret; never shown", .sql = "", .secret = true};
        if constexpr (!std::same_as<T, std::string>) {
            traits.pattern = T::describe().pattern;
            traits.min = T::describe().min;
            traits.max = T::describe().max;
        } else {
            traits.min = 1;
        }
        return meta::text_type<Secret>(traits);
    }

    friend bool operator==(const Secret&, const Secret&) = delete;

private:
    static void clear(T& value) noexcept {
        if constexpr (std::same_as<T, std::string>) {
            wipe(value);
        } else {
            wipe(value.storage());
        }
    }
    T value_{};
    bool set_ = false;
};

} // namespace gravity
