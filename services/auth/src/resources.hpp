#pragma once

#include "oauth.hpp"

#include <optional>
#include <string>
#include <string_view>

/// Which resource a token is to be for (RFC 8707): pure.
namespace gravity::issuer {

inline constexpr oauth::ErrorCode invalid_target{"invalid_target"}; // section 2, and RFC 8693 section 2.2.2

/// Whether a text is an absolute URI without a fragment (RFC 3986 section 4.3), of 2,048 bytes at most.
bool is_resource(std::string_view text);

/// What is wrong with the resources that a request names, of which there may be several. Nothing if each is the audience that tokens are issued for.
std::optional<std::string> wrong_resource(const oauth::Form& form, std::string_view audience);
/// Throws oauth::Refused for the same.
void check_resource(const oauth::Form& form, std::string_view audience);

} // namespace gravity::issuer
