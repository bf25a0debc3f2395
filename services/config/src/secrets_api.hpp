#pragma once

#include "secrets.hpp"
#include "secrets_model.hpp"

#include <gravity/handlers.hpp>
#include <gravity/http/actor.hpp>

/// Handlers that show secrets, and who has seen them.
namespace gravity::config::secrets {

Revealed reveal(Tx& tx, Actor by, Path<"id", ConfigSetId> id, Path<"key", Text<1, 256>> key, Given<Vault> vault);
Page<Reveal> list(Tx& tx, Path<"id", ConfigSetId> id, Params<ListReveals> query);

} // namespace gravity::config::secrets
