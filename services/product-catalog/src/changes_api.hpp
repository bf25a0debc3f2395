#pragma once

#include "changes_model.hpp"
#include "config.hpp"

#include <gravity/handlers.hpp>

/// Handler of change previews.
namespace gravity::product_catalog::changes {

ChangeImpact preview(Tx& tx, Body<PreviewChange> in, Given<Settings> settings);

} // namespace gravity::product_catalog::changes
