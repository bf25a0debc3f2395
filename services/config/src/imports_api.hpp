#pragma once

#include "imports_model.hpp"
#include "secrets.hpp"

#include <gravity/handlers.hpp>
#include <gravity/http/actor.hpp>

/// Handlers of settings as files.
namespace gravity::config::imports {

Imported import_file(Tx& tx, Actor by, Body<ImportFile> in, Given<Vault> vault);
/// With `***` for secrets, whoever asks.
Download export_file(Tx& tx, Path<"id", ConfigSetId> id, Params<ExportQuery> query);

} // namespace gravity::config::imports
