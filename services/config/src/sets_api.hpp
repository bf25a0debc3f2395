#pragma once

#include "secrets.hpp"
#include "sets_model.hpp"

#include <gravity/handlers.hpp>
#include <gravity/http/actor.hpp>

/// Handlers of config sets and their drafts.
namespace gravity::config {
namespace sets {

Created<ConfigSet> create(Tx& tx, Actor by, Body<NewConfigSet> in);
Page<ConfigSet> list(Tx& tx, Params<ListConfigSets> query);
ConfigSet get(Tx& tx, Path<"id", ConfigSetId> id);
ConfigSet update(Tx& tx, Actor by, Path<"id", ConfigSetId> id, Patch<ConfigSetOptions> patch, IfMatch expected);

} // namespace sets
namespace drafts {

Draft get(Tx& tx, Path<"id", ConfigSetId> id);
Draft update(Tx& tx, Actor by, Path<"id", ConfigSetId> id, Patch<DraftEdit> patch, IfMatch expected, Given<Vault> vault);
/// By somebody who has not changed it.
Draft approve(Tx& tx, Actor by, Path<"id", ConfigSetId> id, Body<DraftApproval> in);
MergePreview merge(Tx& tx, Path<"id", ConfigSetId> id);

} // namespace drafts
} // namespace gravity::config
