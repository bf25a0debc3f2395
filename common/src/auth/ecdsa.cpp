#include "auth/openssl.hpp"

#include <gravity/auth/ecdsa.hpp>

#include <openssl/err.h>

namespace gravity::auth {

std::optional<std::string> jws_signature(std::string_view der) {
    constexpr std::size_t longest = 2 + 2 * (2 + p256_bytes + 1); // a sequence of two integers, each with a zero in front
    if (der.size() > longest) return std::nullopt;
    const unsigned char* at = octets(der);
    const unsigned char* const end = at + der.size();
    const Owned<ECDSA_SIG> parsed(d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(der.size())));
    if (!parsed || at != end) {
        ERR_clear_error();
        return std::nullopt;
    }
    std::string pair(2 * p256_bytes, '\0');
    unsigned char* out = octets(pair);
    for (const BIGNUM* number : {ECDSA_SIG_get0_r(parsed.get()), ECDSA_SIG_get0_s(parsed.get())}) {
        if (BN_is_negative(number) || BN_bn2binpad(number, out, p256_bytes) < 0) {
            ERR_clear_error();
            return std::nullopt;
        }
        out += p256_bytes;
    }
    return pair;
}

} // namespace gravity::auth
