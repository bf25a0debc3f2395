#pragma once

#include "contact_changes_model.hpp"

#include <gravity/pg/tx.hpp>

/// Statements of changes of addresses, by name. Their text is in contact_changes_store.cpp and nowhere else.
namespace gravity::user {

inline constexpr std::int64_t most_attempts = 5;

/// Whoever asks for a code to be sent to this address waits for the others who do.
extern const Sql<bool(ContactKind, std::string)> lock_address;
/// Asked for since then, by somebody or for an address.
extern const Sql<std::int64_t(UserId, ContactKind, std::string, Timestamp)> count_changes;
extern const Sql<StoredChange(StoredChange)> insert_change;
extern const Sql<StoredChange(ContactChangeId, UserId, ContactKind)> get_change, lock_change;
/// A code was shown that was not the one.
extern const Sql<void(ContactChangeId)> note_attempt;
/// No code will do any more.
extern const Sql<void(ContactChangeId)> end_change;
extern const Sql<void(UserId)> delete_contact_changes;
extern const Sql<std::int64_t(Timestamp, int)> forget_changes;

} // namespace gravity::user
