#include "drafting.hpp"

#include "audit_details.hpp"
#include "problems.hpp"
#include "publishing.hpp"
#include "secrets.hpp"

#include <gravity/json/codec.hpp>

#include <algorithm>

namespace gravity::config {
namespace {

constexpr int most_sets_of_a_label = 1'000;

} // namespace

Draft shown_draft(const DraftRow& row) {
    Draft draft;
    draft.set_id = row.set_id;
    draft.base_number = row.base_number;
    draft.version = row.version;
    draft.updated_by = row.updated_by;
    draft.updated_at = row.updated_at;
    draft.editors = row.editors;
    draft.approved_by = row.approved_by;
    draft.approved_at = row.approved_at;
    const Items items = from_json(row.items);
    draft.items = to_json(mask(items));
    draft.secrets = Json::object();
    for (const auto& [key, value] : items)
        if (is_secret(value)) draft.secrets[key] = fingerprint_of(value);
    return draft;
}

ConfigSetId make_set(Tx& tx, const Actor& by, const NewConfigSet& wanted) {
    NewSetRow row;
    static_cast<NewConfigSet&>(row) = wanted;
    row.id = tx.new_id<ConfigSetId>();
    row.created_by = by.subject;
    row.created_at = tx.now();
    if (!tx.maybe(insert_set, row, most_sets_of_a_label)) throw Refusal(too_many_sets, "There may be " + std::to_string(most_sets_of_a_label));
    record(tx, by, {.action = "set.created", .set = row.id, .target = row.id.to_string(), .details = json::to_document(wanted)});
    return row.id;
}

void rebase_draft_on(Tx& tx, DraftRow& draft, Items& items, std::optional<ReleaseNumber> wanted) {
    if (wanted == draft.base_number) return;
    const Head head = tx.one(get_head, draft.set_id);
    if (!wanted || wanted != head.number) throw Refusal(no_such_base);
    items = merge_onto(items_of(tx, draft.set_id, draft.base_number), items_of(tx, draft.set_id, head.number), items).items;
    draft.base_number = head.number;
}

DraftRow save_items(Tx& tx, const Actor& by, DraftRow draft, const Items& items, std::string_view action, Json details) {
    const Json changed = changed_items(from_json(draft.items), items);
    for (const auto& [name, value] : changed.as_object()) details[name] = value;
    if (draft.base_number) details["base_number"] = std::int64_t{draft.base_number->value()};
    draft.items = to_json(items);
    draft.updated_by = by.subject;
    draft.updated_at = tx.now();
    if (std::find(draft.editors.begin(), draft.editors.end(), by.subject) == draft.editors.end()) draft.editors.push_back(by.subject);
    record(tx, by, {.action = action, .set = draft.set_id, .target = draft.set_id.to_string(), .details = std::move(details)});
    return tx.one(save_draft, draft);
}

} // namespace gravity::config
