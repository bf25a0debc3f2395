#include "sets_api.hpp"

#include "data_keys.hpp"
#include "items.hpp"
#include "problems.hpp"
#include "publishing.hpp"
#include "sets_store.hpp"

#include <algorithm>

namespace gravity::config {
namespace {

constexpr int most_sets_of_a_label = 1'000;

std::optional<Json> shown(const Json* value) {
    if (value == nullptr) return std::nullopt;
    return is_secret(*value) ? Json(masked) : *value;
}

Draft shown(const DraftRow& row) {
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

} // namespace

namespace sets {

Created<ConfigSet> create(Tx& tx, Caller caller, Body<NewConfigSet> in) {
    NewSetRow row;
    static_cast<NewConfigSet&>(row) = *in;
    row.id = tx.new_id<ConfigSetId>();
    row.created_by = caller.subject;
    row.created_at = tx.now();
    if (!tx.maybe(insert_set, row, most_sets_of_a_label)) throw Refusal(too_many_sets, "There may be " + std::to_string(most_sets_of_a_label));
    return tx.one(get_set, row.id);
}

Page<ConfigSet> list(Tx& tx, Params<ListConfigSets> query) { return tx.page(list_sets, *query); }
ConfigSet get(Tx& tx, Path<"id", ConfigSetId> id) { return tx.one(get_set, *id); }

ConfigSet update(Tx& tx, Path<"id", ConfigSetId> id, Patch<ConfigSetOptions> patch, IfMatch expected) {
    tx.one(lock_head, *id); // nobody publishes meanwhile
    const ConfigSet set = expected.check(tx.one(get_set, *id));
    const ConfigSetOptions wanted = patch.apply(set);
    if (wanted.review_required == set.review_required) return set;
    tx.exec(save_set_options, *id, wanted.review_required);
    return tx.one(get_set, *id);
}

} // namespace sets

namespace drafts {

Draft get(Tx& tx, Path<"id", ConfigSetId> id) { return shown(tx.one(get_draft, *id)); }

Draft update(Tx& tx, Caller caller, Path<"id", ConfigSetId> id, Patch<DraftEdit> patch, IfMatch expected, Given<Vault> vault) {
    DraftRow draft = expected.check(tx.one(lock_draft, *id));
    const DraftEdit wanted = patch.apply(shown(draft));
    Items items = from_json(draft.items);
    if (wanted.base_number != draft.base_number) {
        const Head head = tx.one(get_head, *id);
        if (!wanted.base_number || wanted.base_number != head.number) throw Refusal(no_such_base);
        items = merge_onto(items_of(tx, *id, draft.base_number), items_of(tx, *id, head.number), items).items;
        draft.base_number = head.number;
    }
    if (const Json* changes = patch.document().find("items")) apply_patch(items, *changes);
    if (const Json* changes = patch.document().find("secrets")) apply_secrets(tx, *vault, *id, items, *changes);
    draft.items = to_json(items);
    draft.updated_by = caller.subject;
    draft.updated_at = tx.now();
    if (std::find(draft.editors.begin(), draft.editors.end(), caller.subject) == draft.editors.end()) draft.editors.push_back(caller.subject);
    return shown(tx.one(save_draft, draft));
}

Draft approve(Tx& tx, Caller caller, Path<"id", ConfigSetId> id, Body<DraftApproval> in) {
    const DraftRow draft = tx.one(lock_draft, *id);
    if (draft.version.value() != in->version.value()) throw Refusal(problems::stale_version).with("version", std::int64_t{draft.version.value()});
    if (std::find(draft.editors.begin(), draft.editors.end(), caller.subject) != draft.editors.end()) throw Refusal(own_draft);
    return shown(tx.one(approve_draft, *id, caller.subject, tx.now()));
}

MergePreview merge(Tx& tx, Path<"id", ConfigSetId> id) {
    const DraftRow draft = tx.one(get_draft, *id);
    const Head head = tx.one(get_head, *id);
    const Items base = items_of(tx, *id, draft.base_number), published = items_of(tx, *id, head.number), ours = from_json(draft.items);
    const Merged merged = merge_onto(base, published, ours);
    MergePreview preview{draft.base_number, head.number, to_json(mask(merged.items)), {}};
    for (const Conflict& conflict : merged.conflicts)
        preview.conflicts.push_back({conflict.key, shown(conflict.base), shown(conflict.theirs), shown(conflict.ours)});
    return preview;
}

} // namespace drafts
} // namespace gravity::config
