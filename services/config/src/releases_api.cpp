#include "releases_api.hpp"

#include "audit.hpp"
#include "problems.hpp"
#include "publishing.hpp"
#include "rollouts.hpp"
#include "secrets.hpp"

#include <gravity/json/codec.hpp>

namespace gravity::config::releases {
namespace {

constexpr std::size_t most_conflicts = 50;

std::string place_of(const ReleaseSummary& release) {
    return "/api/v1/configs/" + release.set_id.to_string() + "/releases/" + std::to_string(release.number.value());
}

void refuse_stale(Tx& tx, const DraftRow& draft, const Head& head) {
    const Items base = items_of(tx, draft.set_id, draft.base_number), published = items_of(tx, draft.set_id, head.number), ours = from_json(draft.items);
    std::vector<Refusal::Fault> faults;
    for (const Conflict& conflict : merge_onto(base, published, ours).conflicts)
        if (faults.size() < most_conflicts) faults.push_back({pointer_to_item(conflict.key), "was published with another value"});
    throw Refusal(stale_draft)
        .with("published_number", std::int64_t{head.number->value()})
        .with("merge", std::string_view("/api/v1/configs/" + draft.set_id.to_string() + "/draft/merge"))
        .with_faults(std::move(faults));
}

/// The draft begins anew with what has been published.
void begin_anew(Tx& tx, DraftRow draft, const ReleaseSummary& made, const Items& items) {
    draft.base_number = made.number;
    draft.items = to_json(items);
    draft.updated_by = made.author;
    draft.editors.clear();
    draft.updated_at = tx.now();
    tx.one(save_draft, draft);
}

void refuse_during_rollout(Tx& tx, const ConfigSetId& set) {
    if (const auto rollout = tx.maybe(open_rollout, set)) throw Refusal(rollout_unfinished).with("rollout", std::string_view(rollout->id.to_string()));
}

void check_plan(const RolloutPlan& plan, const Head& head) {
    if (const auto fault = fault_of(plan)) throw Refusal(problems::invalid).with_faults({{"/rollout/steps", *fault}});
    if (!head.number) throw Refusal(nothing_in_force);
}

/// It is by who changed it last, whoever says the word; approved as it is by somebody else.
void set_reviewed(Making& making, const DraftRow& draft) {
    if (!draft.approved_by) throw Refusal(review_required);
    making.author = draft.updated_by;
    making.approver = draft.approved_by;
}

Json details_of(const ReleaseSummary& made) {
    Json details = Json::object({{"seq", made.seq}, {"content_hash", made.content_hash}, {"author", made.author}});
    if (made.message) details["message"] = made.message->str();
    if (made.approver) details["approver"] = *made.approver;
    if (made.reverts_to) details["reverts_to"] = std::int64_t{made.reverts_to->value()};
    return details;
}

void record_release(Tx& tx, const Actor& by, std::string_view action, const ReleaseSummary& made, Json details) {
    record(tx, by, {.action = action, .set = made.set_id, .target = std::to_string(made.number.value()), .details = std::move(details)});
}

Created<ReleaseSummary> created(ReleaseSummary made) {
    std::string place = place_of(made);
    return {std::move(made), std::move(place)};
}

Json without_secret(const Json& value) { return is_secret(value) ? Json(masked) : value; }

PatchOperation operation_of(const Change& change) {
    PatchOperation operation;
    operation.op = change.before == nullptr ? PatchOp::add : change.after == nullptr ? PatchOp::remove
                                                                                     : PatchOp::replace;
    operation.path = pointer_to_item(change.key).substr(std::string_view("/items").size());
    if (change.after != nullptr) operation.value = without_secret(*change.after);
    if (change.before != nullptr) operation.before = without_secret(*change.before);
    return operation;
}

} // namespace

Created<PublishedRelease> create(Tx& tx, Actor by, Path<"id", ConfigSetId> id, Body<PublishDraft> in, IfMatch expected) {
    Making making;
    making.head = tx.one(lock_head, *id);
    making.set = tx.one(get_set, *id);
    const DraftRow draft = expected.check(tx.one(lock_draft, *id));
    refuse_during_rollout(tx, *id);
    if (draft.base_number != making.head.number) refuse_stale(tx, draft, making.head);
    if (in->rollout) check_plan(*in->rollout, making.head);
    making.items = from_json(draft.items);
    making.author = by.subject;
    if (making.set.review_required) set_reviewed(making, draft);
    making.message = in->message;
    PublishedRelease published;
    if (in->rollout) { // the draft stays as it is until the release is in force
        static_cast<ReleaseSummary&>(published) = make_release(tx, making);
        published.rollout = begin_rollout(tx, making, published, *in->rollout).id;
        tx.exec(forget_approval, *id); // if it is taken back, it is not what was approved
        Json details = details_of(published);
        details["rollout"] = published.rollout->to_string();
        details["plan"] = json::to_document(*in->rollout);
        record_release(tx, by, "rollout.begun", published, std::move(details));
    } else {
        static_cast<ReleaseSummary&>(published) = publish(tx, making);
        begin_anew(tx, draft, published, making.items);
        record_release(tx, by, "release.published", published, details_of(published));
    }
    std::string place = place_of(published);
    return {std::move(published), std::move(place)};
}

Page<ReleaseSummary> list(Tx& tx, Path<"id", ConfigSetId> id, Params<ListReleases> query) {
    tx.one(get_head, *id);
    return tx.page(list_releases, *query, *id);
}

Release get(Tx& tx, Path<"id", ConfigSetId> id, Path<"number", ReleaseNumber> number) {
    Release release;
    static_cast<ReleaseSummary&>(release) = tx.one(get_release, *id, *number);
    for (const ReleaseItem& item : tx.all(release_items, *id, *number)) {
        const auto fingerprint = is_secret(item.value) ? std::optional(fingerprint_of(item.value)) : std::nullopt;
        release.items.push_back({item.key, without_secret(item.value), item.since, fingerprint});
    }
    return release;
}

ReleaseDiff diff(Tx& tx, Path<"id", ConfigSetId> id, Path<"number", ReleaseNumber> number, Params<DiffQuery> query) {
    const ReleaseSummary release = tx.one(get_release, *id, *number);
    ReleaseDiff diff;
    diff.number = *number;
    diff.against = query->against ? query->against->value() : release.parent ? release.parent->value()
                                                                             : 0;
    std::optional<ReleaseNumber> other;
    if (diff.against > 0) other = tx.one(get_release, *id, ReleaseNumber(diff.against)).number;
    const Items before = items_of(tx, *id, other), after = items_of(tx, *id, *number);
    for (const Change& change : changes_between(before, after)) diff.patch.push_back(operation_of(change));
    return diff;
}

Created<ReleaseSummary> revert(Tx& tx, Actor by, Path<"id", ConfigSetId> id, Path<"number", ReleaseNumber> number, Body<Publish> in) {
    Making making;
    making.head = tx.one(lock_head, *id);
    making.set = tx.one(get_set, *id);
    tx.one(get_release, *id, *number);
    making.items = items_of(tx, *id, *number);
    making.author = by.subject;
    making.message = in->message;
    making.reverts_to = *number;
    refuse_during_rollout(tx, *id);
    const DraftRow draft = tx.one(lock_draft, *id);
    const bool untouched = draft.base_number == making.head.number && from_json(draft.items) == items_of(tx, *id, making.head.number);
    ReleaseSummary made = publish(tx, making);
    if (untouched) begin_anew(tx, draft, made, making.items); // one with changes of its own is merged by whoever made them
    record_release(tx, by, "release.reverted", made, details_of(made));
    return created(std::move(made));
}

} // namespace gravity::config::releases
