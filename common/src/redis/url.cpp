#include <gravity/base/encoding.hpp>
#include <gravity/redis/url.hpp>

#include <charconv>
#include <optional>
#include <stdexcept>

namespace gravity::redis {

namespace {

[[noreturn]] void refuse(const std::string& why) { throw std::invalid_argument("Redis URL: " + why); }

std::string decode(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '%') {
            out += text[i];
            continue;
        }
        int high = i + 2 < text.size() ? hex_value(text[i + 1]) : -1;
        int low = i + 2 < text.size() ? hex_value(text[i + 2]) : -1;
        if (high < 0 || low < 0) refuse("a '%' is not followed by two hex digits");
        out += static_cast<char>(high * 16 + low);
        i += 2;
    }
    return out;
}

template <class Number> Number number(std::string_view text, Number low, Number high, const char* what) {
    int value = 0;
    auto [stop, failed] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (failed != std::errc() || stop != text.data() + text.size() || value < low || value > high)
        refuse(std::string(what) + " must be a number from " + std::to_string(low) + " to " + std::to_string(high));
    return static_cast<Number>(value);
}

Credentials read_credentials(std::string_view text) {
    auto colon = text.find(':');
    if (colon == std::string_view::npos) refuse("log-in must be user:password or :password");
    Credentials out{decode(text.substr(0, colon)), decode(text.substr(colon + 1))};
    if (out.password.empty()) refuse("log-in has no password");
    return out;
}

Endpoint read_endpoint(std::string_view text, std::uint16_t default_port) {
    Endpoint out;
    out.port = default_port;
    std::string_view port;
    if (!text.empty() && text.front() == '[') {
        auto close = text.find(']');
        if (close == std::string_view::npos) refuse("'[' of an IPv6 address is not closed");
        out.host = std::string(text.substr(1, close - 1));
        auto rest = text.substr(close + 1);
        if (!rest.empty() && rest.front() != ':') refuse("after ']' only ':port' may follow");
        if (!rest.empty()) port = rest.substr(1);
        if (!rest.empty() && port.empty()) refuse("a port is empty");
    } else {
        auto colon = text.find(':');
        out.host = decode(text.substr(0, colon));
        if (colon != std::string_view::npos) {
            port = text.substr(colon + 1);
            if (port.empty()) refuse("a port is empty");
        }
    }
    if (out.host.empty()) refuse("a host is empty");
    if (!port.empty()) out.port = number<std::uint16_t>(port, 1, 65535, "port");
    return out;
}

std::vector<Endpoint> read_endpoints(std::string_view text, std::uint16_t default_port) {
    std::vector<Endpoint> out;
    while (true) {
        auto comma = text.find(',');
        out.push_back(read_endpoint(text.substr(0, comma), default_port));
        if (comma == std::string_view::npos) return out;
        text.remove_prefix(comma + 1);
    }
}

struct Scheme {
    std::string_view name;
    Topology topology;
    bool tls;
    bool unix_socket;
};
constexpr Scheme schemes[] = {
    {"redis", Topology::standalone, false, false},
    {"rediss", Topology::standalone, true, false},
    {"unix", Topology::standalone, false, true},
    {"redis+unix", Topology::standalone, false, true},
    {"redis+sentinel", Topology::sentinel, false, false},
    {"rediss+sentinel", Topology::sentinel, true, false},
    {"redis+cluster", Topology::cluster, false, false},
    {"rediss+cluster", Topology::cluster, true, false},
};

const Scheme& scheme_of(std::string_view name) {
    for (const auto& scheme : schemes)
        if (scheme.name == name) return scheme;
    refuse("scheme must be redis, rediss, unix, redis+sentinel, rediss+sentinel, redis+cluster or rediss+cluster");
}

constexpr int max_db = 65535; // the server's own bound is its setting `databases`

void read_query(Url& url, std::string_view query) {
    while (!query.empty()) {
        auto ampersand = query.find('&');
        auto pair = query.substr(0, ampersand);
        auto equals = pair.find('=');
        auto name = pair.substr(0, equals);
        auto value = equals == std::string_view::npos ? std::string() : decode(pair.substr(equals + 1));
        if (name == "db") {
            url.db = number<int>(value, 0, max_db, "db");
        } else if (name == "sentinel_user" && url.topology == Topology::sentinel) {
            url.sentinel_credentials.user = value;
        } else if (name == "sentinel_password" && url.topology == Topology::sentinel) {
            url.sentinel_credentials.password = value;
        } else {
            refuse("unknown parameter '" + std::string(name) + "'");
        }
        query = ampersand == std::string_view::npos ? std::string_view() : query.substr(ampersand + 1);
    }
}

} // namespace

std::string Endpoint::to_string() const {
    if (!path.empty()) return path;
    bool bracket = host.find(':') != std::string::npos;
    return (bracket ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

Url Url::parse(std::string_view text) {
    if (text.size() > 4096) refuse("longer than 4096 bytes");
    auto mark = text.find("://");
    if (mark == std::string_view::npos) refuse("must begin with a scheme, as in redis://localhost:6379/0");
    const Scheme& scheme = scheme_of(text.substr(0, mark));
    auto rest = text.substr(mark + 3);

    Url url;
    url.topology = scheme.topology;
    url.tls = scheme.tls;

    std::string_view query;
    if (auto question = rest.find('?'); question != std::string_view::npos) {
        query = rest.substr(question + 1);
        rest = rest.substr(0, question);
    }
    auto slash = rest.find('/');
    auto authority = rest.substr(0, slash);
    auto path = slash == std::string_view::npos ? std::string_view() : rest.substr(slash + 1);
    if (auto at = authority.rfind('@'); at != std::string_view::npos) {
        url.credentials = read_credentials(authority.substr(0, at));
        authority = authority.substr(at + 1);
    }

    if (scheme.unix_socket) {
        if (!authority.empty() || path.empty()) refuse("a Unix socket is written unix:///path/of/socket");
        Endpoint socket;
        socket.path = "/" + decode(path);
        url.endpoints.push_back(std::move(socket));
    } else {
        url.endpoints = read_endpoints(authority, scheme.topology == Topology::sentinel ? 26379 : 6379);
        if (scheme.topology == Topology::standalone && url.endpoints.size() > 1)
            refuse("several hosts need redis+sentinel or redis+cluster");
        if (scheme.topology == Topology::sentinel) {
            auto next = path.find('/');
            url.master = decode(path.substr(0, next));
            if (url.master.empty()) refuse("name the master: redis+sentinel://host/master");
            path = next == std::string_view::npos ? std::string_view() : path.substr(next + 1);
        }
        if (!path.empty()) url.db = number<int>(path, 0, max_db, "db");
    }
    read_query(url, query);
    if (url.topology == Topology::cluster && url.db != 0) refuse("a cluster has database 0 only");
    if (!url.sentinel_credentials.user.empty() && url.sentinel_credentials.password.empty())
        refuse("sentinel_user needs sentinel_password");
    return url;
}

std::string Url::to_string() const {
    std::string out = tls ? "rediss" : "redis";
    if (topology == Topology::sentinel) out += "+sentinel";
    if (topology == Topology::cluster) out += "+cluster";
    bool unix_socket = !endpoints.empty() && !endpoints.front().path.empty();
    if (unix_socket) out = "unix";
    out += "://";
    for (std::size_t i = 0; i < endpoints.size(); ++i) out += (i == 0 ? "" : ",") + endpoints[i].to_string();
    if (!master.empty()) out += "/" + master;
    if (db != 0) out += (unix_socket ? "?db=" : "/") + std::to_string(db);
    return out;
}

} // namespace gravity::redis
