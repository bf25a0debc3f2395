#include "draft.hpp"

#include "layout.hpp"

#include <gravity/base/encoding.hpp>

#include <algorithm>
#include <utility>

namespace gravity::registry::shared {
namespace {

std::string guard_of(std::size_t kind) { return std::string(guard_prefix) + std::string(layout::prefix_of(kind)); }

// Whether a key comes to be held, or is held no longer or by another.
bool moves_lock(const Change& change, const Model& model) {
    const auto* entry = std::get_if<ChangeOf<KvEntry>>(&change);
    if (entry == nullptr) return false;
    const KvEntry* before = model.find<KvEntry>(entry->key);
    return (before != nullptr && before->session) || (entry->after && entry->after->session);
}

template <class Touch>
void touch_guards(const Change& change, const Model& model, Touch touch) {
    touch(guard_of(change.index()));
    if (moves_lock(change, model)) touch(std::string(holders_guard));
}

std::uint64_t weight_of(std::string_view key, std::string_view member) {
    std::uint64_t hash = 0xcbf29ce484222325; // FNV-1a, then well mixed: the members' weights for one key must look independent
    for (const std::string_view part : {member, std::string_view("\0", 1), key})
        for (const char c : part) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
    hash = (hash ^ (hash >> 30)) * 0xbf58476d1ce4e5b9;
    hash = (hash ^ (hash >> 27)) * 0x94d049bb133111eb;
    return hash ^ (hash >> 31);
}

} // namespace

std::string end_of(std::string_view prefix) {
    std::string end(prefix);
    while (!end.empty() && static_cast<unsigned char>(end.back()) == 0xFF) end.pop_back();
    if (end.empty()) return std::string(1, '\0'); // all keys from there on
    end.back() = static_cast<char>(static_cast<unsigned char>(end.back()) + 1);
    return end;
}

std::map<std::string, std::optional<std::string>> writes_of(const std::vector<Change>& changes, const Model& model) {
    std::map<std::string, std::optional<std::string>> writes;
    for (const Change& change : changes) {
        Write write = layout::write_of(change, true);
        writes[std::move(write.key)] = std::move(write.value);
        touch_guards(change, model, [&](std::string guard) { writes[std::move(guard)] = ""; });
    }
    return writes;
}

bool Draft::add(const std::vector<Change>& changes, std::size_t first) {
    std::map<std::string, std::optional<std::string>> more;
    std::set<std::string> guards = touched_guards_;
    std::size_t bytes = bytes_;
    for (std::size_t i = first; i < changes.size(); ++i) {
        Write write = layout::write_of(changes[i], true);
        bytes += write.key.size() + (write.value ? write.value->size() : 0) + 64;
        more[std::move(write.key)] = std::move(write.value);
        touch_guards(changes[i], model_, [&](std::string guard) { guards.insert(std::move(guard)); });
    }
    const auto fresh = std::count_if(more.begin(), more.end(), [this](const auto& write) { return !writes_.contains(write.first); });
    const std::size_t operations = writes_.size() + static_cast<std::size_t>(fresh) + guards.size() + own_writes;
    if (operations > limits_.operations || bytes > limits_.bytes) return false;
    for (auto& [key, value] : more) writes_[key] = std::move(value);
    touched_guards_ = std::move(guards);
    bytes_ = bytes;
    return true;
}

Transaction Draft::finish(const Reads& reads, const Guards& guards, std::int64_t followed) && {
    const auto revision_of = [&](std::string_view guard) {
        const auto known = guards.find(guard);
        return known == guards.end() ? 0 : known->second;
    };
    Transaction transaction;
    // What a kind takes to be compared row by row; too much of it is compared by the kind's guard alone.
    std::array<std::size_t, kinds> costs{};
    std::size_t sum = own_compares + (reads.holders ? 1 : 0);
    for (std::size_t kind = 0; kind < kinds; ++kind) {
        const Reads::Kind& read = reads.of[kind];
        costs[kind] = read.all ? 1 : read.rows.size() + read.prefixes.size();
        if (kind == kind_of<Transition>) costs[kind] = 0; // not in the model: what stands there follows from the history's row
        sum += costs[kind];
    }
    while (sum > limits_.operations) {
        std::size_t& largest = *std::max_element(costs.begin(), costs.end());
        sum -= largest - 1;
        largest = 1;
    }
    for (std::size_t kind = 0; kind < kinds; ++kind) {
        const Reads::Kind& read = reads.of[kind];
        if (costs[kind] == 0) continue;
        if (read.all || costs[kind] < read.rows.size() + read.prefixes.size()) {
            std::string guard = guard_of(kind);
            const std::int64_t revision = revision_of(guard);
            transaction.compares.push_back({std::move(guard), revision});
            continue;
        }
        for (const auto& [key, index] : read.rows) transaction.compares.push_back({layout::stored_key(kind, key), index});
        for (const std::string& prefix : read.prefixes) {
            std::string begin = layout::stored_key(kind, prefix);
            std::string end = end_of(begin);
            transaction.compares.push_back({std::move(begin), followed, std::move(end)});
        }
    }
    if (reads.holders) transaction.compares.push_back({std::string(holders_guard), revision_of(holders_guard)});
    transaction.writes = std::move(writes_);
    for (const std::string& guard : touched_guards_) transaction.writes[guard] = "";
    if (!renewals_.empty()) transaction.writes[std::string(renewed_key)] = renewals_text(renewals_);
    return transaction;
}

std::string renewals_text(const std::set<std::string>& names) {
    std::string text;
    for (const std::string& name : names) text += (text.empty() ? "" : ",") + base64_encode(name);
    return text;
}

std::vector<std::string> renewals_of(std::string_view value) {
    std::vector<std::string> names;
    while (!value.empty()) {
        const auto comma = std::min(value.find(','), value.size());
        if (auto name = base64_decode(value.substr(0, comma))) names.push_back(*std::move(name));
        value.remove_prefix(std::min(comma + 1, value.size()));
    }
    return names;
}

std::string owner_of(std::string_view key, const std::set<std::string>& members) {
    std::string owner;
    std::uint64_t best = 0;
    for (const std::string& member : members) {
        const std::uint64_t weight = weight_of(key, member);
        if (!owner.empty() && weight <= best) continue;
        best = weight;
        owner = member;
    }
    return owner;
}

} // namespace gravity::registry::shared
