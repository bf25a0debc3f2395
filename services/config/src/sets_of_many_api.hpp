#pragma once

#include "imports_model.hpp"
#include "secrets.hpp"

#include <gravity/handlers.hpp>
#include <gravity/http/actor.hpp>

/// Handlers of all config sets at once.
namespace gravity::config::imports {

/// All of them or none; publishes nothing.
ImportedSets import_sets(Tx& tx, Actor by, Body<ImportSets> in, Given<Vault> vault);
/// As many as there are; each as it is when it is written.
Task<Streamed> export_sets(Ctx& ctx, Params<ExportSetsQuery> query);

} // namespace gravity::config::imports
