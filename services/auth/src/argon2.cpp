#include "argon2.hpp"

#include <gravity/base/crypto.hpp>
#include <gravity/base/encoding.hpp>

#include <argon2.h>
#include <array>
#include <charconv>
#include <stdexcept>

namespace gravity::issuer::argon2 {
namespace {

constexpr std::uint32_t memory = 19 * 1024, passes = 2, lanes = 1; // RFC 9106 leaves the choice; OWASP names this one
constexpr std::size_t salt_size = 16, hash_size = 32;

std::string unpadded(std::string_view bytes) {
    std::string text = base64_encode(bytes);
    while (text.ends_with('=')) text.pop_back();
    return text;
}

std::optional<std::size_t> size_of_base64(std::string_view text) {
    std::string padded(text);
    padded.append((4 - padded.size() % 4) % 4, '=');
    const auto bytes = base64_decode(padded);
    return bytes ? std::optional(bytes->size()) : std::nullopt;
}

// Takes what is before the next `$` (or the end), and the `$` with it.
std::string_view next_part(std::string_view& rest) {
    const std::string_view part = rest.substr(0, rest.find('$'));
    rest.remove_prefix(std::min(rest.size(), part.size() + 1));
    return part;
}

// "m=65536" of "m=65536,t=3,p=4".
std::optional<std::uint32_t> next_number(std::string_view& rest, std::string_view name) {
    std::string_view part = rest.substr(0, rest.find(','));
    rest.remove_prefix(std::min(rest.size(), part.size() + 1));
    if (!part.starts_with(name)) return std::nullopt;
    part.remove_prefix(name.size());
    std::uint32_t number = 0;
    const auto [end, error] = std::from_chars(part.data(), part.data() + part.size(), number);
    if (error != std::errc() || end != part.data() + part.size() || part.front() == '0') return std::nullopt;
    return number;
}

} // namespace

std::optional<Parameters> parameters_of(std::string_view phc) {
    if (!phc.starts_with('$')) return std::nullopt;
    phc.remove_prefix(1);
    Parameters found;
    const std::string_view kind = next_part(phc);
    if (kind != "argon2id" && kind != "argon2i") return std::nullopt;
    found.id = kind == "argon2id";
    std::string_view part = next_part(phc);
    const auto version = next_number(part, "v=");
    if (!version || !part.empty() || (*version != ARGON2_VERSION_10 && *version != ARGON2_VERSION_13)) return std::nullopt;
    part = next_part(phc);
    const auto m = next_number(part, "m="), t = next_number(part, "t="), p = next_number(part, "p=");
    const auto salt = size_of_base64(next_part(phc)), hash = size_of_base64(phc);
    if (!m || !t || !p || !part.empty() || !salt || !hash) return std::nullopt;
    found.version = *version;
    found.kibibytes = *m;
    found.passes = *t;
    found.lanes = *p;
    found.salt_bytes = *salt;
    found.hash_bytes = *hash;
    return found;
}

std::string hash(std::string_view password) {
    const std::string salt = random_bytes(salt_size);
    std::array<char, 128> encoded{};
    const int code = argon2_hash(passes, memory, lanes, password.data(), password.size(), salt.data(), salt.size(), nullptr, hash_size, encoded.data(),
                                 encoded.size(), Argon2_id, ARGON2_VERSION_13);
    if (code != ARGON2_OK) throw std::runtime_error(std::string("Argon2: ") + argon2_error_message(code));
    return encoded.data();
}

bool is_present_kind(std::string_view phc) {
    const auto found = parameters_of(phc);
    return found && found->id && found->version == ARGON2_VERSION_13 && found->kibibytes == memory && found->passes == passes && found->lanes == lanes &&
           found->salt_bytes == salt_size && found->hash_bytes == hash_size;
}

std::string hash_of_nothing() {
    return "$argon2id$v=19$m=" + std::to_string(memory) + ",t=" + std::to_string(passes) + ",p=" + std::to_string(lanes) + "$" +
           unpadded(random_bytes(salt_size)) + "$" + unpadded(random_bytes(hash_size));
}

bool verify(const std::string& phc, std::string_view password) {
    const argon2_type type = phc.starts_with("$argon2id$") ? Argon2_id : Argon2_i;
    const int code = argon2_verify(phc.c_str(), password.data(), password.size(), type);
    if (code == ARGON2_OK) return true;
    if (code == ARGON2_VERIFY_MISMATCH) return false;
    throw std::runtime_error(std::string("Argon2: ") + argon2_error_message(code));
}

} // namespace gravity::issuer::argon2
