#include "cookies.hpp"

#include <gravity/base/ascii.hpp>

#include <algorithm>

namespace gravity::issuer::cookies {
namespace {

bool is_https(const Settings& settings) { return settings.public_url.str().starts_with("https:"); }

} // namespace

std::string full_name(const Settings& settings, std::string_view name) { return (is_https(settings) ? "__Host-" : "") + std::string(name); }

std::optional<std::string> read(const http::Request& request, const Settings& settings, std::string_view name) {
    const std::string wanted = full_name(settings, name);
    const std::string all = request.headers.joined("Cookie");
    for (std::string_view rest = all; !rest.empty();) {
        const auto end = rest.find_first_of(";,"); // of several fields, joined
        const std::string_view pair = ascii::trim(rest.substr(0, end));
        rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
        const auto equals = pair.find('=');
        if (equals != std::string_view::npos && pair.substr(0, equals) == wanted) return std::string(pair.substr(equals + 1));
    }
    return std::nullopt;
}

std::string set(const Settings& settings, std::string_view name, std::string_view value, std::optional<Duration> life) {
    std::string cookie = full_name(settings, name) + "=" + std::string(value) + "; Path=/; HttpOnly; SameSite=Lax";
    if (is_https(settings)) cookie += "; Secure";
    if (value.empty())
        cookie += "; Max-Age=0";
    else if (life)
        cookie += "; Max-Age=" + std::to_string(life->count_ms() / 1000);
    return cookie;
}

} // namespace gravity::issuer::cookies
