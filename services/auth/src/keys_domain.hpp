#pragma once

#include "keys_model.hpp"

/// The life cycle of signing keys: pure.
namespace gravity::issuer {

struct KeyPolicy {
    Duration rotation;                       // for how long a key signs
    Duration lead = Duration::minutes(15);   // published before it signs: longer than a verifier keeps a key set (300 s by Cache-Control, 600 s in `common`)
    Duration kept = Duration::minutes(65);   // published after it has signed: the longest life of a token, and what clocks and replicas are apart
};

/// One thing that is due.
struct KeyStep {
    enum class Kind {
        make,     // a key of `alg` in `state`, to sign at `at`
        activate, // `kid` signs from now on, the active one of `alg` retires
        retire    // `kid` is published no more
    };
    Kind kind{};
    SigningAlgorithm alg{};
    KeyState state{};
    Timestamp at{};
    Kid kid{};
};

/// What is to be done first; nothing if all is as it should be. ES256 and RS256 always have an active key and a published successor, EdDSA once it
/// has been asked for. A successor is published from the moment its predecessor begins to sign, so that an emergency finds it known everywhere.
std::optional<KeyStep> due_step(const std::vector<StoredKey>& keys, const KeyPolicy& policy, Timestamp now);

/// When a key that was published at `created_at` may sign at the earliest.
Timestamp earliest_use(Timestamp created_at, const KeyPolicy& policy, Timestamp now);

bool published(KeyState state);

} // namespace gravity::issuer
