#pragma once

#include <gravity/model.hpp>

/// The service's own settings, PROJECT_<NAME> outside.
namespace gravity::project {

struct Settings {
    std::optional<ProjectId> operator_project;
    Bounded<int, 1, 365> undo_days{30};
};
BOOST_DESCRIBE_STRUCT(Settings, (), (operator_project, undo_days))

} // namespace gravity::project

template <>
struct gravity::meta::docs<gravity::project::Settings> {
    static constexpr std::pair<std::string_view, std::string_view> fields[] = {
        {"operator_project", "Project whose callers may verify the API keys of all"},
        {"undo_days", "Days in which the deletion of a project can be undone"},
    };
};

GRAVITY_TABLES(project, Settings)
