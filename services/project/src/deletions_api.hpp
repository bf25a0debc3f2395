#pragma once

#include "deletions_model.hpp"

#include <gravity/auth/signer.hpp>
#include <gravity/handlers.hpp>

/// Handlers of the ends of projects.
namespace gravity::project {

/// What signs proofs, if PROJECT_PROOF_KEY_FILE names a key.
struct ProofKey {
    std::optional<auth::Signer> signer;
};

namespace deletions {

/// How far it is, and once all have answered the proof of it.
Deletion get(Tx& tx, Caller caller, Path<"id", ProjectId> id, Given<ProofKey> key);
/// The public key that proofs are checked by, as a JWK Set (RFC 7517); an empty one where none is signed.
Task<Json> proof_keys(Ctx& ctx, Given<ProofKey> key);

} // namespace deletions
} // namespace gravity::project
