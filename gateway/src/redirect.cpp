#include "redirect.hpp"

namespace gravity::gateway {

std::string redirect_location(const RedirectSpec& redirect, std::string_view prefix, bool secure, std::string_view host, std::string_view path,
                              std::string_view query) {
    const std::string_view scheme = !redirect.scheme.empty() ? std::string_view(redirect.scheme) : secure ? "https"
                                                                                                          : "http";
    const std::size_t colon = host.find(':', host.starts_with('[') ? host.find(']') : 0);
    std::string_view port = colon == std::string_view::npos ? std::string_view() : host.substr(colon + 1);
    const std::string named = redirect.port != 0 ? std::to_string(redirect.port) : std::string();
    if (redirect.port != 0) port = named;
    else if (!redirect.scheme.empty()) port = {}; // the scheme's own
    if (port == (scheme == "https" ? "443" : "80")) port = {};

    std::string location(scheme), target;
    location.append("://").append(redirect.host.empty() ? host.substr(0, colon) : std::string_view(redirect.host));
    if (!port.empty()) location.append(":").append(port);
    apply(redirect.path, prefix, path, target);
    return location.append(target).append(query);
}

} // namespace gravity::gateway
