#pragma once

#include "config.hpp"
#include "contact_changes_model.hpp"

#include <gravity/handlers.hpp>
#include <gravity/mail/outgoing.hpp>

/// Handlers of changes of one's own addresses.
namespace gravity::user::contact_changes {

Created<ContactChange> change_email(Tx& tx, Caller caller, Body<NewEmailChange> in, Given<Settings> settings, Given<mail::Outgoing> outgoing);
Created<ContactChange> change_phone(Tx& tx, Caller caller, Body<NewPhoneChange> in, Given<Settings> settings, Given<mail::Outgoing> outgoing);
ContactChange get_email_change(Tx& tx, Caller caller, Path<"change", ContactChangeId> id);
ContactChange get_phone_change(Tx& tx, Caller caller, Path<"change", ContactChangeId> id);
/// No code will do any more.
NoContent cancel_email_change(Tx& tx, Caller caller, Path<"change", ContactChangeId> id);
NoContent cancel_phone_change(Tx& tx, Caller caller, Path<"change", ContactChangeId> id);
Task<User> confirm_email(Ctx& ctx, Path<"change", ContactChangeId> id, Body<CodeShown> in);
Task<User> confirm_phone(Ctx& ctx, Path<"change", ContactChangeId> id, Body<CodeShown> in);

} // namespace gravity::user::contact_changes
