#pragma once

#include "projects_model.hpp"

#include <gravity/pg/tx.hpp>

/// Statements of projects and environments, by name. Their text is in projects_store.cpp and nowhere else.
namespace gravity::project {

extern const Sql<Project(Project)> insert_project, save_project, move_project;
extern const Sql<Project(ProjectId)> get_project, lock_project;
/// Those in which somebody has a say: of organisations that they are a member of, and those they are a member of alone.
extern const Sql<Project(ListProjects, std::string)> list_projects;
extern const Sql<void(ProjectId)> list_project_in_directory;
/// Whose people administer a project, whoever asks: under Scope::system.
extern const Sql<ProjectId(ProjectId)> home_of_project;
/// Whether the project of the transaction is being deleted or has been; it stays as it is while the transaction lasts (migration 0020).
extern const Sql<bool()> own_project_has_ended;

extern const Sql<Environment(Environment)> insert_environment, save_environment;
extern const Sql<Environment(ProjectId, EnvironmentName)> get_environment, lock_environment;
extern const Sql<Environment(PageQuery, ProjectId)> list_environments;
/// From one project to another.
extern const Sql<void(ProjectId, ProjectId, Timestamp)> copy_environments;
extern const Sql<void(ProjectId, EnvironmentName)> delete_environment;

} // namespace gravity::project
