#pragma once

#include "deletions_model.hpp"

#include <gravity/pg/tx.hpp>

/// Statements of deletions, by name. Their text is in deletions_store.cpp and nowhere else.
namespace gravity::project {

/// Whether there is anything to be done: a project that is due, or one that has been.
extern const Sql<bool(Timestamp)> deletions_pending;
/// One that is due, locked.
extern const Sql<Project(Timestamp)> next_due_project;
extern const Sql<void(ProjectId, Timestamp)> start_deletion;
/// What is said about it here: environments, and with them its API keys.
extern const Sql<void(ProjectId)> delete_environments;
/// A task of each service for each project whose deletion has begun, where there is none yet.
extern const Sql<void(std::vector<std::string>, Timestamp)> add_tasks;
/// Those that nobody confirmed and nobody asked about for longer than a question may take; from now on somebody does.
extern const Sql<DeletionTaskRow(Timestamp)> claim_tasks;
extern const Sql<DeletionTaskRow(ProjectId, std::string)> lock_task;
extern const Sql<void(DeletionTaskRow)> save_task;
extern const Sql<DeletionTask(ProjectId)> tasks_of;
/// Marks as deleted those of which every task is confirmed.
extern const Sql<ProjectId(Timestamp)> finish_deletions;
/// Who had a say in it alone, and who was asked to.
extern const Sql<void(ProjectId)> delete_members_of, delete_invitations_to;
extern const Sql<std::int64_t(ProjectId)> rows_removed;

/// What is measured of a project, in its own scope; with meters goes what they counted.
extern const Sql<void()> delete_meters, delete_seen;

} // namespace gravity::project
