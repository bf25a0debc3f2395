#pragma once

#include "mailed_codes_model.hpp"
#include "recovered.hpp"
#include "regain_model.hpp"
#include "sessions.hpp"

#include <optional>
#include <string>
#include <vector>

/// A password that somebody has forgotten: by a link that they are sent, and by a code beside it where the flow API asked. Each sets a password anew and signs
/// nobody in: a second factor is asked for as ever. Whoever has passkeys alone gets another link, and regains their account (regain.hpp).
namespace gravity::issuer::recovery {

enum class By {
    link,
    link_and_code
};
/// The same happens whether there is somebody of this name or not, but for the mail. Throws Refusal: this was asked for too often (429, by name and network).
Task<void> ask_to_recover(Ctx& ctx, const RunningFlow& flow, std::string name, By by);

/// Whether the code is the one that was sent: `set_by_code` is next, or for who has passkeys alone one of the two below. Throws
/// Refusal: too many were wrong (429).
Task<bool> prove_code(Ctx& ctx, const RunningFlow& flow, std::string code);
/// Whether this is a code of their app, or of recovery. Throws Refusal as prove_by_code does.
Task<bool> prove_factor(Ctx& ctx, const RunningFlow& flow, std::string code);
/// Begins to wait instead; the mailed code is used up. Nothing where none was proven, or the identity has a password meanwhile.
Task<std::optional<Regaining>> wait_by_code(Ctx& ctx, const RunningFlow& flow);

/// Once, where the code was right, and for who has passkeys alone a second factor or the time that they waited; the flow goes on as a sign-in. Recovery
/// codes for those, else none. Nothing: it was not, or is no more. Throws Refusal: the password is too easily guessed.
Task<std::optional<std::vector<std::string>>> set_by_code(Ctx& ctx, const RunningFlow& flow, Secret<> password);

/// A new password for who has proven that this mailbox is theirs. Whoever was signed in is so no more, wherever that was.
void recover(Tx& tx, IdentityId identity, const std::string& address, std::string hash, const Means& means);

} // namespace gravity::issuer::recovery
