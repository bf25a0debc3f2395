#pragma once

#include "http_route.hpp"

#include <string>
#include <string_view>

namespace gravity::gateway {

/// Location of a redirect (the filter RequestRedirect): of a request for `path` and `query` (with its '?') at `host`, which may name a port, whose path
/// `prefix` matched. Pure.
std::string redirect_location(const RedirectSpec& redirect, std::string_view prefix, bool secure, std::string_view host, std::string_view path,
                              std::string_view query);

} // namespace gravity::gateway
