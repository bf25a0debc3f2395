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
constexpr std::size_t most_faults_of_masked = 50;
constexpr std::string_view stands_for_none = "stands for a secret that the draft does not have";

const Json* secret_at(const Items& items, const std::string& key) {
    const auto found = items.find(key);
    return found == items.end() || !is_secret(found->second) ? nullptr : &found->second;
}

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

void keep_masked(Items& items, const Items& before) {
    const Json mask_text(masked);
    std::vector<Refusal::Fault> faults;
    for (auto& [key, value] : items) {
        if (value != mask_text) continue;
        if (const Json* secret = secret_at(before, key))
            value = *secret;
        else if (const auto was = before.find(key); (was == before.end() || was->second != value) && faults.size() < most_faults_of_masked)
            faults.push_back({pointer_to_item(key), std::string(stands_for_none)});
    }
    if (!faults.empty()) throw Refusal(problems::invalid).with_faults(std::move(faults));
}

Json without_shown(const Json& secrets, const Items& items) {
    if (!secrets.is_object()) return secrets; // which is refused
    Json changed = Json::object();
    for (const auto& [key, text] : secrets.as_object()) {
        const Json* secret = secret_at(items, key);
        const bool is_mask = text == Json(masked);
        if (is_mask && secret == nullptr)
            throw Refusal(problems::invalid).with_faults({{pointer_to_secret(key), std::string(stands_for_none)}});
        if (secret == nullptr || !(is_mask || text == Json(fingerprint_of(*secret)))) changed[key] = text;
    }
    return changed;
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
