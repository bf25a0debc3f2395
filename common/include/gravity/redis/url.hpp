#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace gravity::redis {

/// Where a server listens: a TCP address, or a Unix socket if `path` is set.
struct Endpoint {
    std::string host;
    std::uint16_t port = 6379;
    std::string path;

    std::string to_string() const; // "host:port", "[::1]:6379" or the path
    friend auto operator<=>(const Endpoint&, const Endpoint&) = default;
    friend bool operator==(const Endpoint&, const Endpoint&) = default;
};

struct Credentials {
    std::string user; // empty: the password alone (the server's `default` user)
    std::string password;
    bool empty() const noexcept { return user.empty() && password.empty(); }
};

enum class Topology : std::uint8_t {
    standalone,
    sentinel,
    cluster
};

/// What to connect to, from one text (parts in percent-encoding, RFC 3986):
///
///     redis://[[user]:password@]host[:6379][/db]
///     unix://[[user]:password@]/path/of/socket[?db=1]
///     redis+sentinel://[[user]:password@]host[:26379][,host...]/master[/db][?sentinel_user=...&sentinel_password=...]
///     redis+cluster://[[user]:password@]host[:6379][,host...]
///
/// `rediss` in place of `redis` means TLS, to Sentinels too. `?db=` may stand for the path's number.
struct Url {
    Topology topology = Topology::standalone;
    bool tls = false;
    std::vector<Endpoint> endpoints; // one, or the Sentinels, or some nodes of the cluster
    Credentials credentials;
    Credentials sentinel_credentials;
    std::string master; // Sentinel's name of it
    int db = 0;

    /// Throws std::invalid_argument with one clause that never repeats a password.
    static Url parse(std::string_view text);

    /// For logs: without passwords.
    std::string to_string() const;
};

} // namespace gravity::redis
