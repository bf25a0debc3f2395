#include "sets_api.hpp"

#include "cipher.hpp"
#include "data_keys.hpp"
#include "drafting.hpp"
#include "items.hpp"
#include "problems.hpp"
#include "publishing.hpp"
#include "sets_store.hpp"

#include <gravity/json/codec.hpp>

#include <algorithm>

namespace gravity::config {
namespace {

std::optional<Json> shown(const Json* value) {
    if (value == nullptr) return std::nullopt;
    return is_secret(*value) ? Json(masked) : *value;
}

} // namespace

namespace sets {

Created<ConfigSet> create(Tx& tx, Actor by, Body<NewConfigSet> in) {
    return tx.one(get_set, make_set(tx, by, *in));
}

Page<ConfigSet> list(Tx& tx, Params<ListConfigSets> query) { return tx.page(list_sets, *query); }
ConfigSet get(Tx& tx, Path<"id", ConfigSetId> id) { return tx.one(get_set, *id); }

ConfigSet update(Tx& tx, Actor by, Path<"id", ConfigSetId> id, Patch<ConfigSetOptions> patch, IfMatch expected) {
    tx.one(lock_head, *id); // nobody publishes meanwhile
    const ConfigSet set = expected.check(tx.one(get_set, *id));
    const ConfigSetOptions wanted = patch.apply(set);
    if (wanted.review_required == set.review_required) return set;
    tx.exec(save_set_options, *id, wanted.review_required);
    record(tx, by, {.action = "set.changed", .set = *id, .target = id->to_string(), .details = json::to_document(wanted)});
    return tx.one(get_set, *id);
}

} // namespace sets

namespace drafts {

Draft get(Tx& tx, Path<"id", ConfigSetId> id) { return shown_draft(tx.one(get_draft, *id)); }

Draft update(Tx& tx, Actor by, Path<"id", ConfigSetId> id, Patch<DraftEdit> patch, IfMatch expected, Given<Vault> vault) {
    DraftRow draft = expected.check(tx.one(lock_draft, *id));
    const DraftEdit wanted = patch.apply(shown_draft(draft));
    Items items = from_json(draft.items);
    rebase_draft_on(tx, draft, items, wanted.base_number);
    const Items before = items;
    if (const Json* changes = patch.document().find("items"))
        apply_patch(items, *changes);
    else
        check_items(items); // two releases that fit each may not do so together
    keep_masked(items, before);
    take_ciphers(tx, *vault, *id, before, items, by.may("configs:admin") ? SpringCiphers::taken : SpringCiphers::refused);
    if (const Json* changes = patch.document().find("secrets")) apply_secrets(tx, *vault, *id, items, without_shown(*changes, items));
    return shown_draft(save_items(tx, by, std::move(draft), items, "draft.changed"));
}

Draft approve(Tx& tx, Actor by, Path<"id", ConfigSetId> id, Body<DraftApproval> in) {
    const DraftRow draft = tx.one(lock_draft, *id);
    if (draft.version.value() != in->version.value()) throw Refusal(problems::stale_version).with("version", std::int64_t{draft.version.value()});
    if (std::find(draft.editors.begin(), draft.editors.end(), by.subject) != draft.editors.end()) throw Refusal(own_draft);
    const DraftRow approved = tx.one(approve_draft, *id, by.subject, tx.now());
    const Json details = Json::object({{"version", std::int64_t{draft.version.value()}}, {"content_hash", content_hash(from_json(draft.items))}});
    record(tx, by, {.action = "draft.approved", .set = *id, .target = id->to_string(), .details = details});
    return shown_draft(approved);
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
