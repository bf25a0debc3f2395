#pragma once

#include "config.hpp"
#include "keyring.hpp"
#include "keys_model.hpp"

#include <gravity/handlers.hpp>

/// Handlers of signing keys, for operators.
namespace gravity::issuer::keys {

Created<SigningKey> create(Tx& tx, Caller caller, Body<NewSigningKey> in, Given<Keyring> keyring, Given<Settings> settings);
Page<SigningKey> list(Tx& tx, Caller caller, Params<ListKeys> query, Given<Settings> settings);
SigningKey get(Tx& tx, Caller caller, Path<"kid", Kid> kid, Given<Settings> settings);
LiveKeys rotate(Tx& tx, Caller caller, Body<RotateKeys> in, Given<Keyring> keyring, Given<Settings> settings);
SigningKey revoke(Tx& tx, Caller caller, Path<"kid", Kid> kid, IfMatch expected, Given<Keyring> keyring, Given<Settings> settings);

} // namespace gravity::issuer::keys
