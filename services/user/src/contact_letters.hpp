#pragma once

#include "config.hpp"
#include "contact_changes_model.hpp"

#include <gravity/mail/outgoing.hpp>
#include <gravity/pg/tx.hpp>

#include <string>
#include <vector>

/// What people are told by mail about an address that is to be theirs, in words.
namespace gravity::user {

/// To the new address its code, and to the one that it is to replace that this is under way. Pure.
std::vector<mail::Letter> letters_of(const ContactChangeRequested& change, const Settings& settings, Timestamp now);

/// Whether whom a letter is about is active still: for mail::Outgoing.
bool may_have_letters(Tx& tx, const std::string& about);

} // namespace gravity::user
