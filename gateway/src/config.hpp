#pragma once

#include <gravity/base/number.hpp>
#include <gravity/base/secret.hpp>
#include <gravity/meta/describe.hpp>

#include <cstdint>
#include <optional>
#include <string>

namespace gravity::gateway {

enum class ClientCertificates {
    off,
    optional, // clients may show one
    required  // without one there is no connection to the TLS port
};
BOOST_DESCRIBE_ENUM(ClientCertificates, off, optional, required)

/// Settings that begin with GATEWAY_.
struct Settings {
    Bounded<int, 1, 64> io_threads{1};
    std::optional<std::string> routes_file;
    std::optional<std::string> routes_folder;
    bool http2 = true;
    Bounded<int, 0, 1'000'000> rate_per_second{200};
    Bounded<int, 1, 1'000'000> rate_burst{1000};
    Bounded<std::int64_t, 0, std::int64_t{1} << 50> max_body_bytes{std::int64_t{1} << 30};
    Bounded<int, 1, 10'000'000> max_connections{50'000};
    Bounded<int, 0, 100'000> pool_per_instance{64};
    Bounded<int, 1, 3'600'000> connect_timeout_ms{2'000};
    Bounded<int, 1, 10> max_attempts{3};
    Bounded<std::int64_t, 0, std::int64_t{1} << 40> cache_bytes{std::int64_t{64} << 20};
    Bounded<int, 1, 100'000'000> cache_entries{100'000};
    Bounded<std::int64_t, 1, std::int64_t{1} << 30> cache_max_body_bytes{std::int64_t{1} << 20};
    std::string trusted_proxies{};
    Bounded<int, 1, 65535> tls_port{8443};
    std::optional<std::string> tls_certificate_file;
    std::optional<std::string> tls_key_file;
    ClientCertificates client_certificates = ClientCertificates::off;
    std::optional<std::string> client_ca_file;
    std::optional<std::string> upstream_ca_file;
    std::optional<std::string> upstream_certificate_file;
    std::optional<std::string> upstream_key_file;
    std::optional<Secret<>> rate_redis_url;
    Bounded<int, 0, 300> api_key_seconds{60};
    Bounded<int, 16, 1'000'000> api_keys_kept{10'000};
};
BOOST_DESCRIBE_STRUCT(Settings, (),
                      (io_threads, routes_file, routes_folder, http2, rate_per_second, rate_burst, max_body_bytes, max_connections, pool_per_instance,
                       connect_timeout_ms, max_attempts, cache_bytes, cache_entries, cache_max_body_bytes, trusted_proxies, tls_port, tls_certificate_file,
                       tls_key_file, client_certificates, client_ca_file, upstream_ca_file, upstream_certificate_file, upstream_key_file, rate_redis_url,
                       api_key_seconds, api_keys_kept))

/// Settings that begin with ADMIN_.
struct AdminSettings {
    Bounded<int, 0, 65535> port{8002};
    std::string address = "127.0.0.1";
};
BOOST_DESCRIBE_STRUCT(AdminSettings, (), (port, address))

} // namespace gravity::gateway

template <>
struct gravity::meta::docs<gravity::gateway::Settings> {
    static constexpr std::pair<std::string_view, std::string_view> fields[] = {
        {"io_threads", "Threads of the data path, each with connections of its own"},
        {"routes_file", "JSON file with routes, beside those of discovery or instead of them; read again when it changes"},
        {"routes_folder", "Folder of HTTPRoute and BackendTLSPolicy documents (gateway.networking.k8s.io/v1; .yaml, .yml, .json); read again when one changes"},
        {"http2", "Clients may speak HTTP/2: over TLS as the handshake says, without as they know"},
        {"rate_per_second", "Requests a caller may send in the long run; 0: no limit"},
        {"rate_burst", "Requests a caller may send at once"},
        {"max_body_bytes", "Longest request body where the route has no limit of its own; 0: no limit"},
        {"max_connections", "Connections of clients, for each I/O thread; for one more the oldest that only waits is closed"},
        {"pool_per_instance", "Idle connections kept to an instance, for each I/O thread"},
        {"connect_timeout_ms", "Time for a connection to an instance"},
        {"max_attempts", "Instances tried for one request when they cannot be reached"},
        {"cache_bytes", "Memory for answers that are kept, of the routes that have a cache; 0: nothing is kept"},
        {"cache_entries", "How many answers are kept at most"},
        {"cache_max_body_bytes", "Longest body of an answer that is kept"},
        {"trusted_proxies", "Networks (10.0.0.0/8, ...) of proxies whose X-Forwarded-* and Forwarded fields are believed"},
        {"tls_port", "Port of the data path for clients who speak TLS, if there is a certificate"},
        {"tls_certificate_file", "PEM certificate chain of the TLS port; read again when it changes"},
        {"tls_key_file", "PEM private key of the TLS port; read again when it changes"},
        {"client_certificates", "Whether clients of the TLS port are asked for certificates: not at all, they may show one, they must"},
        {"client_ca_file", "PEM certificates of who vouches for clients; read again when it changes"},
        {"upstream_ca_file", "PEM certificates of who vouches for instances that speak TLS; absent: the system's authorities; read again when it changes"},
        {"upstream_certificate_file", "PEM certificate chain shown to instances that ask who calls; read again when it changes"},
        {"upstream_key_file", "PEM private key of that; read again when it changes"},
        {"rate_redis_url", "Redis by which gateways share the limit of each caller; without it each process has its own"},
        {"api_key_seconds", "For how long what an API key came to at AUTH_TOKEN_URL counts, while its revocation would be heard; 0: keys mean nothing here"},
        {"api_keys_kept", "API keys that are remembered, by their hash"},
    };
};
template <>
struct gravity::meta::docs<gravity::gateway::AdminSettings> {
    static constexpr std::pair<std::string_view, std::string_view> fields[] = {
        {"port", "Port of the admin interface: metrics, routes, services"},
        {"address", "Address the admin interface listens on"},
    };
};
