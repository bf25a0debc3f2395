#pragma once

#include "organizations_model.hpp"

/// The projects that are administered, and their environments.
namespace gravity::project {

/// What follows from the moments below.
enum class ProjectState {
    active,
    suspended,
    pending_deletion,
    deleting,
    deleted
};
BOOST_DESCRIBE_ENUM(ProjectState, active, suspended, pending_deletion, deleting, deleted)

struct ProjectEdit {
    Slug slug;
    Text<1, 200> name;
};
BOOST_DESCRIBE_STRUCT(ProjectEdit, (), (slug, name))
void check(const ProjectEdit& project, meta::Errors& errors);

struct NewProject : ProjectEdit {
    OrganizationId organization_id;
};
BOOST_DESCRIBE_STRUCT(NewProject, (ProjectEdit), (organization_id))

struct Project : NewProject {
    ProjectId id;
    Version version;
    ProjectState state{};
    std::optional<Timestamp> suspended_at;
    std::optional<Timestamp> deletion_requested_at;
    std::optional<Timestamp> delete_after;
    std::optional<Timestamp> deleting_at;
    std::optional<Timestamp> deleted_at;
    Timestamp created_at;
    Timestamp updated_at;
};
BOOST_DESCRIBE_STRUCT(Project, (NewProject),
                      (id, version, state, suspended_at, deletion_requested_at, delete_after, deleting_at, deleted_at, created_at, updated_at))

struct TransferProject {
    OrganizationId organization_id;
};
BOOST_DESCRIBE_STRUCT(TransferProject, (), (organization_id))

struct ListProjects : PageQuery {
    std::optional<OrganizationId> organization_id;
    std::optional<ProjectState> state;
};
BOOST_DESCRIBE_STRUCT(ListProjects, (PageQuery), (organization_id, state))

enum class EnvironmentKind {
    development,
    staging,
    production,
    other
};
BOOST_DESCRIBE_ENUM(EnvironmentKind, development, staging, production, other)

/// Part of every API key: lower-case letters, digits and hyphens after a letter.
class EnvironmentName : public TextValue<EnvironmentName> {
public:
    using TextValue::TextValue;
    static bool accept(std::string_view in, std::string& out, std::string& why);
    static constexpr meta::Type describe() {
        return meta::text_type<EnvironmentName>(
            {.pattern = "^[a-z][a-z0-9-]*$", .doc = "Name of an environment", .example = "\"production\"", .min = 1, .max = 32});
    }
};

struct EnvironmentEdit {
    EnvironmentKind kind{};
};
BOOST_DESCRIBE_STRUCT(EnvironmentEdit, (), (kind))

struct NewEnvironment : EnvironmentEdit {
    EnvironmentName name;
};
BOOST_DESCRIBE_STRUCT(NewEnvironment, (EnvironmentEdit), (name))

struct Environment : NewEnvironment {
    ProjectId project_id;
    Version version;
    Timestamp created_at;
    Timestamp updated_at;
};
BOOST_DESCRIBE_STRUCT(Environment, (NewEnvironment), (project_id, version, created_at, updated_at))

struct ProjectCreated {
    static constexpr Event event{"gravity.project.project.created"};
    ProjectId id;
    OrganizationId organization_id;
};
BOOST_DESCRIBE_STRUCT(ProjectCreated, (), (id, organization_id))

struct ProjectSuspended {
    static constexpr Event event{"gravity.project.project.suspended"};
    ProjectId id;
};
BOOST_DESCRIBE_STRUCT(ProjectSuspended, (), (id))

struct ProjectResumed {
    static constexpr Event event{"gravity.project.project.resumed"};
    ProjectId id;
};
BOOST_DESCRIBE_STRUCT(ProjectResumed, (), (id))

struct ProjectDeletionRequested {
    static constexpr Event event{"gravity.project.project.deletion_requested"};
    ProjectId id;
    Timestamp delete_after;
};
BOOST_DESCRIBE_STRUCT(ProjectDeletionRequested, (), (id, delete_after))

/// Another organisation has it.
struct ProjectTransferred {
    static constexpr Event event{"gravity.project.project.transferred"};
    ProjectId id;
    OrganizationId from;
    OrganizationId to;
};
BOOST_DESCRIBE_STRUCT(ProjectTransferred, (), (id, from, to))

struct ProjectRestored {
    static constexpr Event event{"gravity.project.project.restored"};
    ProjectId id;
    ProjectState state{};
};
BOOST_DESCRIBE_STRUCT(ProjectRestored, (), (id, state))

} // namespace gravity::project

template <>
struct gravity::meta::docs<gravity::project::Project> {
    static constexpr std::pair<std::string_view, std::string_view> fields[] = {
        {"id", "What `project` says in tokens"},
        {"suspended_at", "Since when its API keys are not good"},
        {"delete_after", "Until when its deletion, which has been asked for, can be undone"},
        {"deleting_at", "Since when its data is being deleted everywhere"},
        {"deleted_at", "When every service had confirmed that"},
    };
};

GRAVITY_TABLES(project, ProjectState, ProjectEdit, NewProject, Project, ListProjects, EnvironmentKind, EnvironmentName, EnvironmentEdit, NewEnvironment,
               Environment, ProjectCreated, ProjectSuspended, ProjectResumed, ProjectDeletionRequested, ProjectRestored,
               TransferProject, ProjectTransferred)
