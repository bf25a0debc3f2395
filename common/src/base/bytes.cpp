#include <gravity/base/bytes.hpp>
#include <gravity/base/encoding.hpp>

namespace gravity {

Parsed<Bytes> Bytes::parse(std::string_view text) {
    auto raw = base64_decode(text);
    if (!raw) return ParseError{"must be base64 with padding"};
    return Bytes(*std::move(raw));
}

Parsed<Bytes> Bytes::from_postgres(std::string_view text) {
    const ParseError bad{"is not a bytea in hex form"};
    if (!text.starts_with("\\x")) return bad;
    auto raw = hex_decode(text.substr(2));
    if (!raw) return bad;
    return Bytes(*std::move(raw));
}

std::string Bytes::to_postgres() const { return "\\x" + hex_encode(view()); }

std::string Bytes::to_string() const { return base64_encode(view()); }

void Bytes::append_to(std::string& out) const { out += to_string(); }

} // namespace gravity
