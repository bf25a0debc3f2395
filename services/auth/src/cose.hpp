#pragma once

#include <gravity/auth/keys.hpp>
#include <gravity/base/parsed.hpp>

#include <cstdint>
#include <string_view>

/// Public keys as authenticators give them (COSE, RFC 9052 section 7; for WebAuthn its section 5.8.5), and what they sign. Pure.
namespace gravity::issuer::cose {

/// Algorithms by their numbers (RFC 9053, RFC 8812), the preferred first.
inline constexpr std::int64_t es256 = -7, eddsa = -8, rs256 = -257;

/// A COSE_Key of one of these: EC P-256 with both coordinates, Ed25519, RSA of 2048 to 4096 bits. Its `alg` has to be there and to be its type's.
Parsed<auth::PublicKey> public_key(std::string_view cbor);
/// The number of the key's algorithm.
std::int64_t algorithm_of(const auth::PublicKey& key);
/// Signatures of ES256 come in DER here (WebAuthn section 6.5.5), those of the others as everywhere.
bool verify(const auth::PublicKey& key, std::string_view data, std::string_view signature);

} // namespace gravity::issuer::cose
