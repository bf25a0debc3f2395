#include <gravity/auth/access_key.hpp>
#include <gravity/base/ascii.hpp>
#include <gravity/base/crypto.hpp>
#include <gravity/base/encoding.hpp>

#include <algorithm>

namespace gravity::auth {
namespace {

constexpr std::string_view secret_prefix = "gk_", publishable_prefix = "gp_";
constexpr std::size_t prefix_size = secret_prefix.size();
constexpr std::size_t id_bytes = 10;
constexpr std::size_t secret_bytes = 32;
constexpr std::size_t text_size = prefix_size + 2 * id_bytes + 1 + 2 * secret_bytes;

} // namespace

AccessKey AccessKey::generate(KeyKind kind) { return {kind, hex_encode(random_bytes(id_bytes)), Secret<>(random_bytes(secret_bytes))}; }

Parsed<AccessKey> AccessKey::parse(std::string_view text) {
    const ParseError refusal{"is no access key"};
    const bool publishable = text.starts_with(publishable_prefix);
    if (text.size() != text_size || !(publishable || text.starts_with(secret_prefix)) || text[prefix_size + 2 * id_bytes] != '_')
        return refusal;
    const std::string_view id = text.substr(prefix_size, 2 * id_bytes);
    const std::string_view digits = text.substr(text_size - 2 * secret_bytes);
    auto secret = hex_decode(digits);
    // One key has one text: an upper-case twin would be another id in a cache or a log.
    if (!hex_decode(id) || !secret || std::any_of(text.begin(), text.end(), [](char c) { return ascii::is_upper(c); }))
        return refusal;
    return AccessKey(publishable ? KeyKind::publishable : KeyKind::secret, std::string(id), Secret<>(*std::move(secret)));
}

Secret<> AccessKey::text() const {
    return Secret<>(std::string(kind_ == KeyKind::publishable ? publishable_prefix : secret_prefix) + id_ + '_' + hex_encode(secret_.reveal()));
}
std::string AccessKey::hash() const { return sha256(secret_.reveal()); }
bool AccessKey::matches(std::string_view stored_hash) const { return constant_time_equal(hash(), stored_hash); }

} // namespace gravity::auth
