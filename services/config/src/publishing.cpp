#include "publishing.hpp"

#include "checks.hpp"
#include "memory.hpp"
#include "problems.hpp"

namespace gravity::config {
namespace {

constexpr std::int64_t most_keys_of_a_label = 100'000;

void announce(Tx& tx, const ConfigSet& set, const ReleaseSummary& made) {
    if (made.reverts_to)
        tx.emit(ReleaseReverted{set.id, set.application, set.profile, set.label, made.number, made.seq, *made.reverts_to});
    else
        tx.emit(ReleasePublished{set.id, set.application, set.profile, set.label, made.number, made.seq});
}

} // namespace

Items items_of(Tx& tx, const ConfigSetId& set, std::optional<ReleaseNumber> number) {
    Items items;
    if (!number) return items;
    for (ReleaseItem& item : tx.all(release_items, set, *number)) items.emplace(std::move(item.key), std::move(item.value));
    return items;
}

ReleaseSummary make_release(Tx& tx, const Making& making) {
    const ConfigSet& set = making.set;
    std::map<std::string, ReleaseItem> before;
    Items items_before;
    if (making.head.number) {
        for (ReleaseItem& item : tx.all(release_items, set.id, *making.head.number)) {
            items_before.emplace(item.key, item.value);
            before.emplace(item.key, std::move(item));
        }
    }
    if (making.head.number && items_before == making.items) throw Refusal(nothing_to_publish);
    if (!making.head.number && making.items.empty()) throw Refusal(nothing_to_publish);

    // From here on publishers of the project wait for one another, so that the checks below see what they have made.
    const std::int64_t seq = tx.one(next_seq);
    refuse_faults(faults_with(tx, set, making.items));
    const auto keys = static_cast<int>(making.items.size());
    if (tx.one(count_keys, set.label) - making.head.keys + keys > most_keys_of_a_label)
        throw Refusal(too_many_keys, "There may be " + std::to_string(most_keys_of_a_label) + " under a label");

    ReleaseSummary row;
    row.set_id = set.id;
    row.number = tx.one(last_release, set.id) + 1; // one that was taken back keeps its number
    row.parent = making.head.number;
    row.reverts_to = making.reverts_to;
    row.seq = seq;
    row.author = making.author;
    row.approver = making.approver;
    row.reviewed = making.set.review_required && !making.reverts_to;
    row.message = making.message;
    row.created_at = tx.now();
    row.content_hash = content_hash(making.items);
    row = tx.one(insert_release, row);

    std::vector<ReleaseItem> items;
    for (const auto& [key, value] : making.items) {
        const auto was = before.find(key);
        const bool same = was != before.end() && was->second.value == value;
        items.push_back({set.id, row.number, key, value, same ? was->second.since : row.number});
    }
    tx.copy(copy_release_items, items);
    return row;
}

void put_in_force(Tx& tx, const ConfigSet& set, ReleaseNumber number, std::int64_t seq, int keys) {
    tx.exec(move_head, set.id, number, seq, keys);
    tx.exec(insert_placement, set.id, seq, number);
    tx.one(notify_publication, tx.project().to_string() + ":" + std::to_string(seq));
    forget_remembered(tx);
}

ReleaseSummary publish(Tx& tx, const Making& making) {
    ReleaseSummary made = make_release(tx, making);
    put_in_force(tx, making.set, made.number, made.seq, static_cast<int>(making.items.size()));
    announce(tx, making.set, made);
    return made;
}

} // namespace gravity::config
