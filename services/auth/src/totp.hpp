#pragma once

#include <gravity/base/secret.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

/// Codes by time (RFC 6238): six digits of HMAC-SHA-1, a new one each 30 seconds, which is what every app can do. Pure.
namespace gravity::issuer::totp {

inline constexpr std::int64_t step_seconds = 30;

/// 20 random bytes (RFC 4226 section 4).
Secret<> fresh_secret();
/// RFC 4648 section 6, without padding: as people type it into an app.
std::string base32(std::string_view bytes);
/// What an app reads to know the secret: "otpauth://totp/...".
Secret<> app_uri(const Secret<>& secret, std::string_view issuer, std::string_view account);

std::string code_at(std::string_view secret, std::int64_t step);
/// The step that the code is of: of those from one before now to one after that come after `last_step`. Blanks in it do not count. All are compared, each in
/// constant time.
std::optional<std::int64_t> step_of(std::string_view secret, std::string_view code, std::int64_t now, std::int64_t last_step);

} // namespace gravity::issuer::totp
