#include "data_keys.hpp"

#include "problems.hpp"

#include <algorithm>

namespace gravity::config {
namespace {

constexpr std::size_t longest_secret = 64 * 1024;

SecretPlace place_of_secret(const Tx& tx, const ConfigSetId& set, const std::string& key) { return {tx.project().uuid(), set.uuid(), key}; }

/// The set's key, made with its first secret; sealed anew where another master key seals by now.
DataKey key_to_seal_with(Tx& tx, const Vault& vault, const ConfigSetId& set) {
    auto row = tx.maybe(get_data_key, set);
    if (!row) {
        const Uuid id = Uuid::v7();
        tx.exec(insert_data_key, {id, set, vault.seal(DataKey::fresh(), id), tx.now()});
        row = tx.one(get_data_key, set); // another may have been quicker
    }
    DataKey key = vault.open(row->sealed, row->id);
    if (!vault.current(row->sealed)) tx.exec(save_data_key, row->id, vault.seal(key, row->id));
    return key;
}

Refusal refused_secret(const std::string& key, std::string detail) {
    return Refusal(problems::invalid).with_faults({{pointer_to_secret(key), std::move(detail)}});
}

std::string opened(const DataKey& key, const SecretPlace& place, const Json& secret) {
    const auto text = key.open(place, secret);
    if (!text) throw Refusal(problems::integrity_violation, "The secret \"" + place.key + "\" does not open");
    return text->reveal();
}

} // namespace

void apply_secrets(Tx& tx, const Vault& vault, const ConfigSetId& set, Items& items, const Json& patch) {
    if (!patch.is_object()) throw Refusal(problems::invalid).with_faults({{"/secrets", "must be an object"}});
    std::optional<DataKey> data_key;
    for (const auto& [key, value] : patch.as_object()) {
        std::string why;
        if (!split_key(key, why)) throw refused_secret(key.substr(0, max_key_bytes), why);
        if (value.is_null()) {
            if (const auto found = items.find(key); found != items.end() && is_secret(found->second)) items.erase(found);
            continue;
        }
        if (!value.is_string()) throw refused_secret(key, "must be a text");
        if (value.as_string().size() > longest_secret) throw Refusal(value_too_large, "A secret has at most " + std::to_string(longest_secret) + " bytes");
        if (!data_key) data_key = key_to_seal_with(tx, vault, set);
        const SecretPlace place = place_of_secret(tx, set, key);
        const auto found = items.find(key);
        if (found != items.end() && is_secret(found->second) && fingerprint_of(found->second) == data_key->fingerprint(place, value.as_string())) continue;
        clear_way(items, key);
        items[key] = data_key->seal(place, value.as_string());
    }
    check_items(items);
}

void open_secrets(Tx& tx, const Vault& vault, const std::vector<ConfigSetId>& sets, std::vector<Items>& items) {
    const auto has_secret = [](const Items& layer) { return std::any_of(layer.begin(), layer.end(), [](const auto& item) { return is_secret(item.second); }); };
    if (std::none_of(items.begin(), items.end(), has_secret)) return;
    std::map<ConfigSetId, DataKey> keys;
    for (const DataKeyRow& row : tx.all(data_keys_of, sets)) keys.emplace(row.set_id, vault.open(row.sealed, row.id));
    for (std::size_t i = 0; i < sets.size(); ++i) {
        for (auto& [key, value] : items[i]) {
            if (!is_secret(value)) continue;
            const auto data_key = keys.find(sets[i]);
            if (data_key == keys.end()) throw Refusal(problems::integrity_violation, "The data key of \"" + key + "\" is lost");
            value = opened(data_key->second, place_of_secret(tx, sets[i], key), value);
        }
    }
}

std::string open_secret(Tx& tx, const Vault& vault, const ReleaseItem& item) {
    const DataKeyRow row = tx.one(get_data_key, item.set_id);
    return opened(vault.open(row.sealed, row.id), place_of_secret(tx, item.set_id, item.key), item.value);
}

} // namespace gravity::config
