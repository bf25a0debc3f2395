#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace gravity::http {

/// The path of "unix:///run/service.sock"; nothing for a network address.
std::optional<std::string> unix_path(std::string_view address);

/// A listening socket at a path, in place of one that nobody listens at any more. Throws boost::system::system_error (in use, no such folder).
int listen_unix(const std::string& path);

} // namespace gravity::http
