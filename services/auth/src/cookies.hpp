#pragma once

#include "config.hpp"

#include <gravity/http/message.hpp>

#include <optional>
#include <string>
#include <string_view>

/// Cookies of this service (RFC 6265): seen by no script, sent by no other site's form.
namespace gravity::issuer::cookies {

inline constexpr std::string_view session = "gravity-session", browser = "gravity-browser", device = "gravity-device";

/// Where the issuer is https: `__Host-` before the name, which binds it to this host and to TLS.
std::string full_name(const Settings& settings, std::string_view name);
std::optional<std::string> read(const http::Request& request, const Settings& settings, std::string_view name);
/// The value of Set-Cookie: until the browser is closed or for `life`, or gone at once if it has no value.
std::string set(const Settings& settings, std::string_view name, std::string_view value, std::optional<Duration> life = std::nullopt);

} // namespace gravity::issuer::cookies
