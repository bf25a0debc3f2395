#include "opaque.hpp"

#include <gravity/base/crypto.hpp>
#include <gravity/base/encoding.hpp>

namespace gravity::issuer {

Secret<> fresh_opaque(std::string_view prefix) {
    std::string bytes = random_bytes(32);
    Secret<> text(std::string(prefix) + hex_encode(bytes));
    wipe(bytes);
    return text;
}

Bytes opaque_hash(std::string_view text) { return Bytes(sha256(text)); }

} // namespace gravity::issuer
