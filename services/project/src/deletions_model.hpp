#pragma once

#include "projects_model.hpp"

#include <gravity/pg/job.hpp>

#include <map>

/// The end of a project: what each service is asked to remove, and what it answered.
namespace gravity::project {

using RemovedRows = std::map<std::string, std::int64_t, std::less<>>; // by table

enum class DeletionTaskState {
    open,
    confirmed,
    keeps_nothing
};
BOOST_DESCRIBE_ENUM(DeletionTaskState, open, confirmed, keeps_nothing)

struct DeletionTask {
    std::string service;
    DeletionTaskState state{};
    int attempts = 0;
    std::optional<std::string> problem;
    RemovedRows removed;
    std::int64_t rows = 0;
    std::optional<Timestamp> tried_at;
    std::optional<Timestamp> answered_at;
};
BOOST_DESCRIBE_STRUCT(DeletionTask, (), (service, state, attempts, problem, removed, rows, tried_at, answered_at))

/// As it is stored: of which project.
struct DeletionTaskRow : DeletionTask {
    ProjectId project_id;
};
BOOST_DESCRIBE_STRUCT(DeletionTaskRow, (DeletionTask), (project_id))

struct Deletion {
    ProjectId project_id;
    ProjectState state{};
    Timestamp requested_at;
    Timestamp delete_after;
    std::optional<Timestamp> started_at;
    std::optional<Timestamp> finished_at;
    double progress = 0;
    std::vector<DeletionTask> tasks;
    std::optional<std::string> proof;
};
BOOST_DESCRIBE_STRUCT(Deletion, (), (project_id, state, requested_at, delete_after, started_at, finished_at, progress, tasks, proof))

/// The answer of every service to DELETE /internal/projects/{id}.
struct PurgeAnswer {
    RemovedRows removed;
    std::int64_t rows = 0;
};
BOOST_DESCRIBE_STRUCT(PurgeAnswer, (), (removed, rows))

/// The days to undo it have passed: every service is asked to remove its rows.
struct ProjectDeletionStarted {
    static constexpr Event event{"gravity.project.project.deletion_started"};
    ProjectId id;
};
BOOST_DESCRIBE_STRUCT(ProjectDeletionStarted, (), (id))

/// Every service that was known has confirmed that nothing is left.
struct ProjectDeleted {
    static constexpr Event event{"gravity.project.project.deleted"};
    ProjectId id;
    std::int64_t rows = 0;
};
BOOST_DESCRIBE_STRUCT(ProjectDeleted, (), (id, rows))

/// Deletes what is due among the projects that one administers, and asks again whoever has not answered.
struct DeleteProjects {
    static constexpr JobKind job{"delete-projects", 100};
};
BOOST_DESCRIBE_STRUCT(DeleteProjects, (), ())

} // namespace gravity::project

template <>
struct gravity::meta::docs<gravity::project::DeletionTask> {
    static constexpr std::pair<std::string_view, std::string_view> fields[] = {
        {"state", "`confirmed`: it answered that nothing is left; `keeps_nothing`: it keeps no rows of projects"},
        {"problem", "Why the last attempt did not do"},
        {"removed", "Rows it has removed, by table"},
    };
};
template <>
struct gravity::meta::docs<gravity::project::Deletion> {
    static constexpr std::pair<std::string_view, std::string_view> fields[] = {
        {"delete_after", "Until when it can be undone"},
        {"progress", "Share of the services that have confirmed, 0 to 1"},
        {"proof", "Once all have: a JWS over who removed how much and when (RFC 7515), if the service has a key for it"},
    };
};

GRAVITY_TABLES(project, DeletionTaskState, DeletionTask, DeletionTaskRow, Deletion, PurgeAnswer, ProjectDeletionStarted, ProjectDeleted,
               DeleteProjects)
