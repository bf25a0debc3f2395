#include "preferences.hpp"

#include "json_schema.hpp"
#include "preferences_store.hpp"
#include "problems.hpp"

#include <gravity/base/ascii.hpp>
#include <gravity/meta/refuse.hpp>

#include <algorithm>
#include <stdexcept>

namespace gravity::user {
namespace {

void check_value(const JsonSchema& schema, const Json& value, meta::Errors& errors) {
    if (value.dump().size() > most_preference_bytes) return errors.reject("", "must be at most 8 KiB");
    schema.check(value, errors);
}

JsonSchema schema_of(const PreferenceDefinition& row) {
    meta::Errors errors;
    JsonSchema schema = JsonSchema::parse(row.json_schema, errors);
    if (!errors.empty()) throw std::runtime_error("definition of preference " + row.key.str() + " is not readable: " + errors.to_string());
    return schema;
}

} // namespace

bool PreferenceKey::accept(std::string_view in, std::string& out, std::string& why) {
    const auto is_word = [](std::string_view word) {
        return !word.empty() && std::all_of(word.begin(), word.end(), [](char c) { return (c >= 'a' && c <= 'z') || ascii::is_digit(c) || c == '_'; });
    };
    const auto words = ascii::split(in, '.');
    if (in.size() > 100 || !std::all_of(words.begin(), words.end(), is_word)) {
        why = "must be words of lower-case letters, digits and underscores with dots between, at most 100 characters";
        return false;
    }
    out = in;
    return true;
}

void check_definition(const PreferenceDefinitionEdit& definition) {
    meta::Errors errors;
    JsonSchema schema;
    {
        const meta::Errors::Step at(errors, "json_schema");
        schema = JsonSchema::parse(definition.json_schema, errors);
        if (!schema.marks().empty()) errors.reject("", "has marks of fields, which profiles alone have");
    }
    refuse_if_any(errors);
    const meta::Errors::Step at(errors, "default");
    check_value(schema, definition.default_, errors);
    refuse_if_any(errors);
}

Preferences in_force(Tx& tx, const UserId& user) {
    Preferences all;
    for (const PreferenceRow& row : tx.all(preferences_in_force, user)) all.preferences.emplace(row.key.str(), static_cast<const Preference&>(row));
    return all;
}

LayerValues values_of(Tx& tx, PreferenceLayer layer, const Uuid& owner) {
    LayerValues all;
    for (LayerValue& one : tx.all(list_layer, layer, owner)) all.values.emplace(one.key.str(), std::move(one.value));
    return all;
}

void set_values(Tx& tx, PreferenceLayer layer, const Uuid& owner, const Patch<LayerValues>& patch, Right right) {
    const LayerValues before = values_of(tx, layer, owner), after = patch.apply(before);
    std::vector<std::string> removed, set, touched;
    for (const auto& [key, value] : before.values)
        if (!after.values.contains(key)) removed.push_back(key);
    for (const auto& [key, value] : after.values)
        if (const auto old = before.values.find(key); old == before.values.end() || old->second != value) set.push_back(key);
    touched = set;
    touched.insert(touched.end(), removed.begin(), removed.end());
    if (touched.empty()) return;

    std::map<std::string, PreferenceDefinition> definitions;
    for (PreferenceDefinition& row : tx.all(hold_definitions, touched)) {
        std::string key = row.key.str();
        definitions.emplace(std::move(key), std::move(row));
    }
    meta::Errors faults, not_theirs;
    const meta::Errors::Step at(faults, "values"), at_too(not_theirs, "values");
    for (const std::string& key : touched)
        if (const auto definition = definitions.find(key); right == Right::person && definition != definitions.end() && !definition->second.user_writable)
            not_theirs.reject(key, "is not for people to set of themselves");
    for (const std::string& key : set) {
        const meta::Errors::Step here(faults, key);
        const auto definition = definitions.find(key);
        if (definition == definitions.end())
            faults.reject("", "there is no preference of this key");
        else
            check_value(schema_of(definition->second), after.values.find(key)->second, faults);
    }
    refuse_if_any(not_theirs, preference_not_yours);
    refuse_if_any(faults);
    for (const std::string& key : removed) tx.exec(unset_preference, layer, owner, key);
    for (const std::string& key : set) tx.exec(set_preference, layer, owner, LayerValue{definitions.at(key).key, after.values.find(key)->second});
}

std::vector<std::string> put_back_values(Tx& tx, const UserId& user, const std::vector<LayerValue>& values) {
    std::vector<std::string> keys, refused;
    if (values.empty()) return refused;
    for (const LayerValue& one : values) keys.push_back(one.key.str());
    const auto definitions = tx.all(hold_definitions, keys);
    for (const LayerValue& one : values) {
        const auto definition = std::find_if(definitions.begin(), definitions.end(), [&](const PreferenceDefinition& d) { return d.key == one.key; });
        if (definition == definitions.end()) continue;
        meta::Errors faults;
        check_value(schema_of(*definition), one.value, faults);
        if (faults.empty())
            tx.exec(set_preference, PreferenceLayer::user, user.uuid(), one);
        else
            refused.push_back(one.key.str());
    }
    return refused;
}

std::int64_t count_broken(Tx& tx, const PreferenceKey& key, const Json& json_schema) {
    constexpr int at_once = 1000;
    meta::Errors none;
    const JsonSchema schema = JsonSchema::parse(json_schema, none);
    std::int64_t broken = 0;
    std::optional<PreferenceLayer> layer;
    for (std::optional<Uuid> owner; true;) {
        const auto batch = tx.all(values_of_key, key, layer, owner, at_once);
        for (const ValueOfOwner& one : batch) {
            meta::Errors errors;
            schema.check(one.value, errors);
            if (!errors.empty()) ++broken;
        }
        if (batch.size() < static_cast<std::size_t>(at_once)) return broken;
        layer = batch.back().layer;
        owner = batch.back().owner;
    }
}

} // namespace gravity::user
