#pragma once

#include <gravity/base/parsed.hpp>
#include <gravity/base/type.hpp>

#include <array>
#include <compare>
#include <cstdint>
#include <string>

namespace gravity {

/// RFC 9562 UUID. Default-constructed it is unset (all zero, the Nil UUID of section 5.9).
class Uuid {
public:
    constexpr Uuid() = default;
    explicit constexpr Uuid(const std::array<std::uint8_t, 16>& bytes) : bytes_(bytes) {}

    /// Version 7 (section 5.7): Unix milliseconds, then 12 bits that keep ids of one process in order within a millisecond
    /// (section 6.2 method 1), then random bits. Any thread.
    static Uuid v7();
    /// Version 4 (section 5.4), where the time of creation must not show. Any thread.
    static Uuid v4();
    /// The 36-character form of section 4, either case. Nothing else: no braces, no URN prefix.
    static Parsed<Uuid> parse(std::string_view text);

    std::string to_string() const;
    void append_to(std::string& out) const;
    constexpr bool is_set() const { return *this != Uuid{}; }
    constexpr const std::array<std::uint8_t, 16>& bytes() const { return bytes_; }

    friend constexpr auto operator<=>(const Uuid&, const Uuid&) = default;
    friend constexpr bool operator==(const Uuid&, const Uuid&) = default;

    static constexpr meta::Type describe() {
        return meta::text_type<Uuid>({.format = "uuid", .doc = "RFC 9562 UUID", .min = 36, .max = 36, .sql = "uuid"});
    }

private:
    std::array<std::uint8_t, 16> bytes_{};
};

/// A text usable as a template argument.
template <std::size_t N>
struct FixedText {
    char data[N]{};
    constexpr FixedText(const char (&text)[N]) {
        for (std::size_t i = 0; i < N; ++i) data[i] = text[i];
    }
    constexpr std::string_view view() const { return {data, N - 1}; }
};

/// The id of one kind of resource: `using ProductId = Id<"product">`. Ids of two kinds do not mix.
template <FixedText Tag>
class Id {
public:
    constexpr Id() = default;
    explicit constexpr Id(const Uuid& uuid) : uuid_(uuid) {}

    static Id fresh() { return Id(Uuid::v7()); }
    static Parsed<Id> parse(std::string_view text) {
        auto parsed = Uuid::parse(text);
        if (!parsed) return ParseError{parsed.why()};
        return Id(*parsed);
    }

    std::string to_string() const { return uuid_.to_string(); }
    void append_to(std::string& out) const { uuid_.append_to(out); }
    constexpr bool is_set() const { return uuid_.is_set(); }
    constexpr const Uuid& uuid() const { return uuid_; }

    friend constexpr auto operator<=>(const Id&, const Id&) = default;
    friend constexpr bool operator==(const Id&, const Id&) = default;

    static constexpr meta::Type describe() {
        return meta::text_type<Id>({.format = "uuid", .doc = "Identifier (UUIDv7)", .min = 36, .max = 36, .sql = "uuid"});
    }

private:
    Uuid uuid_;
};

using ProjectId = Id<"project">;

} // namespace gravity

template <>
struct std::hash<gravity::Uuid> {
    std::size_t operator()(const gravity::Uuid& id) const noexcept {
        std::uint64_t h = 0; // the last eight bytes hold the random bits
        for (std::size_t i = 8; i < 16; ++i) h = h << 8 | id.bytes()[i];
        return static_cast<std::size_t>(h);
    }
};
template <gravity::FixedText Tag>
struct std::hash<gravity::Id<Tag>> {
    std::size_t operator()(const gravity::Id<Tag>& id) const noexcept { return std::hash<gravity::Uuid>{}(id.uuid()); }
};
