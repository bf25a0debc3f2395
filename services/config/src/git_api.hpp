#pragma once

#include "git_job.hpp"
#include "secrets.hpp"

#include <gravity/handlers.hpp>
#include <gravity/http/actor.hpp>
#include <gravity/http/web.hpp>

/// Handlers of git sources.
namespace gravity::config::git_sources {

Created<GitSource> create(Tx& tx, Actor by, Body<GitSourceToMake> in, Given<GitPuller> puller, Given<Vault> vault);
Page<GitSource> list(Tx& tx, Params<ListGitSources> query);
GitSource get(Tx& tx, Path<"id", GitSourceId> id);
/// Where it is stays as it is: what it signs in with was given for that place.
GitSource update(Tx& tx, Actor by, Path<"id", GitSourceId> id, Patch<GitSourceEdit> patch, IfMatch expected);
/// All of them anew; an empty document takes them away.
GitSource put_credentials(Tx& tx, Actor by, Path<"id", GitSourceId> id, Body<GitCredentials> in, IfMatch expected, Given<Vault> vault);
NoContent remove(Tx& tx, Actor by, Path<"id", GitSourceId> id, IfMatch expected);
/// The drafts are filled later; the source says what became of it.
Accepted<GitSource> pull(Tx& tx, Actor by, Path<"id", GitSourceId> id);

/// What a git server calls when something was pushed: the sources that are of it are pulled as if their time had come. The ids of these, as a JSON array.
Web pushed(Tx& tx, Actor by, RawBody body);

} // namespace gravity::config::git_sources
