#include "redirects.hpp"

#include <gravity/base/ascii.hpp>
#include <gravity/base/contact.hpp>
#include <gravity/http/message.hpp>

#include <algorithm>

namespace gravity::issuer {
namespace {

constexpr std::string_view loopbacks[] = {"http://127.0.0.1", "http://[::1]"};

bool is_uri_character(char c) { return c > ' ' && c < 0x7f && std::string_view("#\"<>\\^`{|}").find(c) == std::string_view::npos; }

bool is_this_machine(std::string_view host) { return host == "127.0.0.1" || host == "::1" || host == "localhost"; }

// Behind an address: the end, a path, a query, or a port.
std::string_view after_port(std::string_view rest) {
    if (!rest.starts_with(':')) return rest;
    rest.remove_prefix(1);
    while (!rest.empty() && ascii::is_digit(rest.front())) rest.remove_prefix(1);
    return rest;
}

} // namespace

bool RedirectUri::accept(std::string_view in, std::string& out, std::string& why) {
    why = "must be an absolute URI of https, of http on this machine, or of an app's own scheme with a dot in it, without fragment";
    if (in.size() > 2048 || !std::all_of(in.begin(), in.end(), is_uri_character))
        return false;
    const auto colon = in.find(':');
    const std::string_view scheme = in.substr(0, colon);
    if (colon == std::string_view::npos || colon + 1 == in.size() || !std::all_of(scheme.begin(), scheme.end(), [](char c) {
            return ascii::is_lower(c) || ascii::is_digit(c) || c == '.' || c == '-' || c == '+';
        }))
        return false;
    if (scheme == "https" || scheme == "http") {
        const auto url = Url::parse(in);
        if (!url || (scheme == "http" && !is_this_machine(url->host()))) return false;
    } else if (scheme.find('.') == std::string_view::npos || !ascii::is_lower(scheme.front())) {
        return false;
    }
    out = in;
    return true;
}

bool same_redirect(const RedirectUri& registered, std::string_view given) {
    if (registered.view() == given) return true;
    for (const std::string_view loopback : loopbacks) {
        if (!registered.view().starts_with(loopback) || !given.starts_with(loopback)) continue;
        const std::string_view expected = after_port(registered.view().substr(loopback.size())), rest = after_port(given.substr(loopback.size()));
        if (expected == rest && RedirectUri::parse(given)) return true;
    }
    return false;
}

std::string with_parameters(std::string_view uri, const Parameters& parameters) {
    std::string out(uri);
    char separator = uri.find('?') == std::string_view::npos ? '?' : '&';
    for (const auto& [name, value] : parameters) {
        if (value.empty()) continue;
        out += separator + name + "=" + http::percent_encode(value);
        separator = '&';
    }
    return out;
}

std::string redirect_origin(std::string_view uri) {
    const auto url = Url::parse(uri);
    if (is_ipv6_redirect(uri)) return {};
    if (url) return std::string(url->origin());
    return std::string(uri.substr(0, uri.find(':') + 1));
}

bool is_ipv6_redirect(std::string_view uri) { return uri.starts_with("http://[") || uri.starts_with("https://["); }

} // namespace gravity::issuer
