#include "keys_domain.hpp"

namespace gravity::issuer {
namespace {

constexpr SigningAlgorithm algorithms[] = {SigningAlgorithm::es256, SigningAlgorithm::eddsa, SigningAlgorithm::rs256};

const StoredKey* key_in(const std::vector<StoredKey>& keys, SigningAlgorithm alg, KeyState state) {
    for (const StoredKey& key : keys)
        if (key.alg == alg && key.state == state) return &key;
    return nullptr;
}

std::optional<KeyStep> due_of(const std::vector<StoredKey>& keys, SigningAlgorithm alg, const KeyPolicy& policy, Timestamp now) {
    const StoredKey* const active = key_in(keys, alg, KeyState::active);
    const StoredKey* const next = key_in(keys, alg, KeyState::next);
    using Kind = KeyStep::Kind;
    if (next != nullptr && next->activates_at <= now) return KeyStep{Kind::activate, alg, KeyState::active, now, next->kid};
    if (active != nullptr && next == nullptr)
        return KeyStep{Kind::make, alg, KeyState::next, earliest_use(now, policy, active->activates_at + policy.rotation), {}};
    if (active == nullptr && next == nullptr && alg != SigningAlgorithm::eddsa) return KeyStep{Kind::make, alg, KeyState::active, now, {}};
    return std::nullopt;
}

} // namespace

std::optional<KeyStep> due_step(const std::vector<StoredKey>& keys, const KeyPolicy& policy, Timestamp now) {
    for (const StoredKey& key : keys)
        if (key.state == KeyState::retiring && *key.retires_at <= now) return KeyStep{KeyStep::Kind::retire, key.alg, KeyState::retired, now, key.kid};
    for (const SigningAlgorithm alg : algorithms)
        if (auto step = due_of(keys, alg, policy, now)) return step;
    return std::nullopt;
}

Timestamp earliest_use(Timestamp created_at, const KeyPolicy& policy, Timestamp now) { return std::max(created_at + policy.lead, now); }

bool published(KeyState state) { return state == KeyState::next || state == KeyState::active || state == KeyState::retiring; }

} // namespace gravity::issuer
