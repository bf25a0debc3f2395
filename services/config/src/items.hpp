#pragma once

#include <gravity/json/json.hpp>

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// Settings as flattened keys, `a.b[0].c`, with their values: pure. A refusal is thrown.
namespace gravity::config {

/// A key's value is a boolean, a number, a text, or an array without items; what has parts is its parts' keys. A secret is an object (secrets.hpp).
using Items = std::map<std::string, Json, std::less<>>;

inline constexpr std::size_t max_key_bytes = 256;
inline constexpr std::size_t max_key_steps = 24;
inline constexpr std::size_t max_list_items = 10'000;
inline constexpr std::size_t max_value_bytes = 256 * 1024;
inline constexpr std::size_t max_set_bytes = 2 * 1024 * 1024;
inline constexpr std::size_t max_set_keys = 10'000;

/// One step of a key: a name, or a place in a list.
struct KeyStep {
    std::string_view name; // of a place: empty
    std::size_t index = 0;
    std::size_t begin = 0; // in the key: what is before is the key of what it is a part of
    std::size_t end = 0;
    bool is_index() const { return name.empty(); }
};

/// The steps of a key; nothing if it is none, with the reason in `why`.
std::optional<std::vector<KeyStep>> split_key(std::string_view key, std::string& why);

/// Where a key stands in a document with `items` (RFC 6901).
std::string pointer_to_item(std::string_view key);
/// The same in a document with `secrets`.
std::string pointer_to_secret(std::string_view key);

/// Takes over a patch: objects are flattened under their name, an array takes the place of all that was there, as any value does; null takes a key and all
/// below it away, and nothing else. Refused with pointers: what is no key, a list with gaps, what is both list and mapping, keys that another of the same
/// patch takes away again, too much of anything.
void apply_patch(Items& items, const Json& patch);

/// Refuses what lists and sizes forbid of items that were changed in another way.
void check_items(const Items& items);

/// The object of flattened keys, and back. Not for what comes from outside.
Json to_json(const Items& items);
Items from_json(const Json& object);

/// The document that the keys were flattened from.
Json to_tree(const Items& items);

/// A key that differs; the side that lacks it is null.
struct Change {
    std::string key;
    const Json* before = nullptr;
    const Json* after = nullptr;
};
/// In the order of the keys; refers into both.
std::vector<Change> changes_between(const Items& before, const Items& after);

/// A key that the others changed and that is not as they made it; null where it is not.
struct Conflict {
    std::string key;
    const Json* base = nullptr;
    const Json* theirs = nullptr;
    const Json* ours = nullptr;
};
struct Merged {
    Items items;
    std::vector<Conflict> conflicts; // refers into what was merged
};
/// Three-way merge: what `ours` changed since `base`, on top of `theirs`. Of a list that `ours` changed all places are as there.
Merged merge_onto(const Items& base, const Items& theirs, const Items& ours);

/// SHA-256 of the items as one JSON object, hexadecimal.
std::string content_hash(const Items& items);

// ---- what has to go where a key is to stand: a value has no parts, and what has parts no value

/// Takes away the keys that are `key` and such a step: '.' for names, '[' for places.
template <class V>
void erase_parts(std::map<std::string, V, std::less<>>& items, std::string_view key, char step) {
    const std::string prefix = std::string(key) + step;
    const auto from = items.lower_bound(prefix);
    auto to = from;
    while (to != items.end() && to->first.starts_with(prefix)) ++to;
    items.erase(from, to);
}

/// Takes away the keys below `key`, not itself.
template <class V>
void erase_below(std::map<std::string, V, std::less<>>& items, std::string_view key) {
    erase_parts(items, key, '.');
    erase_parts(items, key, '[');
}

/// Takes away the values of `key` and of what it is a part of.
template <class V>
void erase_values_above(std::map<std::string, V, std::less<>>& items, std::string_view key) {
    for (std::size_t i = 1; i <= key.size(); ++i)
        if (i == key.size() || key[i] == '.' || key[i] == '[')
            if (const auto found = items.find(key.substr(0, i)); found != items.end()) items.erase(found);
}

/// Takes away `key`, the keys below it, and the values of what it is a part of.
template <class V>
void clear_way(std::map<std::string, V, std::less<>>& items, std::string_view key) {
    erase_below(items, key);
    erase_values_above(items, key);
}

} // namespace gravity::config
