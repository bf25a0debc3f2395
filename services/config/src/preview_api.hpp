#pragma once

#include "preview_model.hpp"

#include <gravity/handlers.hpp>

/// Handlers that tell what would become of a draft, and change nothing.
namespace gravity::config::drafts {

DraftValidation validate(Tx& tx, Path<"id", ConfigSetId> id);
DryRun dry_run(Tx& tx, Path<"id", ConfigSetId> id);

} // namespace gravity::config::drafts
