#pragma once

#include "among.hpp"

/// How strongly somebody has signed in, as tokens tell it (`acr`): by one factor, or by two of different kinds.
namespace gravity::issuer {

inline constexpr std::string_view acr_one = "urn:gravity:acr:1", acr_two = "urn:gravity:acr:2";
/// By the methods of RFC 8176.
inline std::string_view acr_of(const std::vector<std::string>& amr) { return among(amr, "mfa") ? acr_two : acr_one; }

} // namespace gravity::issuer
