#pragma once

#include "names.hpp"

#include <gravity/base/secret.hpp>

/// The service's own settings, CONFIG_<NAME> outside.
namespace gravity::config {

struct Settings {
    LabelName default_label = "main";
    std::optional<Secret<>> master_key;
    Bounded<int, 1, 365> instance_days{7};
    Bounded<int, 0, 604'800> serve_stale_seconds{3'600};
    Bounded<int, 1, 65'536> memory_mib{32};
    Bounded<int, 1, 36'500> audit_days{730};
    std::string trusted_proxies;
    std::string git_schemes = "https,ssh";
    std::string git_networks;
};
BOOST_DESCRIBE_STRUCT(Settings, (),
                      (default_label, master_key, instance_days, serve_stale_seconds, memory_mib, audit_days, trusted_proxies, git_schemes, git_networks))

} // namespace gravity::config

template <>
struct gravity::meta::docs<gravity::config::Settings> {
    static constexpr std::pair<std::string_view, std::string_view> fields[] = {
        {"default_label", "Label of who asks for none"},
        {"master_key",
         "32 bytes in base64 that seal the data keys of secrets; to rotate, the new one in front of the old, with a comma; without it MASTER_KEY"},
        {"instance_days", "Days after which an instance that is not heard of any more is forgotten"},
        {"serve_stale_seconds", "While PostgreSQL is away, how long the last known state is answered, with a Warning; 0: not at all"},
        {"memory_mib", "How much of what is in force is kept in memory, MiB"},
        {"audit_days", "Days after which the audit log forgets"},
        {"git_schemes", "Ways to git repositories that may be gone: https, ssh, http, file; commas between"},
        {"git_networks", "Networks that git repositories may be in although they are not public, such as 10.0.0.0/8; commas between"},
        {"trusted_proxies", "Networks of proxies whose X-Forwarded-For is believed, such as the gateway's: 10.0.0.0/8; commas between"},
    };
};

GRAVITY_TABLES(config, Settings)
