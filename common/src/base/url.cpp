#include "base/domain_name.hpp"

#include <gravity/base/ascii.hpp>
#include <gravity/base/contact.hpp>
#include <gravity/base/utf8.hpp>

#include <algorithm>
#include <arpa/inet.h>
#include <cstdint>
#include <vector>

namespace gravity {
namespace {

constexpr std::size_t longest = 2'048;

bool split_scheme(std::string_view& rest, std::string_view& scheme) {
    for (const std::string_view known : {std::string_view("https"), std::string_view("http")}) {
        if (rest.size() > known.size() + 3 && ascii::iequals(rest.substr(0, known.size()), known) &&
            rest.substr(known.size(), 3) == "://") {
            scheme = known;
            rest.remove_prefix(known.size() + 3);
            return true;
        }
    }
    return false;
}

bool accept_host(std::string_view host, std::string& out) {
    if (host.starts_with('[')) {
        if (!host.ends_with(']')) return false;
        const std::string address(host.substr(1, host.size() - 2));
        in6_addr bytes{};
        if (address.size() > 45 || inet_pton(AF_INET6, address.c_str(), &bytes) != 1 ||
            address.find('\0') != std::string::npos)
            return false;
        char text[INET6_ADDRSTRLEN];
        if (inet_ntop(AF_INET6, &bytes, text, sizeof text) == nullptr) return false;
        out += '[';
        out += text; // RFC 5952: one address, one text
        out += ']';
        return true;
    }
    in_addr quad{};
    const std::string text(host);
    if (text.size() <= 15 && text.find('\0') == std::string::npos && inet_pton(AF_INET, text.c_str(), &quad) == 1) {
        out += text; // inet_pton takes four decimal numbers only, none with a leading zero
        return true;
    }
    std::string name;
    if (!domain_name::to_ascii(host, domain_name::Labels::with_underscores, name)) return false;
    out += name;
    return true;
}

bool accept_port(std::string_view port, std::string_view scheme, std::string& out) {
    if (port.empty()) return true; // RFC 3986 section 6.2.3: "http://example.com:/" is as without
    if (port.size() > 5) return false;
    std::uint32_t number = 0;
    for (const char c : port) {
        if (!ascii::is_digit(c)) return false;
        number = number * 10 + static_cast<std::uint32_t>(c - '0');
    }
    if (number == 0 || number > 65'535) return false;
    if (number != (scheme == "https" ? 443U : 80U)) out += ':' + std::to_string(number);
    return true;
}

/// The text of path, query or fragment: what RFC 3986 allows as it is; a broken "%", white space, controls and "\"
/// refused; the rest encoded.
bool append_encoded(std::string_view text, std::string_view also, std::string& out) {
    static constexpr char hex[] = "0123456789ABCDEF";
    constexpr std::string_view marks = "-._~!$&'()*+,;=:@/";
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        const auto byte = static_cast<std::uint8_t>(c);
        if (c == '%') {
            if (i + 2 >= text.size() || !ascii::is_hex(text[i + 1]) || !ascii::is_hex(text[i + 2])) return false;
            out += c;
        } else if (ascii::is_alnum(c) || marks.find(c) != std::string_view::npos ||
                   also.find(c) != std::string_view::npos) {
            out += c;
        } else if (byte <= 0x20 || byte == 0x7f || c == '\\') {
            return false;
        } else {
            out += '%';
            out += hex[byte >> 4];
            out += hex[byte & 0x0f];
        }
    }
    return true;
}

/// RFC 3986 section 5.2.4, with "%2e" taken for a dot as every browser does; the path begins with '/'.
std::string without_dot_segments(std::string_view path) {
    std::vector<std::string_view> kept;
    const std::vector<std::string_view> segments = ascii::split(path.substr(1), '/');
    bool ends_in_slash = false;
    for (const std::string_view segment : segments) {
        std::string plain = ascii::lower(segment);
        for (std::size_t at = 0; (at = plain.find("%2e")) != std::string::npos;) plain.replace(at, 3, ".");
        ends_in_slash = plain == "." || plain == "..";
        if (plain == "..") {
            if (!kept.empty()) kept.pop_back();
        } else if (plain != ".") {
            kept.push_back(segment);
        }
    }
    std::string out;
    for (const std::string_view segment : kept) {
        out += '/';
        out += segment;
    }
    if (ends_in_slash || out.empty()) out += '/';
    return out;
}

/// Where the authority begins in a checked URL.
std::size_t authority_at(std::string_view url) { return url.find("://") + 3; }

} // namespace

bool Url::accept(std::string_view in, std::string& out, std::string& why) {
    why = "must be an absolute http or https URL of at most 2048 characters";
    if (in.size() > longest || !utf8::valid(in)) return false;
    std::string_view rest = in;
    std::string_view scheme;
    if (!split_scheme(rest, scheme)) return false;
    const std::size_t end = std::min(rest.find_first_of("/?#\\"), rest.size());
    const std::string_view authority = rest.substr(0, end);
    rest.remove_prefix(end);
    if (authority.find('@') != std::string_view::npos) {
        why = "must not contain a user name or password";
        return false;
    }
    const std::size_t bracket = authority.rfind(']');
    const std::size_t colon = authority.find(':', bracket == std::string_view::npos ? 0 : bracket);
    const std::string_view port = colon == std::string_view::npos ? std::string_view{} : authority.substr(colon + 1);

    out.assign(scheme);
    out += "://";
    if (!accept_host(authority.substr(0, colon), out)) {
        why = "must name a valid host";
        return false;
    }
    if (!accept_port(port, scheme, out)) {
        why = "must have a port from 1 to 65535";
        return false;
    }
    const std::size_t hash = rest.find('#');
    const std::string_view fragment = hash == std::string_view::npos ? std::string_view{} : rest.substr(hash);
    rest = rest.substr(0, hash);
    const std::size_t question = rest.find('?');
    const std::string_view query = question == std::string_view::npos ? std::string_view{} : rest.substr(question);

    why = "must not contain white space, control characters, a backslash or an incomplete % sequence";
    std::string path;
    if (!append_encoded(rest.substr(0, question), "", path)) return false;
    out += path.empty() ? "/" : without_dot_segments(path);
    if (!append_encoded(query, "?", out)) return false;
    if (!fragment.empty()) {
        out += '#';
        if (!append_encoded(fragment.substr(1), "?", out)) return false;
    }
    if (out.size() > longest) {
        why = "must be at most 2048 characters once percent-encoded";
        return false;
    }
    return true;
}

std::string_view Url::scheme() const { return view().substr(0, view().find(':')); }

std::string_view Url::origin() const { return view().substr(0, view().find('/', authority_at(view()))); }

std::string_view Url::host() const {
    const std::string_view authority = origin().substr(authority_at(view()));
    if (authority.starts_with('[')) return authority.substr(1, authority.find(']') - 1);
    return authority.substr(0, authority.find(':'));
}

std::uint16_t Url::port() const {
    const std::string_view authority = origin().substr(authority_at(view()));
    const std::size_t bracket = authority.find(']');
    const std::size_t colon = authority.find(':', bracket == std::string_view::npos ? 0 : bracket);
    if (colon == std::string_view::npos) return scheme() == "https" ? 443 : 80;
    unsigned number = 0;
    for (const char c : authority.substr(colon + 1)) number = number * 10 + static_cast<unsigned>(c - '0');
    return static_cast<std::uint16_t>(number);
}

std::string_view Url::target() const {
    const std::string_view rest = view().substr(origin().size());
    return rest.substr(0, rest.find('#'));
}

} // namespace gravity
