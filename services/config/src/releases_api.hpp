#pragma once

#include "releases_model.hpp"
#include "releases_store.hpp"
#include "rollouts_model.hpp"

#include <gravity/handlers.hpp>
#include <gravity/http/actor.hpp>

/// Handlers of releases.
namespace gravity::config::releases {

Created<PublishedRelease> create(Tx& tx, Actor by, Path<"id", ConfigSetId> id, Body<PublishDraft> in, IfMatch expected);
Page<ReleaseSummary> list(Tx& tx, Path<"id", ConfigSetId> id, Params<ListReleases> query);
Release get(Tx& tx, Path<"id", ConfigSetId> id, Path<"number", ReleaseNumber> number);
ReleaseDiff diff(Tx& tx, Path<"id", ConfigSetId> id, Path<"number", ReleaseNumber> number, Params<DiffQuery> query);
Created<ReleaseSummary> revert(Tx& tx, Actor by, Path<"id", ConfigSetId> id, Path<"number", ReleaseNumber> number, Body<Publish> in);

} // namespace gravity::config::releases
