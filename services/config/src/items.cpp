#include "items.hpp"

#include "problems.hpp"

#include <gravity/base/ascii.hpp>
#include <gravity/base/crypto.hpp>
#include <gravity/base/encoding.hpp>
#include <gravity/base/problem.hpp>
#include <gravity/base/utf8.hpp>

#include <algorithm>
#include <charconv>
#include <set>

namespace gravity::config {
namespace {

constexpr std::size_t most_faults = 50;

class Faults {
public:
    void add(std::string_view key, std::string detail) {
        if (faults_.size() < most_faults) faults_.push_back({pointer_to_item(key), std::move(detail)});
    }
    void refuse() {
        if (!faults_.empty()) throw Refusal(problems::invalid).with_faults(std::move(faults_));
    }

private:
    std::vector<Refusal::Fault> faults_;
};

bool is_plain(std::string_view name) {
    return utf8::valid(name) && std::none_of(name.begin(), name.end(), [](char c) { return static_cast<unsigned char>(c) < ' ' || c == '\x7f'; });
}

/// Flattens a patch into the items.
class Patching {
public:
    Patching(Items& items, Faults& faults) : items_(items), faults_(faults) {}

    void take(const std::string& key, const Json& value) {
        if (std::string why; !split_key(key, why)) return faults_.add(key.substr(0, max_key_bytes), std::move(why));
        if (value.is_object()) return members(key, value.as_object());
        if (value.is_null()) return remove(key);
        clear_way(items_, key);
        if (value.is_array() && value.size() > 0) return elements(key, value.as_array());
        put(key, value);
    }

    /// All that the patch puts is there at its end, or it contradicts itself.
    void finish() {
        for (const std::string& key : put_)
            if (!items_.contains(key)) faults_.add(key, "contradicts another key of the same change");
    }

private:
    void remove(const std::string& key) {
        erase_below(items_, key);
        items_.erase(key);
    }
    void members(const std::string& key, const Json::Object& members) { // without any it says nothing of what is there
        erase_parts(items_, key, '['); // what was a list is a mapping now
        erase_values_above(items_, key);
        for (const auto& [name, member] : members) take(key + "." + name, member);
    }
    void elements(const std::string& key, const Json::Array& elements) {
        if (elements.size() > max_list_items) return faults_.add(key, "must have at most " + std::to_string(max_list_items) + " items");
        for (std::size_t i = 0; i < elements.size(); ++i) {
            const std::string place = key + "[" + std::to_string(i) + "]";
            if (elements[i].is_null() || (elements[i].is_object() && elements[i].size() == 0))
                faults_.add(place, "must not be empty");
            else
                take(place, elements[i]);
        }
    }
    void put(const std::string& key, const Json& value) {
        if (value.is_string() && value.as_string().size() > max_value_bytes)
            throw Refusal(value_too_large, "\"" + key + "\" has more than " + std::to_string(max_value_bytes) + " bytes");
        items_[key] = value;
        if (!put_.insert(key).second) faults_.add(key, "stands twice");
        if (items_.size() > max_set_keys) throw Refusal(too_many_keys, "There may be " + std::to_string(max_set_keys));
    }

    Items& items_;
    Faults& faults_;
    std::set<std::string> put_;
};

/// What is part of one key: the places of a list, or names.
struct Parts {
    std::set<std::size_t> places;
    bool names = false;
};

void check_lists(const Items& items, Faults& faults) {
    std::map<std::string_view, Parts> parts;
    std::string why;
    for (const auto& [key, value] : items) {
        const auto steps = split_key(key, why);
        for (const KeyStep& step : *steps) {
            if (step.begin == 0) continue;
            Parts& of_whole = parts[std::string_view(key).substr(0, step.begin)];
            if (step.is_index())
                of_whole.places.insert(step.index);
            else
                of_whole.names = true;
        }
    }
    for (const auto& [whole, of_whole] : parts) {
        if (of_whole.places.empty()) continue;
        if (of_whole.names)
            faults.add(whole, "is a list and has named parts as well");
        else if (*of_whole.places.rbegin() + 1 != of_whole.places.size())
            faults.add(whole, "lacks places of its list");
    }
}

std::size_t bytes_of(const Json& value) {
    if (value.is_string()) return value.as_string().size();
    const Json* sealed = value.find("secret");
    return sealed == nullptr ? 8 : sealed->as_string().size();
}

void check_size(const Items& items) {
    std::size_t bytes = 0;
    for (const auto& [key, value] : items) bytes += key.size() + bytes_of(value);
    if (bytes > max_set_bytes) throw Refusal(value_too_large, "All of it together has more than " + std::to_string(max_set_bytes) + " bytes");
}

const Json* value_at(const Items& items, const std::string& key) {
    const auto found = items.find(key);
    return found == items.end() ? nullptr : &found->second;
}

bool same_value(const Json* a, const Json* b) { return a == nullptr || b == nullptr ? a == b : *a == *b; }

// ---- merging: a list is changed as a whole, since its places are not the same ones on both sides

/// The outermost list that a key is a place of; the key itself where it is none.
std::string_view whole_of(std::string_view key) { return key.substr(0, key.find('[')); }

void erase_whole(Items& items, std::string_view whole) {
    if (const auto found = items.find(whole); found != items.end()) items.erase(found);
    erase_parts(items, whole, '[');
}

/// As it is in `from`, in the place of all that cannot stand beside it.
void put_whole(Items& items, const Items& from, std::string_view whole) {
    const std::string places = std::string(whole) + '[';
    const auto value = from.find(whole);
    auto place = from.lower_bound(places);
    const auto is_place = [&] { return place != from.end() && place->first.starts_with(places); };
    if (value == from.end() && !is_place()) return;
    clear_way(items, whole);
    for (std::size_t i = 0; i < whole.size(); ++i)
        if (whole[i] == '.') erase_parts(items, whole.substr(0, i), '['); // what has named parts is no list
    if (value != from.end()) items.insert(*value);
    for (; is_place(); ++place) items.insert(*place);
}

std::string pointer_within(std::string_view member, std::string_view key) {
    std::string pointer(member);
    pointer += '/';
    for (const char c : key) {
        if (c == '~')
            pointer += "~0";
        else if (c == '/')
            pointer += "~1";
        else
            pointer += c;
    }
    return pointer;
}

} // namespace

std::string pointer_to_item(std::string_view key) { return pointer_within("/items", key); }
std::string pointer_to_secret(std::string_view key) { return pointer_within("/secrets", key); }

std::optional<std::vector<KeyStep>> split_key(std::string_view key, std::string& why) {
    const auto refuse = [&](std::string reason) {
        why = std::move(reason);
        return std::nullopt;
    };
    if (key.empty() || key.size() > max_key_bytes) return refuse("must have 1 to " + std::to_string(max_key_bytes) + " bytes");
    if (!is_plain(key)) return refuse("must have no control characters");
    std::vector<KeyStep> steps;
    std::size_t at = 0;
    while (at < key.size()) {
        KeyStep step;
        step.begin = steps.empty() ? 0 : at;
        if (key[at] == '[') {
            const auto close = key.find(']', at);
            const auto digits = key.substr(at + 1, close == std::string_view::npos ? 0 : close - at - 1);
            const auto [stop, error] = std::from_chars(digits.data(), digits.data() + digits.size(), step.index);
            const bool is_number = error == std::errc() && stop == digits.data() + digits.size() && (digits == "0" || digits.front() != '0');
            if (steps.empty() || !is_number || step.index >= max_list_items) return refuse("has brackets that are no place in a list");
            at = close + 1;
        } else {
            if (key[at] == '.' && !steps.empty()) ++at;
            else if (!steps.empty()) return refuse("has a name right behind brackets");
            const auto end = std::min(key.find_first_of(".[", at), key.size());
            step.name = key.substr(at, end - at);
            if (step.name.empty()) return refuse("has a part without a name");
            if (step.name.find(']') != std::string_view::npos) return refuse("has brackets that are no place in a list");
            if (step.name == "__proto__") return refuse("must not be named __proto__");
            at = end;
        }
        step.end = at;
        steps.push_back(step);
        if (steps.size() > max_key_steps) return refuse("must have at most " + std::to_string(max_key_steps) + " parts");
    }
    return steps;
}

void apply_patch(Items& items, const Json& patch) {
    if (!patch.is_object()) throw Refusal(problems::invalid).with_faults({{"/items", "must be an object"}});
    Faults faults;
    Patching patching(items, faults);
    for (const auto& [key, value] : patch.as_object()) patching.take(key, value);
    patching.finish();
    faults.refuse();
    check_items(items);
}

void check_items(const Items& items) {
    Faults faults;
    check_lists(items, faults);
    faults.refuse();
    if (items.size() > max_set_keys) throw Refusal(too_many_keys, "There may be " + std::to_string(max_set_keys));
    check_size(items);
}

Json to_json(const Items& items) { return Json(Json::Object(items.begin(), items.end())); }
Items from_json(const Json& object) { return object.as_object(); }

Json to_tree(const Items& items) {
    Json root = Json::object();
    std::string why;
    for (const auto& [key, value] : items) {
        Json* at = &root;
        const auto steps = split_key(key, why);
        for (const KeyStep& step : *steps) {
            if (step.is_index()) {
                if (!at->is_array()) *at = Json::array();
                auto& list = at->as_array();
                if (list.size() <= step.index) list.resize(step.index + 1);
                at = &list[step.index];
            } else {
                if (!at->is_object()) *at = Json::object();
                at = &(*at)[step.name];
            }
        }
        *at = value;
    }
    return root;
}

std::vector<Change> changes_between(const Items& before, const Items& after) {
    std::vector<Change> changes;
    for (const auto& [key, value] : before)
        if (const Json* other = value_at(after, key); !same_value(&value, other)) changes.push_back({key, &value, other});
    for (const auto& [key, value] : after)
        if (!before.contains(key)) changes.push_back({key, nullptr, &value});
    std::sort(changes.begin(), changes.end(), [](const Change& a, const Change& b) { return a.key < b.key; });
    return changes;
}

Merged merge_onto(const Items& base, const Items& theirs, const Items& ours) {
    Merged merged{theirs, {}};
    const std::vector<Change> changes = changes_between(base, ours);
    std::set<std::string_view> changed;
    for (const Change& change : changes) changed.insert(whole_of(change.key));
    for (const std::string_view whole : changed) erase_whole(merged.items, whole);
    for (const std::string_view whole : changed) put_whole(merged.items, ours, whole);
    for (const auto& [key, before, after] : changes_between(base, theirs))
        if (!same_value(after, value_at(merged.items, key))) merged.conflicts.push_back({key, before, after, value_at(ours, key)});
    return merged;
}

std::string content_hash(const Items& items) { return hex_encode(sha256(to_json(items).dump())); }

} // namespace gravity::config
