#pragma once

#include "second_factor_store.hpp"
#include "sign_in_flow.hpp"

#include <gravity/json/json.hpp>

#include <optional>
#include <string>
#include <vector>

/// What somebody proves who they are by in a flow: each step once, for the pages and for the flow API. What is not proven counts where it has to; those that
/// count throw Refusal (429) once too many have failed.
namespace gravity::issuer::authorization {

/// Whose password it is. Nothing: see sign_in_by_password.
Task<std::optional<IdentityId>> try_password(Ctx& ctx, const OpenFlow& open, std::string name, Secret<> password);

/// Behind a password: who has a second factor is asked for it, whatever the client asked for.
struct BehindPassword {
    FactorsHeld asked_for;          // one of these
    std::optional<Arrived> arrived; // there is none
};
Task<BehindPassword> behind_password(Ctx& ctx, const OpenFlow& open, IdentityId identity);

/// By the code of an app, or of recovery, of who has typed their password. Nothing if it is not right.
Task<std::optional<Arrived>> try_code(Ctx& ctx, const OpenFlow& open, std::string code);

/// What a browser is to ask an authenticator, with a challenge of its own each time. There has to be a relying party.
Task<Json> passkey_question(Ctx& ctx, const OpenFlow& open);
/// By a passkey, alone or behind the password. `response`: as the browser has it. Nothing if it does not hold.
struct ByPasskey {
    IdentityId identity;
    Arrived there;
};
Task<std::optional<ByPasskey>> try_passkey(Ctx& ctx, const OpenFlow& open, std::string response);

} // namespace gravity::issuer::authorization
