#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// What is known of the services behind the gateway, whoever said so (discovery, a route file). Plain values.
namespace gravity::gateway {

enum class Access : std::uint8_t {
    jwt,     // a verified token is needed
    public_, // whatever credentials there are, are the service's matter
};
std::string_view to_string(Access access);

/// Whether answers are kept for others (RFC 9111).
enum class CacheUse : std::uint8_t {
    off,
    shared,              // not those that set a cookie
    shared_with_cookies, // those too, as the standard has it: the service says by `private` what is for one alone
};
std::string_view to_string(CacheUse use); // "off", "shared", "shared-with-cookies"
std::optional<CacheUse> cache_use_from(std::string_view text);

/// Who vouches for an instance. One of these; none: the gateway's standard ones.
struct Authorities {
    std::string file{};  // PEM
    std::string text{};  // PEM
    bool system = false; // the machine's own

    friend auto operator<=>(const Authorities&, const Authorities&) = default;
};

/// How an instance is spoken to with TLS.
struct TlsSpec {
    std::string name; // of its certificate, and what it is asked for; empty: its address
    Authorities authorities{};
    std::vector<std::string> names{}; // of which its certificate must have one instead: "DNS:a.example", "URI:spiffe://a/b"; none: `name`

    friend bool operator==(const TlsSpec&, const TlsSpec&) = default;
};

/// What a route asks of the certificate by which a client says who he is.
struct CertificateRule {
    bool needed = false;
    std::vector<std::string> names; // of which it must have one (client_certificate.hpp); none: any certificate will do

    bool allows(const std::vector<std::string>& shown) const;
    friend bool operator==(const CertificateRule&, const CertificateRule&) = default;
};
/// "any", or a comma list of names: "DNS:a.example", "URI:spiffe://a/b", "email:a@b.example", "IP:192.0.2.1".
std::optional<CertificateRule> certificate_rule_from(std::string_view text);
std::string to_string(const CertificateRule& rule); // the same; empty if none is needed

struct InstanceSpec {
    std::string id;
    std::string address; // textual IP or a host name
    std::uint16_t port = 0;
    std::uint32_t weight = 1; // 1 to 1000; the share of requests, beside the others of the service
    std::string zone;
    std::string version;
    std::optional<TlsSpec> tls{}; // none: without TLS

    friend bool operator==(const InstanceSpec&, const InstanceSpec&) = default;
};

struct ServiceSpec {
    std::string name;
    std::vector<std::string> prefixes; // "/api/v1/products"; normalised, without a slash at the end, but for "/"
    std::vector<std::string> roots{};  // likewise, of a standard: below them credentials are the service's matter, whatever `access` says
    Access access = Access::jwt;
    std::string scope;                 // what a token must hold besides; empty: nothing
    std::uint32_t timeout_ms = 15'000;
    CertificateRule certificate{};     // of whoever asks
    std::uint64_t body_limit = 0; // bytes; 0: the gateway's own
    CacheUse cache = CacheUse::off;
    bool compress = false; // its answers, where the service has not and the client wants it
    bool hedge = false;    // a read that is late is sent to another instance as well
    bool standard_surface = true; // also reached as /<name>/..., without that prefix
    std::uint64_t age = 0;        // order of creation: of two that claim one prefix the lower keeps it
    std::vector<InstanceSpec> instances;

    friend bool operator==(const ServiceSpec&, const ServiceSpec&) = default;
};

/// Reads a comma list of prefixes: bad ones are left out. Each begins with a slash and is in normal form (path.hpp).
std::vector<std::string> parse_prefixes(std::string_view list);
/// One prefix in the form ServiceSpec has it, or empty if it is none.
std::string parse_prefix(std::string_view text);
/// A service's name: lower-case letters, digits and hyphens, at most 63 characters.
bool is_service_name(std::string_view text);

} // namespace gravity::gateway
