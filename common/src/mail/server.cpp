#include "base/domain_name.hpp"
#include "mail/line.hpp"

#include <gravity/base/ascii.hpp>
#include <gravity/http/address_policy.hpp>
#include <gravity/http/message.hpp>
#include <gravity/mail/smtp.hpp>

#include <algorithm>
#include <charconv>

namespace gravity::mail {
namespace {

constexpr std::size_t longest_url = 2'048, longest_credential = 256;

bool is_loopback(std::string_view host) { return host == "localhost" || host == "::1" || (http::is_address(host) && host.starts_with("127.")); }

ParseError login_of(std::string_view text, std::optional<Login>& out) {
    const std::size_t colon = text.find(':');
    if (colon == std::string_view::npos) return {"must have user:password before the @"};
    const auto user = http::percent_decode(text.substr(0, colon));
    const auto password = http::percent_decode(text.substr(colon + 1));
    if (!user || !password || user->empty() || password->empty()) return {"must have a user and a password before the @, percent-encoded"};
    if (user->size() > longest_credential || password->size() > longest_credential || !is_line(*user) || !is_line(*password))
        return {"must have a user and a password of 256 bytes at most without control characters"};
    out = Login{*user, Secret<>(*password)};
    return {};
}

ParseError place_of(std::string_view text, Server& out) {
    std::string_view host = text.substr(0, text.rfind(':'));
    std::string_view port = text.substr(std::min(text.size(), host.size() + 1));
    if (text.starts_with('[')) {
        const std::size_t close = text.find(']');
        if (close == std::string_view::npos) return {"must close the [ of its address"};
        host = text.substr(1, close - 1);
        port = text.substr(close + 1);
        if (!port.empty() && port.front() != ':') return {"must have a :port behind its address"};
        if (!port.empty()) port.remove_prefix(1);
        if (!http::is_address(host)) return {"must have an IPv6 address between [ and ]"};
        out.host = host;
    } else if (http::is_address(host)) {
        out.host = host;
    } else if (!domain_name::to_ascii(host, domain_name::Labels::with_underscores, out.host)) {
        return {"must name a host"};
    }
    if (port.empty()) return text.ends_with(':') ? ParseError{"must have a port behind the :"} : ParseError{};
    const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), out.port);
    if (error != std::errc() || end != port.data() + port.size() || out.port == 0) return {"must have a port of 1 to 65535"};
    return {};
}

} // namespace

Parsed<Server> Server::parse(std::string_view url) {
    Server server;
    if (url.size() > longest_url) return ParseError{"must be at most 2048 characters"};
    const bool implicit = url.starts_with("smtps://");
    if (!implicit && !url.starts_with("smtp://")) return ParseError{"must begin with smtp:// or smtps://"};
    url.remove_prefix(implicit ? 8 : 7);
    server.port = implicit ? 465 : 587; // RFC 8314 section 7.3, RFC 6409 section 3.1
    std::string_view query;
    if (const std::size_t mark = url.find('?'); mark != std::string_view::npos) {
        query = url.substr(mark + 1);
        url = url.substr(0, mark);
    }
    if (url.ends_with('/')) url.remove_suffix(1);
    if (const std::size_t at = url.rfind('@'); at != std::string_view::npos) {
        if (ParseError error = login_of(url.substr(0, at), server.login); !error.why.empty()) return error;
        url.remove_prefix(at + 1);
    }
    if (ParseError error = place_of(url, server); !error.why.empty()) return error;
    const bool near = is_loopback(server.host);
    server.tls = implicit ? Tls::implicit : near ? Tls::none
                                                 : Tls::starttls;
    if (!query.empty()) {
        if (implicit || (query != "tls=none" && query != "tls=starttls"))
            return ParseError{"may end with ?tls=none or ?tls=starttls behind smtp://, and nothing else"};
        server.tls = query == "tls=none" ? Tls::none : Tls::starttls;
    }
    if (server.login && server.tls == Tls::none && !near) return ParseError{"must not have a password where there is no TLS"};
    return server;
}

} // namespace gravity::mail
