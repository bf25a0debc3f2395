#pragma once

#include "clients_model.hpp"

#include <gravity/pg/tx.hpp>

#include <string>

/// Statements of what is remembered of tokens, by name. Their text is in tokens_store.cpp and nowhere else.
namespace gravity::issuer {

extern const Sql<void(std::string, Timestamp)> revoke_token;
/// Touches no row if the proof (thumbprint of its key, id) has been used.
extern const Sql<void(std::string, std::string, Timestamp)> use_proof;
/// Not revoked, and its client gets tokens still.
extern const Sql<bool(std::string, ClientId)> token_good;
/// Up to so many rows that ended before then; how many they were.
extern const Sql<std::int64_t(Timestamp, int)> forget_assertions;
extern const Sql<std::int64_t(Timestamp, int)> forget_revoked_tokens;
extern const Sql<std::int64_t(Timestamp, int)> forget_proofs;

} // namespace gravity::issuer
