#pragma once

#include "users_model.hpp"

#include <optional>
#include <string>
#include <vector>

/// The life of an account, and when two addresses are one: pure. A refusal is thrown.
namespace gravity::user {

enum class Change {
    activate,   // who was invited
    suspend,    // who is active
    reactivate, // who was suspended
    deactivate, // anybody
    restore     // who was deactivated
};

/// Tells whether anything changed: who asks twice gets the same answer and no second event. Refuses with `wrong_state`.
bool move(User& user, Change change, const std::optional<Text<1, 500>>& reason, const std::string& actor, Timestamp now);

/// Local part and domain without regard to case, the domain as DNS has it; no provider's own rules, such as dots that do not count. Nothing where the
/// domain cannot be one.
std::optional<std::string> canonical_email(const Email& email);
/// E.164 where what stands between digits (and `tel:` of RFC 3966 in front) is all that differs from it.
std::optional<std::string> e164(std::string_view number);

/// E-mails and phones as rows. What was verified in `before` remains so; that another one is takes `may_verify`, else a refusal.
std::vector<StoredContact> contacts_of(const UserEdit& user, const std::vector<StoredContact>& before, bool may_verify, Timestamp now);

} // namespace gravity::user
