#include <gravity/auth/sealed.hpp>
#include <gravity/base/ascii.hpp>
#include <gravity/base/crypto.hpp>
#include <gravity/base/encoding.hpp>

#include <algorithm>
#include <stdexcept>

namespace gravity::auth {
namespace {

constexpr std::size_t tag_bytes = 16;
constexpr std::size_t max_signed_text = 8192;
constexpr std::string_view version = "gs1.";
constexpr std::size_t id_digits = 8;

/// The tag over both parts; the length keeps them apart.
std::string tag_of(const Secret<>& key, std::string_view bytes, std::string_view bound) {
    std::string input = std::to_string(bound.size()) + ':';
    input += bound;
    input += bytes;
    return hmac_sha256(key.reveal(), input).substr(0, tag_bytes);
}

} // namespace

Authenticator::Authenticator(const std::vector<Secret<>>& keys, std::string_view label) {
    if (keys.empty()) throw std::invalid_argument("an authenticator needs a key");
    for (const Secret<>& key : keys) {
        if (key.reveal().size() < 32) throw std::invalid_argument("an authenticator's key must have at least 32 bytes");
        keys_.emplace_back(hkdf_sha256(key.reveal(), {}, "gravity authenticator v1: " + std::string(label), 32));
    }
}

std::string Authenticator::sign(std::string_view bytes, std::string_view bound) const {
    return base64url_encode(tag_of(keys_.front(), bytes, bound) + std::string(bytes));
}

std::optional<std::string> Authenticator::verify(std::string_view text, std::string_view bound) const {
    if (text.size() > max_signed_text) return std::nullopt;
    auto decoded = base64url_decode(text);
    if (!decoded || decoded->size() < tag_bytes) return std::nullopt;
    const std::string bytes = decoded->substr(tag_bytes);
    const std::string_view tag = std::string_view(*decoded).substr(0, tag_bytes);
    for (const Secret<>& key : keys_) {
        if (constant_time_equal(tag, tag_of(key, bytes, bound))) return bytes;
    }
    return std::nullopt;
}

Parsed<MasterKeys> MasterKeys::parse(std::string_view text) {
    MasterKeys keys;
    for (const std::string_view part : ascii::split(text, ',')) {
        auto bytes = base64_decode(ascii::trim(part));
        // The value itself is never in the message.
        if (!bytes || bytes->size() != aes256_key_bytes)
            return ParseError{"must be keys of 32 bytes in base64, comma separated"};
        Secret<> master(*std::move(bytes));
        Key key{hex_encode(hkdf_sha256(master.reveal(), {}, "gravity key id v1", id_digits / 2)), master,
                Secret<>(hkdf_sha256(master.reveal(), {}, "gravity sealed v1", aes256_key_bytes))};
        if (std::any_of(keys.keys_.begin(), keys.keys_.end(), [&](const Key& other) { return other.id == key.id; })) {
            return ParseError{"must not have a key twice"};
        }
        keys.keys_.push_back(std::move(key));
    }
    return keys;
}

std::string MasterKeys::seal(std::string_view plaintext, std::string_view associated) const {
    const Key& key = keys_.front();
    const std::string head = std::string(version) + key.id + '.';
    const std::string nonce = random_bytes(gcm_nonce_bytes);
    return head + base64url_encode(
                      nonce + aes256_gcm_seal(key.sealing.reveal(), nonce, plaintext, head + std::string(associated)));
}

Parsed<Secret<>> MasterKeys::open(std::string_view envelope, std::string_view associated) const {
    const std::size_t head_size = version.size() + id_digits + 1;
    if (!envelope.starts_with(version) || envelope.size() < head_size || envelope[head_size - 1] != '.')
        return ParseError{"is no sealed value"};
    const std::string_view head = envelope.substr(0, head_size);
    const std::string_view id = envelope.substr(version.size(), id_digits);
    const auto key = std::find_if(keys_.begin(), keys_.end(), [&](const Key& k) { return k.id == id; });
    if (key == keys_.end()) return ParseError{"was sealed with a master key that is not configured"};
    const auto body = base64url_decode(envelope.substr(head_size));
    constexpr const char* damaged = "is damaged, or was sealed for another row";
    if (!body || body->size() < gcm_nonce_bytes + gcm_tag_bytes) return ParseError{damaged};
    const std::string_view bytes = *body;
    auto opened = aes256_gcm_open(key->sealing.reveal(), bytes.substr(0, gcm_nonce_bytes),
                                  bytes.substr(gcm_nonce_bytes), std::string(head) + std::string(associated));
    if (!opened) return ParseError{damaged};
    return Secret<>(*std::move(opened));
}

bool MasterKeys::current(std::string_view envelope) const {
    return envelope.starts_with(version) && envelope.substr(version.size()).starts_with(keys_.front().id + '.');
}

Authenticator MasterKeys::authenticator(std::string_view label) const {
    std::vector<Secret<>> masters;
    for (const Key& key : keys_) masters.push_back(key.master);
    return {masters, label};
}

} // namespace gravity::auth
