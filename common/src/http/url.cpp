#include <gravity/http/message.hpp>
#include <gravity/http/url.hpp>

#include <algorithm>
#include <charconv>

namespace gravity::http {
namespace {

bool is_host_character(char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '.' || c == '_';
}
bool is_address_character(char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F') || c == ':' || c == '.';
}

/// RFC 3986 section 5.2.4.
std::string remove_dot_segments(std::string_view path) {
    std::string out;
    while (!path.empty()) {
        const std::size_t end = std::min(path.find('/', 1), path.size());
        const std::string_view segment = path.substr(0, end); // begins with '/'
        const bool last = end == path.size();
        if (segment == "/." || segment == "/..") {
            if (segment == "/..") out.erase(std::min(out.rfind('/'), out.size()));
            if (last) out += '/';
        } else {
            out += segment;
        }
        path.remove_prefix(end);
    }
    return out.empty() ? "/" : out;
}

} // namespace

std::string UrlParts::authority() const {
    std::string out = host.find(':') == host.npos ? host : "[" + host + "]";
    if (port != (secure ? 443 : 80)) out += ":" + std::to_string(port);
    return out;
}

std::string UrlParts::to_string() const { return (secure ? "https://" : "http://") + authority() + target; }

std::optional<UrlParts> parse_url(std::string_view text) {
    if (text.size() > 8192) return std::nullopt;
    for (const char c : text)
        if (c <= 0x20 || c == 0x7f || c == '\\') return std::nullopt; // char is signed: bytes over 0x7f as well
    UrlParts parts;
    if (text.size() >= 8 && iequals(text.substr(0, 8), "https://")) {
        parts.secure = true;
        parts.port = 443;
        text.remove_prefix(8);
    } else if (text.size() >= 7 && iequals(text.substr(0, 7), "http://")) {
        text.remove_prefix(7);
    } else {
        return std::nullopt;
    }
    text = text.substr(0, text.find('#'));
    const std::size_t end = std::min(text.find_first_of("/?"), text.size());
    std::string_view authority = text.substr(0, end);
    const std::string_view rest = text.substr(end);

    std::string_view port;
    if (authority.substr(0, 1) == "[") {
        const std::size_t close = authority.find(']');
        if (close == authority.npos) return std::nullopt;
        parts.host = authority.substr(1, close - 1);
        if (parts.host.find(':') == parts.host.npos || !std::all_of(parts.host.begin(), parts.host.end(), is_address_character))
            return std::nullopt;
        authority.remove_prefix(close + 1);
        if (!authority.empty() && authority.front() != ':') return std::nullopt;
        if (authority.size() > 1) port = authority.substr(1);
    } else {
        const std::size_t colon = std::min(authority.find(':'), authority.size());
        parts.host = authority.substr(0, colon);
        if (parts.host.empty() || parts.host.size() > 253 || !std::all_of(parts.host.begin(), parts.host.end(), is_host_character))
            return std::nullopt; // '@' of a userinfo is among what fails here
        if (colon + 1 < authority.size()) port = authority.substr(colon + 1);
    }
    if (!port.empty()) {
        const auto [stop, error] = std::from_chars(port.data(), port.data() + port.size(), parts.port);
        if (error != std::errc{} || stop != port.data() + port.size() || parts.port == 0) return std::nullopt;
    }
    for (char& c : parts.host)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + ('a' - 'A'));
    parts.target = rest.substr(0, 1) == "/" ? std::string(rest) : "/" + std::string(rest);
    return parts;
}

std::optional<UrlParts> resolve_reference(const UrlParts& base, std::string_view reference) {
    reference = reference.substr(0, reference.find('#'));
    const std::size_t colon = reference.find(':');
    if (colon != reference.npos && reference.find_first_of("/?") > colon) return parse_url(reference); // has a scheme
    if (reference.substr(0, 2) == "//") return parse_url((base.secure ? "https:" : "http:") + std::string(reference));
    const std::string_view base_path = std::string_view(base.target).substr(0, base.target.find('?'));
    const std::size_t question = std::min(reference.find('?'), reference.size());
    const std::string_view path = reference.substr(0, question);
    const std::string_view query = reference.substr(question);
    UrlParts origin = base;
    origin.target.clear();
    std::string text = (base.secure ? "https://" : "http://") + base.authority();
    if (path.empty()) text.append(query.empty() ? std::string_view(base.target) : base_path);
    else if (path.front() == '/') text += remove_dot_segments(path);
    else text += remove_dot_segments(std::string(base_path.substr(0, base_path.rfind('/') + 1)) + std::string(path));
    text += query;
    return parse_url(text);
}

} // namespace gravity::http
