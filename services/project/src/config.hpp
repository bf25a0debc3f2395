#pragma once

#include <gravity/model.hpp>

/// The service's own settings, PROJECT_<NAME> outside.
namespace gravity::project {

struct Settings {
    std::optional<ProjectId> operator_project;
    Bounded<int, 1, 365> undo_days{30};
    std::optional<std::string> deletion_services;
    std::optional<std::string> proof_key_file;
};
BOOST_DESCRIBE_STRUCT(Settings, (), (operator_project, undo_days, deletion_services, proof_key_file))

} // namespace gravity::project

template <>
struct gravity::meta::docs<gravity::project::Settings> {
    static constexpr std::pair<std::string_view, std::string_view> fields[] = {
        {"operator_project", "Project whose callers may verify the API keys of all"},
        {"undo_days", "Days in which the deletion of a project can be undone"},
        {"deletion_services", "Services that are asked to delete a project's data, beside those that discovery lists: comma list"},
        {"proof_key_file", "PEM private key (ES256 or EdDSA) that signs proofs of deletion; without it they are not signed"},
    };
};

GRAVITY_TABLES(project, Settings)
