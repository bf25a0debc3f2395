#pragma once

#include "mailed_codes_model.hpp"
#include "sessions.hpp"

#include <optional>
#include <string>

/// A password that somebody has forgotten: by a link that they are sent, and by a code beside it where the flow API asked. Each sets a password anew and signs
/// nobody in: a second factor is asked for as ever.
namespace gravity::issuer::recovery {

enum class By {
    link,
    link_and_code
};
/// The same happens whether there is somebody of this name or not, but for the mail. Throws Refusal: this was asked for too often (429, by name and network).
Task<void> ask_to_recover(Ctx& ctx, const RunningFlow& flow, std::string name, By by);

/// Whether the code is the one that was sent: `set_by_code` is next. Throws Refusal: too many were wrong (429).
Task<bool> prove_code(Ctx& ctx, const RunningFlow& flow, std::string code);
/// Once, where the code was right; the flow goes on as a sign-in. False: it was not, or is no more. Throws Refusal: the password is too easily guessed.
Task<bool> set_by_code(Ctx& ctx, const RunningFlow& flow, Secret<> password);

/// A new password for who has proven that this mailbox is theirs. Whoever was signed in is so no more, wherever that was.
void recover(Tx& tx, IdentityId identity, const std::string& address, std::string hash);

} // namespace gravity::issuer::recovery
