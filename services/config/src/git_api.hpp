#pragma once

#include "git_job.hpp"

#include <gravity/handlers.hpp>
#include <gravity/http/actor.hpp>

/// Handlers of git sources.
namespace gravity::config::git_sources {

Created<GitSource> create(Tx& tx, Actor by, Body<NewGitSource> in, Given<GitPuller> puller);
Page<GitSource> list(Tx& tx, Params<ListGitSources> query);
GitSource get(Tx& tx, Path<"id", GitSourceId> id);
NoContent remove(Tx& tx, Actor by, Path<"id", GitSourceId> id, IfMatch expected);
/// The drafts are filled later; the source says what became of it.
Accepted<GitSource> pull(Tx& tx, Actor by, Path<"id", GitSourceId> id);

} // namespace gravity::config::git_sources
