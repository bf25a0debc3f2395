#pragma once

#include <string_view>

namespace gravity::http {

/// What a 401 asks for where no token came: no error code then, and a scheme alone would be no challenge (RFC 6750 section 3).
inline constexpr std::string_view bearer_challenge = "Bearer realm=\"gravity\"";

} // namespace gravity::http
