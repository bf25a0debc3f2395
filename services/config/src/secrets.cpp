#include "secrets.hpp"

#include "problems.hpp"

#include <gravity/base/crypto.hpp>
#include <gravity/base/encoding.hpp>
#include <gravity/base/problem.hpp>
#include <gravity/log/log.hpp>

#include <chrono>

namespace gravity::config {
namespace {

constexpr std::size_t fingerprint_bytes = 8;

std::int64_t steady_seconds() {
    return 1 + std::chrono::duration_cast<std::chrono::seconds>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

std::string associated_data(const SecretPlace& place) { return place.project.to_string() + " " + place.set.to_string() + " " + place.key; }

} // namespace

bool is_secret(const Json& value) { return value.is_object(); }

std::string fingerprint_of(const Json& secret) {
    const Json* fingerprint = secret.find("fingerprint");
    return fingerprint != nullptr && fingerprint->is_string() ? fingerprint->as_string() : std::string();
}

DataKey DataKey::fresh() { return DataKey(Secret<>(random_bytes(aes256_key_bytes))); }

std::string DataKey::fingerprint(const SecretPlace& place, std::string_view text) const {
    const Secret<> key(hkdf_sha256(bytes_.reveal(), {}, "gravity config fingerprint", 32));
    return hex_encode(hmac_sha256(key.reveal(), associated_data(place) + '\0' + std::string(text)).substr(0, fingerprint_bytes));
}

Json DataKey::seal(const SecretPlace& place, std::string_view text) const {
    const std::string nonce = random_bytes(gcm_nonce_bytes);
    const std::string sealed = nonce + aes256_gcm_seal(bytes_.reveal(), nonce, text, associated_data(place));
    return Json::object({{"secret", base64url_encode(sealed)}, {"fingerprint", fingerprint(place, text)}});
}

std::optional<Secret<>> DataKey::open(const SecretPlace& place, const Json& secret) const {
    const Json* text = secret.find("secret");
    const auto sealed = text != nullptr && text->is_string() ? base64url_decode(text->as_string()) : std::nullopt;
    if (!sealed || sealed->size() < gcm_nonce_bytes + gcm_tag_bytes) return std::nullopt;
    const std::string_view bytes(*sealed);
    auto opened = aes256_gcm_open(bytes_.reveal(), bytes.substr(0, gcm_nonce_bytes), bytes.substr(gcm_nonce_bytes), associated_data(place));
    if (!opened) return std::nullopt;
    return Secret<>(*std::move(opened));
}

std::string Vault::seal(const DataKey& key, const Uuid& id) const {
    if (!keys_) throw Refusal(secrets_unavailable);
    return keys_->seal(key.bytes().reveal(), id.to_string());
}

DataKey Vault::open(const std::string& sealed, const Uuid& id) const {
    if (!keys_) {
        note_closed();
        throw Refusal(secrets_unavailable);
    }
    auto opened = keys_->open(sealed, id.to_string());
    if (!opened || opened->reveal().size() != aes256_key_bytes) {
        note_closed();
        log::error("a data key does not open", {{"data_key", id.to_string()}, {"why", opened ? "it is of another size" : opened.why()}});
        throw Refusal(secrets_unavailable);
    }
    return DataKey(*std::move(opened));
}

std::string Vault::seal_text(std::string_view text, const std::string& bound_to) const {
    if (!keys_) throw Refusal(secrets_unavailable);
    return keys_->seal(text, bound_to);
}

std::optional<Secret<>> Vault::open_text(std::string_view sealed, const std::string& bound_to) const {
    if (!keys_) throw Refusal(secrets_unavailable);
    auto opened = keys_->open(sealed, bound_to);
    if (!opened) return std::nullopt;
    return *std::move(opened);
}

std::optional<std::string> Vault::sealed_anew(const std::string& sealed, const std::string& bound_to) const {
    if (!keys_ || keys_->current(sealed)) return std::nullopt;
    const auto opened = keys_->open(sealed, bound_to);
    if (!opened) {
        note_closed();
        return std::nullopt;
    }
    return keys_->seal(opened->reveal(), bound_to);
}

bool Vault::found_closed() const {
    constexpr std::int64_t two_hours = 2 * 60 * 60; // longer than until all is looked at again
    const std::int64_t at = closed_at_.load(std::memory_order_relaxed);
    return at != 0 && steady_seconds() - at < two_hours;
}

void Vault::note_closed() const { closed_at_.store(steady_seconds(), std::memory_order_relaxed); }

Items mask(Items items) {
    for (auto& [key, value] : items)
        if (is_secret(value)) value = Json(masked);
    return items;
}

} // namespace gravity::config
