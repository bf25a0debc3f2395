#include "pg/tx_state.hpp"

#include <gravity/base/crypto.hpp>
#include <gravity/base/encoding.hpp>

namespace gravity::pg {
namespace {

// Layout: version byte, 16 bytes of HMAC-SHA256 over (binding, payload), payload of values each with a 32-bit big-endian length.
constexpr char version = 1;
constexpr std::size_t mac_size = 16;

std::string mac(const std::string& key, std::string_view binding, std::string_view payload) {
    std::string signed_text(binding);
    signed_text += '\0';
    signed_text += payload;
    return hmac_sha256(key, signed_text).substr(0, mac_size);
}

} // namespace

std::string make_cursor(const std::string& key, std::string_view binding, const std::vector<std::string>& values) {
    std::string payload;
    for (const std::string& value : values) {
        for (int shift = 24; shift >= 0; shift -= 8) payload += static_cast<char>(value.size() >> shift & 0xff);
        payload += value;
    }
    std::string cursor(1, version);
    cursor += mac(key, binding, payload);
    cursor += payload;
    return base64url_encode(cursor);
}

std::vector<std::string> read_cursor(const std::string& key, std::string_view binding, std::string_view cursor, std::size_t count) {
    const auto bytes = base64url_decode(cursor);
    if (!bytes || bytes->size() < 1 + mac_size || bytes->front() != version) throw Refusal(problems::invalid_cursor);
    const std::string_view all(*bytes);
    std::string_view payload = all.substr(1 + mac_size);
    if (!constant_time_equal(all.substr(1, mac_size), mac(key, binding, payload))) throw Refusal(problems::invalid_cursor);

    std::vector<std::string> values;
    while (payload.size() >= 4) {
        std::size_t length = 0;
        for (int i = 0; i < 4; ++i) length = length << 8 | static_cast<unsigned char>(payload[static_cast<std::size_t>(i)]);
        payload.remove_prefix(4);
        if (length > payload.size()) throw Refusal(problems::invalid_cursor);
        values.emplace_back(payload.substr(0, length));
        payload.remove_prefix(length);
    }
    if (values.size() != count || !payload.empty()) throw Refusal(problems::invalid_cursor);
    return values;
}

} // namespace gravity::pg
