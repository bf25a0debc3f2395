#pragma once

#include "mailed_codes_model.hpp"
#include "sessions.hpp"

#include <optional>
#include <string>

/// Sending codes by mail, and looking at what is typed: for who signs up and who has forgotten their password.
namespace gravity::issuer {

/// What goes to the mailbox, and what is kept of it.
struct FreshCode {
    std::string code;
    std::string kept;
};
FreshCode fresh_code(Ctx& ctx, const RunningFlow& flow);
std::string kept_form(Ctx& ctx, const RunningFlow& flow, std::string_view typed);

/// Keeps a code for the flow, which runs for half an hour more, and says whether it is to be sent: not if the flow was sent so many already, nor if so many are
/// on their way to the address from elsewhere. What was not sent is never right.
bool keep_code(Tx& tx, const MailedCode& code);
/// Whether this is what was sent. Nothing if it is not, none was, or it was tried too often.
std::optional<MailedCode> right_code(Tx& tx, const Bytes& flow, CodePurpose purpose, const std::string& kept);

} // namespace gravity::issuer
