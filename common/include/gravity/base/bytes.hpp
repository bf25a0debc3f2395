#pragma once

#include <gravity/base/parsed.hpp>
#include <gravity/base/type.hpp>

#include <cassert>
#include <compare>
#include <string>
#include <string_view>
#include <utility>

namespace gravity {

/// Binary data as a value: base64 in JSON (RFC 4648 section 4, padded, strict), `bytea` in PostgreSQL. Its size is
/// limited by that of the message it came in; a field that needs less says so in its check(). Held as a std::string of
/// raw bytes, like everywhere.
class Bytes {
public:
    Bytes() = default;
    explicit Bytes(std::string raw) : raw_(std::move(raw)), set_(true) {}

    /// Base64.
    static Parsed<Bytes> parse(std::string_view text);
    /// PostgreSQL's hex form, "\x0aff", which it writes and takes (bytea_output = hex, the default).
    static Parsed<Bytes> from_postgres(std::string_view text);
    std::string to_postgres() const;

    bool is_set() const noexcept { return set_; }
    std::string_view view() const noexcept {
        assert(set_);
        return raw_;
    }
    std::size_t size() const noexcept { return view().size(); }
    std::string to_string() const; // base64
    void append_to(std::string& out) const;

    /// For Secret<Bytes>: the storage, so that it can be cleared.
    std::string& storage() noexcept { return raw_; }

    friend auto operator<=>(const Bytes&, const Bytes&) = default;
    friend bool operator==(const Bytes&, const Bytes&) = default;

    static constexpr meta::Type describe() {
        return meta::text_type<Bytes>(
            {.format = "byte", .doc = "Binary data in base64 with padding", .example = "\"aGVsbG8=\"", .sql = "bytea"});
    }

private:
    std::string raw_;
    bool set_ = false;
};

} // namespace gravity
