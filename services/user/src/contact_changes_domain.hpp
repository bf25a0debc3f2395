#pragma once

#include "contact_changes_model.hpp"

#include <optional>
#include <string>

/// Codes, and what a confirmed address does to the others: pure, but for the random bytes of a code. A refusal is thrown.
namespace gravity::user {

/// For mail ten characters of 32 that are not mistaken for one another (50 bits), good for an hour; for a text message six digits, good for ten minutes. What
/// keeps six digits from being guessed is that five attempts end a change, and that only so many are asked for in a day.
struct Code {
    std::string text;
    Duration life;
};
Code fresh_code(ContactKind kind);
/// 32 bytes. Case, blanks and hyphens do not count. A hash of six digits hides nothing from who reads the store; that they end soon does.
Bytes code_hash(const ContactChangeId& id, std::string_view code);
bool is_code(const StoredChange& change, std::string_view shown);

/// Somebody with the address that was confirmed: verified where they have it already, in the place of the one it replaces, or beside the others.
/// Refuses with `too_many_contacts`.
UserEdit with_confirmed(const UserEdit& user, const StoredChange& change);
/// They have this address; its form as it is kept.
std::optional<std::string> own_address(const UserEdit& user, ContactKind kind, const std::string& canonical);

} // namespace gravity::user
