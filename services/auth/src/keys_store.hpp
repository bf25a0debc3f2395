#pragma once

#include "keys_model.hpp"

#include <gravity/pg/tx.hpp>

/// Statements of signing keys, by name. Their text is in keys_store.cpp and nowhere else.
namespace gravity::issuer {

/// Who changes keys holds this: one at a time over all replicas. The second takes it only if nobody has it.
extern const Sql<bool()> lock_keys;
extern const Sql<bool()> try_lock_keys;

/// Those that are published.
extern const Sql<StoredKey()> live_keys;
/// Grows with every change of any key.
extern const Sql<std::int64_t()> keys_revision;
extern const Sql<SigningKey(ListKeys)> list_keys;
extern const Sql<SigningKey(Kid)> get_key;
extern const Sql<SigningKey(StoredKey)> insert_key;
/// The active key of an algorithm signs no more and is published until then.
extern const Sql<Kid(SigningAlgorithm, Timestamp)> retire_active;
extern const Sql<void(Kid, Timestamp)> activate_key;
extern const Sql<void(Kid, Timestamp)> end_retiring;
/// When the successor of an algorithm's active key is to sign.
extern const Sql<void(SigningAlgorithm, Timestamp)> hurry_next;
extern const Sql<SigningKey(Kid, Timestamp)> revoke_key;

} // namespace gravity::issuer
