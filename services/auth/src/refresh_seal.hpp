#pragma once

#include <optional>
#include <string>
#include <string_view>

/// The answer to a refresh token, kept for whoever sends that token again: sealed under a key that comes of the token, which is not kept, and of the key that
/// its access token is bound to (RFC 9449; empty: none). Pure.
namespace gravity::issuer {

std::string seal_answer(std::string_view token, std::string_view thumbprint, std::string_view answer);
/// Nothing if the token or the key is another, or what is kept is damaged.
std::optional<std::string> open_answer(std::string_view token, std::string_view thumbprint, std::string_view sealed);

} // namespace gravity::issuer
