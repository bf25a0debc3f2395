#include "keys_api.hpp"

#include "keys_schedule.hpp"
#include "keys_store.hpp"
#include "problems.hpp"

#include <gravity/log/log.hpp>

namespace gravity::issuer::keys {
namespace {

// The keys are everybody's, so they are nobody's to see but the operator's, where one is named.
void check_operator(const Caller& caller, const Settings& settings) {
    if (settings.operator_project && caller.project != *settings.operator_project) throw Refusal(problems::not_found);
}

bool in_use(const std::vector<StoredKey>& keys, SigningAlgorithm alg) {
    for (const StoredKey& key : keys)
        if (key.alg == alg && key.state != KeyState::retiring) return true;
    return false;
}

} // namespace

Created<SigningKey> create(Tx& tx, Caller caller, Body<NewSigningKey> in, Given<Keyring> keyring, Given<Settings> settings) {
    check_operator(caller, *settings);
    tx.one(lock_keys);
    if (in_use(tx.all(live_keys), in->alg)) throw Refusal(algorithm_in_use);
    const KeyPolicy policy = key_policy(*settings);
    SigningKey made = tx.one(insert_key, keyring->fresh(in->alg, KeyState::next, tx.now(), earliest_use(tx.now(), policy, tx.now())));
    advance_keys(tx, *keyring, policy);
    std::string location = "/api/v1/signing-keys/" + made.kid.str();
    return {std::move(made), std::move(location)};
}

Page<SigningKey> list(Tx& tx, Caller caller, Params<ListKeys> query, Given<Settings> settings) {
    check_operator(caller, *settings);
    return tx.page(list_keys, *query);
}

SigningKey get(Tx& tx, Caller caller, Path<"kid", Kid> kid, Given<Settings> settings) {
    check_operator(caller, *settings);
    return tx.one(get_key, *kid);
}

LiveKeys rotate(Tx& tx, Caller caller, Body<RotateKeys> in, Given<Keyring> keyring, Given<Settings> settings) {
    check_operator(caller, *settings);
    tx.one(lock_keys);
    const KeyPolicy policy = key_policy(*settings);
    for (const StoredKey& key : tx.all(live_keys))
        if (key.state == KeyState::next && (!in->alg || *in->alg == key.alg)) tx.exec(hurry_next, key.alg, earliest_use(key.created_at, policy, tx.now()));
    advance_keys(tx, *keyring, policy);
    LiveKeys answer;
    for (StoredKey& key : tx.all(live_keys)) answer.items.push_back(std::move(static_cast<SigningKey&>(key)));
    return answer;
}

SigningKey revoke(Tx& tx, Caller caller, Path<"kid", Kid> kid, IfMatch expected, Given<Keyring> keyring, Given<Settings> settings) {
    check_operator(caller, *settings);
    tx.one(lock_keys);
    SigningKey key = expected.check(tx.one(get_key, *kid));
    if (key.state == KeyState::revoked) return key;
    if (key.state == KeyState::retired) throw Refusal(key_retired);
    const bool signed_now = key.state == KeyState::active;
    key = tx.one(revoke_key, *kid, tx.now());
    tx.emit(SigningKeyRevoked{key.kid, key.alg}, key.kid.str());
    if (signed_now) tx.exec(hurry_next, key.alg, tx.now()); // verifiers know it already
    advance_keys(tx, *keyring, key_policy(*settings));
    tx.after_commit([kid = key.kid.str(), by = caller.subject] { log::warn("signing key revoked", {{"kid", kid}, {"by", by}}); });
    return key;
}

} // namespace gravity::issuer::keys
