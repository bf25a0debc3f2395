#pragma once

#include "credentials_model.hpp"

#include <gravity/pg/tx.hpp>

#include <string>

/// What people remove of what they sign in with, at the page or by the API.
namespace gravity::issuer {

/// False if it is none of the identity's. `domain`: that passkeys are for now; "": for none. Throws Refusal for the last that they can sign in by alone, a
/// password or a passkey of the domain that has verified its owner: of any number that are removed at once one stays.
bool remove_own_credential(Tx& tx, IdentityId identity, CredentialId credential, const std::string& domain);

} // namespace gravity::issuer
