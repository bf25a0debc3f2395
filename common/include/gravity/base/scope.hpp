#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// OAuth 2.0 scopes (RFC 6749 section 3.3) as the platform names them: `<collection>:read`, `:write`, `:admin`. Any
/// thread.
namespace gravity {

/// True if `granted` holds `wanted`, or a scope of the same collection that includes it: `:admin` includes `:write`
/// includes `:read`. Any other scope (`projects:purge`) is included by none but itself, and there is no wildcard.
bool scope_allows(const std::vector<std::string>& granted, std::string_view wanted);

/// The scope tokens of a space-separated list, sorted, each once. Nothing if a character is not allowed in one (RFC
/// 6749 appendix A.4) or there are more than 256. Several spaces count as one, as providers write them.
std::optional<std::vector<std::string>> parse_scopes(std::string_view text);

} // namespace gravity
