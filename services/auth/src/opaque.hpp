#pragma once

#include <gravity/base/bytes.hpp>
#include <gravity/base/secret.hpp>

#include <string>
#include <string_view>

/// Secrets that are made here and kept by others: a prefix that tells what it is (scanners look for such), then 64 hexadecimal digits. They have 256
/// random bits, so of them a plain SHA-256 is stored.
namespace gravity::issuer {

inline constexpr std::string_view client_secret_prefix = "gcs_";
inline constexpr std::string_view registration_token_prefix = "gcr_";
inline constexpr std::string_view refresh_prefix = "grt_";

Secret<> fresh_opaque(std::string_view prefix);
/// 32 bytes.
Bytes opaque_hash(std::string_view text);

} // namespace gravity::issuer
