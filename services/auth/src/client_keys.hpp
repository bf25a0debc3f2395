#pragma once

#include <gravity/auth/keys.hpp>

#include <optional>
#include <string_view>

/// The keys that clients prove themselves by (RFC 7523): pure.
namespace gravity::issuer {

/// An algorithm by its name in a JWS or a JWK: "ES256", "RS256", and for Ed25519 "EdDSA" or, as RFC 9864 has it, "Ed25519". Null: another one.
std::optional<auth::Algorithm> algorithm_named(std::string_view name);

/// Those of the JWK Set that a client sent (RFC 7517 section 5). Passed over are keys that are for something else: of other types, curves and algorithms, and
/// for encryption. A `kid` may be left out. Refused is a set with a key that ought to be one of ours and cannot be, with two of one `kid`, with a private or
/// secret member anywhere, or with nothing that signs.
Parsed<auth::KeySet> client_keys(const Json& set);

} // namespace gravity::issuer
