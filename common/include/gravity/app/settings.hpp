#pragma once

#include <gravity/base/number.hpp>
#include <gravity/base/secret.hpp>
#include <gravity/meta/describe.hpp>

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace gravity::app {

enum class DiscoveryMode {
    consul,
    dns,
    off
};
BOOST_DESCRIBE_ENUM(DiscoveryMode, consul, dns, off)
enum class LogLevel {
    trace,
    debug,
    info,
    warn,
    error,
    critical
};
BOOST_DESCRIBE_ENUM(LogLevel, trace, debug, info, warn, error, critical)
enum class AccessLog {
    all,
    errors,
    off
};
BOOST_DESCRIBE_ENUM(AccessLog, all, errors, off)

/// What every service can be told. The environment variable is the name in upper case; the flag is the name with hyphens.
struct PlatformSettings {
    std::string listen_address = "127.0.0.1";
    Bounded<int, 0, 65535> port{0};
    std::optional<Secret<>> database_url;
    std::optional<Secret<>> migration_database_url;
    Bounded<int, 1, 64> pg_pool_min{1};
    Bounded<int, 1, 64> pg_pool_max{8};
    Bounded<int, 1, 100'000> pg_queue_max{1024};
    bool pg_prepare = true;
    std::optional<Secret<>> redis_url;
    std::optional<Secret<>> events_url;
    DiscoveryMode discovery_mode = DiscoveryMode::off;
    std::string discovery_url = "http://127.0.0.1:8500";
    std::optional<Secret<>> discovery_token;
    std::string discovery_domain;
    std::optional<std::string> advertise_address;
    std::optional<std::string> auth_jwks_url;
    std::optional<std::string> auth_issuer;
    std::string auth_audience = "gravity";
    std::optional<std::string> auth_dpop_origins;
    std::optional<std::string> auth_token_url;
    std::optional<std::string> auth_client_id;
    std::optional<Secret<>> auth_client_secret;
    std::optional<Secret<>> master_key;
    LogLevel log_level = LogLevel::info;
    AccessLog access_log = AccessLog::errors;
    std::optional<std::string> otlp_endpoint;
    double trace_sample_ratio = 0.1;
    Bounded<int, 0, 3600> shutdown_grace_seconds{30};
    Bounded<int, 0, 300> deregister_delay_seconds{5};
    std::optional<std::string> docs_dir;
    std::optional<std::string> tls_certificate_file;
    std::optional<std::string> tls_private_key_file;
    bool gravity_test_mode = false;
    std::int64_t clock_offset_seconds = 0;
    double clock_factor = 1;
};
BOOST_DESCRIBE_STRUCT(PlatformSettings, (),
                      (listen_address, port, database_url, migration_database_url, pg_pool_min, pg_pool_max, pg_queue_max, pg_prepare, redis_url,
                       events_url, discovery_mode, discovery_url, discovery_token, discovery_domain, advertise_address, auth_jwks_url, auth_issuer,
                       auth_audience, auth_dpop_origins, auth_token_url, auth_client_id, auth_client_secret, master_key, log_level, access_log, otlp_endpoint,
                       trace_sample_ratio, shutdown_grace_seconds, deregister_delay_seconds, docs_dir, tls_certificate_file, tls_private_key_file,
                       gravity_test_mode, clock_offset_seconds, clock_factor))

} // namespace gravity::app

template <>
struct gravity::meta::docs<gravity::app::PlatformSettings> {
    static constexpr std::pair<std::string_view, std::string_view> fields[] = {
        {"listen_address", "Address to listen on"},
        {"port", "Port to listen on; 0 takes any free one"},
        {"database_url", "PostgreSQL of this service, as its run-time role: postgres://role:password@host/database"},
        {"migration_database_url", "The same as the owner of the database, for migrations; without it DATABASE_URL is used"},
        {"pg_pool_min", "Database connections kept when idle"},
        {"pg_pool_max", "Database connections at most"},
        {"pg_queue_max", "Requests that may wait for a database connection; beyond it 503"},
        {"pg_prepare", "Named statements; false behind a pooler that shares connections between transactions"},
        {"redis_url", "Redis of this service: redis://, rediss://, unix://, redis+sentinel://, redis+cluster://"},
        {"events_url", "Redis whose streams carry events; without it events wait in the outbox"},
        {"discovery_mode", "How services find one another: a Consul API, DNS names, or not at all"},
        {"discovery_url", "Consul-compatible discovery"},
        {"discovery_token", "ACL token for discovery"},
        {"discovery_domain", "With dns: what follows the names of services, e.g. .shop.svc.cluster.local"},
        {"advertise_address", "Address others reach this service by; default: the listening address"},
        {"auth_jwks_url", "Keys that sign access tokens: http(s):// or file://; without it every protected route answers 401"},
        {"auth_issuer", "Accepted `iss` of access tokens"},
        {"auth_audience", "Accepted `aud` of access tokens"},
        {"auth_dpop_origins", "Origins that clients reach this service by, e.g. https://shop.example.com: for these it takes tokens bound by DPoP (RFC 9449)"},
        {"auth_token_url", "OAuth 2.0 token endpoint where this service gets tokens of its own for calls to neighbours (client credentials)"},
        {"auth_client_id", "Who this service is at the token endpoint"},
        {"auth_client_secret", "Its secret there"},
        {"master_key", "32 bytes in base64 that seal stored secrets"},
        {"log_level", "Least level that is logged"},
        {"access_log", "Which requests are logged"},
        {"otlp_endpoint", "OTLP/HTTP receiver of spans, e.g. http://127.0.0.1:4318"},
        {"trace_sample_ratio", "Share of the traces beginning here that are exported, 0 to 1; of others their beginning has decided"},
        {"shutdown_grace_seconds", "Time for running requests to end after SIGTERM"},
        {"deregister_delay_seconds", "Time between leaving discovery and refusing connections"},
        {"docs_dir", "Folder with the files of Swagger UI"},
        {"tls_certificate_file", "PEM certificate chain; with a key the port speaks TLS"},
        {"tls_private_key_file", "PEM private key"},
        {"gravity_test_mode", "Allows the clock settings"},
        {"clock_offset_seconds", "Moves the clock; test mode only"},
        {"clock_factor", "Speeds the clock up; test mode only"},
    };
};

namespace gravity::app {

/// A described settings struct and the prefix its names have outside (`CATALOG_`; empty for the platform's).
struct SettingsSection {
    std::string prefix;
    meta::MutableRef values;
};

using Texts = std::map<std::string, std::string>; // NAME -> text

/// One setting, for --help, --print-config and .env.example.
struct SettingInfo {
    std::string name;
    std::string type;
    std::optional<std::string> default_text; // absent: none
    bool required = false;
    bool secret = false;
    std::string doc;
    std::string value; // what is in force; "***" for a secret that is set
};

/// Fills the sections; a later source wins: file < environment < flags. Throws std::invalid_argument with one line for a value that is not
/// acceptable or a name nobody knows (with the nearest known). Of the environment, only names that begin with a section's prefix can be
/// unknown: the rest belongs to others.
void load_settings(const std::vector<SettingsSection>& sections, const Texts& file, const Texts& environment, const Texts& flags);

/// Throws std::invalid_argument if a required setting has no value. Apart from loading, since --print-config must work without.
void require_settings(const std::vector<SettingsSection>& sections);

/// A flat YAML mapping: `port: 8102` or `PORT: 8102`. Throws std::invalid_argument.
Texts read_settings_file(const std::string& path);

/// In the order of the structs. `as_loaded` holds the values in force.
std::vector<SettingInfo> describe_settings(const std::vector<SettingsSection>& sections);

} // namespace gravity::app
