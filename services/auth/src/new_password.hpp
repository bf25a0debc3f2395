#pragma once

#include "config.hpp"
#include "credentials_model.hpp"

#include <gravity/http/ctx.hpp>

#include <string>

/// Passwords that somebody sets: for an identity by whoever administers it, for themselves, or by a link that they were sent.
namespace gravity::issuer {

/// Throws Refusal (password_refused, with what is wrong) for one that is too easily guessed.
void check_new_password(const Secret<>& password, const Identity& identity, const Settings& settings);
/// The one before ends, and no browser is trusted any more. Announces both. Throws Refusal where there is no such identity.
Credential set_password(Tx& tx, IdentityId id, std::string hash);

} // namespace gravity::issuer
