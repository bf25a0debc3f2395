#pragma once

#include "secrets.hpp"
#include "spring_key_model.hpp"

#include <gravity/handlers.hpp>
#include <gravity/http/actor.hpp>

/// Handlers of the key of a Spring Cloud Config server.
namespace gravity::config::spring_key {

SpringKey get(Tx& tx);
/// It takes the place of the one before, unless that is not wanted (`If-None-Match: *`). What became a secret already stays one.
SpringKey put(Tx& tx, Actor by, Body<NewSpringKey> in, IfMatch expected, Header<"If-None-Match"> unless, Given<Vault> vault);
NoContent remove(Tx& tx, Actor by, IfMatch expected);

} // namespace gravity::config::spring_key
