#pragma once

#include "actor.hpp"
#include "config.hpp"
#include "projects_model.hpp"

#include <gravity/handlers.hpp>

/// Handlers of projects and their environments.
namespace gravity::project {
namespace projects {

Created<Project> create(Tx& tx, Actor caller, Body<NewProject> in);
Page<Project> list(Tx& tx, Caller caller, Params<ListProjects> query);
Project get(Tx& tx, Caller caller, Path<"id", ProjectId> id);
Project update(Tx& tx, Actor caller, Path<"id", ProjectId> id, Patch<ProjectEdit> patch, IfMatch expected);
Project suspend(Tx& tx, Actor caller, Path<"id", ProjectId> id, IfMatch expected);
Project resume(Tx& tx, Actor caller, Path<"id", ProjectId> id, IfMatch expected);
NoContent remove(Tx& tx, Actor caller, Path<"id", ProjectId> id, IfMatch expected, Given<Settings> settings);
Project restore(Tx& tx, Actor caller, Path<"id", ProjectId> id, IfMatch expected);
/// By who owns it, to an organisation where they may create projects.
Project transfer(Tx& tx, Actor caller, Path<"id", ProjectId> id, Body<TransferProject> in, IfMatch expected);

} // namespace projects
namespace environments {

Created<Environment> create(Tx& tx, Actor caller, Path<"id", ProjectId> id, Body<NewEnvironment> in);
Page<Environment> list(Tx& tx, Caller caller, Path<"id", ProjectId> id, Params<PageQuery> query);
Environment get(Tx& tx, Caller caller, Path<"id", ProjectId> id, Path<"name", EnvironmentName> name);
Environment update(Tx& tx, Actor caller, Path<"id", ProjectId> id, Path<"name", EnvironmentName> name, Patch<EnvironmentEdit> patch, IfMatch expected);
NoContent remove(Tx& tx, Actor caller, Path<"id", ProjectId> id, Path<"name", EnvironmentName> name, IfMatch expected);

} // namespace environments
} // namespace gravity::project
