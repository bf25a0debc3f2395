#pragma once

#include <gravity/model.hpp>

/// The service's own settings, PROJECT_<NAME> outside.
namespace gravity::project {

struct Settings {
    std::optional<ProjectId> operator_project;
    Bounded<int, 1, 365> undo_days{30};
    std::optional<std::string> deletion_services;
    std::optional<std::string> proof_key_file;
    std::string trusted_proxies;
    std::optional<Url> leak_keys_url;
    std::string leak_keys_allow;
};
BOOST_DESCRIBE_STRUCT(Settings, (), (operator_project, undo_days, deletion_services, proof_key_file, trusted_proxies, leak_keys_url, leak_keys_allow))

} // namespace gravity::project

template <>
struct gravity::meta::docs<gravity::project::Settings> {
    static constexpr std::pair<std::string_view, std::string_view> fields[] = {
        {"operator_project", "Project whose callers may verify the API keys of all"},
        {"undo_days", "Days in which the deletion of a project can be undone"},
        {"deletion_services", "Services that are asked to delete a project's data, beside those that discovery lists: comma list"},
        {"proof_key_file", "PEM private key (ES256 or EdDSA) that signs proofs of deletion; without it they are not signed"},
        {"trusted_proxies", "Networks of proxies whose X-Forwarded-For is believed, such as the gateway's: 10.0.0.0/8; commas between"},
        {"leak_keys_url", "List of the keys that reports of leaks are signed with: https://api.github.com/meta/public_keys/secret_scanning"},
        {"leak_keys_allow", "Addresses and networks that this list may be at although they are not public: 10.0.0.0/8; commas between"},
    };
};

GRAVITY_TABLES(project, Settings)
