#include "privacy_api.hpp"

#include "export_archive.hpp"
#include "privacy.hpp"
#include "problems.hpp"
#include "receipts.hpp"
#include "who.hpp"

#include <gravity/async/coroutine.hpp>
#include <gravity/base/clock.hpp>
#include <gravity/http/ctx.hpp>

namespace gravity::user {
namespace {

// Whom a body names.
User user_named(Tx& tx, const UserId& id) {
    auto user = maybe_lock_person(tx, id);
    if (!user) throw Refusal(no_such_user).with_faults({{"/user_id", "there is no such user"}});
    return *std::move(user);
}

} // namespace
} // namespace gravity::user

namespace gravity::user::privacy {
namespace {

UserId my_id(Tx& tx, const Caller& caller) { return find_me(tx, caller).id; }

// What can be downloaded now, of somebody or of anybody.
PrivacyRequest downloadable(Tx& tx, PrivacyRequestId id, std::optional<Caller> owner) {
    const PrivacyRequest request = owner ? tx.one(privacy_request_of_user, id, my_id(tx, *owner)) : tx.one(get_privacy_request, id);
    if (request.state != PrivacyState::ready || *request.expires_at <= tx.now()) throw Refusal(nothing_to_download);
    return request;
}

} // namespace

Created<PrivacyRequest> ask(Tx& tx, Caller caller, Body<NewOwnPrivacyRequest> in, SignInTime signed_in, Given<Settings> settings) {
    check_fresh(signed_in, tx.now(), settings->fresh_sign_in_seconds.value());
    return ask_for_oneself(tx, lock_me(tx, caller), *in, *settings);
}

Page<PrivacyRequest> list_own(Tx& tx, Caller caller, Params<PageQuery> query) {
    ListPrivacyRequests all;
    static_cast<PageQuery&>(all) = *query;
    all.user_id = my_id(tx, caller);
    return tx.page(list_privacy_requests, all);
}

PrivacyRequest get_own(Tx& tx, Caller caller, Path<"id", PrivacyRequestId> id) { return tx.one(privacy_request_of_user, *id, my_id(tx, caller)); }

PrivacyRequest cancel_own(Tx& tx, Caller caller, Path<"id", PrivacyRequestId> id) {
    tx.one(privacy_request_of_user, *id, my_id(tx, caller));
    return cancel_request(tx, tx.one(lock_privacy_request, *id));
}

Task<Streamed> download_own(Ctx& ctx, Path<"id", PrivacyRequestId> id, SignInTime signed_in) {
    check_fresh(signed_in, now(), ctx.get<Settings>().fresh_sign_in_seconds.value());
    const std::optional<Caller> caller = *ctx.caller();
    const PrivacyRequest request = co_await ctx.transaction(downloadable, *id, caller);
    co_return Streamed("application/zip", "export-" + request.id.to_string() + ".zip").by(write_export, request);
}

Created<PrivacyRequest> create(Tx& tx, Caller caller, Body<NewPrivacyRequest> in, Given<Settings> settings) {
    const User user = user_named(tx, in->user_id);
    if (in->kind == PrivacyKind::erasure) check_no_hold(tx, user.id, true);
    const Timestamp received = in->received_at.value_or(tx.now());
    if (received > tx.now()) throw Refusal(problems::invalid).with_faults({{"/received_at", "must not be in the future"}});
    Asked asked{user, in->kind, {}, caller.subject, received, false};
    if (in->reason) asked.reason = in->reason->str();
    return open_request(tx, asked, settings->privacy_zone, settings->cooling_off_days.value());
}

Page<PrivacyRequest> list(Tx& tx, Params<ListPrivacyRequests> query) { return tx.page(list_privacy_requests, *query); }
PrivacyRequest get(Tx& tx, Path<"id", PrivacyRequestId> id) { return tx.one(get_privacy_request, *id); }

PrivacyRequest approve(Tx& tx, Path<"id", PrivacyRequestId> id, Given<Settings> settings) {
    PrivacyRequest request = tx.one(lock_privacy_request, *id);
    if (request.kind == PrivacyKind::erasure) check_no_hold(tx, request.user_id, true);
    return approve_request(tx, std::move(request), settings->cooling_off_days.value());
}

PrivacyRequest cancel(Tx& tx, Path<"id", PrivacyRequestId> id) { return cancel_request(tx, tx.one(lock_privacy_request, *id)); }

// GDPR article 12(3): by two further months, once, and with a reason; whoever asked is told within the first.
PrivacyRequest extend(Tx& tx, Path<"id", PrivacyRequestId> id, Body<Reason> in, Given<Settings> settings) {
    PrivacyRequest request = tx.one(lock_privacy_request, *id);
    if (request.extension_reason || request.finished_at || request.due_at <= tx.now()) throw Refusal(request_state);
    request.extension_reason = in->reason.str();
    request.due_at = months_later(request.received_at, 3, settings->privacy_zone);
    request.updated_at = tx.now();
    tx.exec(save_privacy_request, request);
    return tx.one(get_privacy_request, *id);
}

Task<Streamed> download(Ctx& ctx, Path<"id", PrivacyRequestId> id) {
    const std::optional<Caller> anybody;
    const PrivacyRequest request = co_await ctx.transaction(downloadable, *id, anybody);
    co_return Streamed("application/zip", "export-" + request.id.to_string() + ".zip").by(write_export, request);
}

SignedCertificate certificate(Tx& tx, Path<"id", PrivacyRequestId> id) { return tx.one(get_certificate, *id); }

Task<CertificateKeys> certificate_keys(Ctx& ctx) { co_return CertificateKeys{ctx.get<Certifier>().keys()}; }

} // namespace gravity::user::privacy

namespace gravity::user::data_holders {
namespace {

// An answer that is refused is noted all the same, so it is no refusal before its transaction has ended.
struct Heard {
    std::optional<Problem> refused;
    PrivacyTask task;
};

Heard hear(Tx& tx, Caller caller, Slug service, PrivacyRequestId id, TaskAnswer answer) {
    const DataHolder holder = tx.one(lock_holder, service);
    if (holder.client.str() != caller.subject) return {flag_answer(tx, service, not_the_holder, id), {}};
    if (auto refused = take_answer(tx, service, id, answer)) return {std::move(refused), {}};
    return {std::nullopt, *tx.maybe(lock_task, id, service)};
}

Heard hear_part(Tx& tx, Caller caller, Slug service, PrivacyRequestId id, PartNumber part, Json data) {
    const DataHolder holder = tx.one(lock_holder, service);
    if (holder.client.str() != caller.subject) return {flag_answer(tx, service, not_the_holder, id), {}};
    if (auto refused = take_part(tx, service, id, part, data)) return {std::move(refused), {}};
    return {std::nullopt, *tx.maybe(lock_task, id, service)};
}

} // namespace

Page<DataHolder> list(Tx& tx, Params<PageQuery> query) { return tx.page(list_holders, *query); }
DataHolder get(Tx& tx, Path<"service", Slug> service) { return tx.one(get_holder, *service); }

DataHolder put(Tx& tx, Path<"service", Slug> service, Body<DataHolderEdit> in, IfMatch expected) {
    if (service->view() == own_holder) throw Refusal(own_holder_stays);
    DataHolder wanted;
    static_cast<DataHolderEdit&>(wanted) = *in;
    wanted.service = *service;
    wanted.version = Version(1);
    wanted.created_at = wanted.updated_at = tx.now();
    auto before = tx.maybe(lock_holder, *service);
    if (!before) {
        expected.check_version(0);
        if (auto made = tx.maybe(insert_holder, wanted, most_holders)) return *std::move(made);
        before = tx.maybe(lock_holder, *service); // somebody else was quicker
        if (!before) throw Refusal(too_many_holders);
    }
    expected.check(*before);
    if (json::encode(static_cast<const DataHolderEdit&>(*before)) == json::encode(*in)) return *before;
    return tx.one(save_holder, wanted);
}

// What it was asked stays asked: an operator cancels such a request.
NoContent remove(Tx& tx, Path<"service", Slug> service, IfMatch expected) {
    expected.check(tx.one(lock_holder, *service));
    tx.exec(delete_holder, *service);
    return {};
}

Page<HolderTask> list_tasks(Tx& tx, Caller caller, Path<"service", Slug> service, Params<PageQuery> query) {
    if (tx.one(get_holder, *service).client.str() != caller.subject) throw Refusal(not_the_holder);
    ListHolderTasks tasks;
    static_cast<PageQuery&>(tasks) = *query;
    tasks.service = *service;
    return tx.page(list_holder_tasks, tasks);
}

Task<PrivacyTask> answer(Ctx& ctx, Path<"service", Slug> service, Path<"request", PrivacyRequestId> request, Body<TaskAnswer> in) {
    const Caller caller = *ctx.caller();
    TaskAnswer given = *std::move(in);
    Heard heard = co_await ctx.transaction(hear, caller, *service, *request, std::move(given));
    if (heard.refused) throw Refusal(*heard.refused);
    co_return heard.task;
}

Task<PrivacyTask> answer_part(Ctx& ctx, Path<"service", Slug> service, Path<"request", PrivacyRequestId> request, Path<"part", PartNumber> part,
                              Body<TaskPart> in) {
    const Caller caller = *ctx.caller();
    Json data = std::move((*in).data);
    Heard heard = co_await ctx.transaction(hear_part, caller, *service, *request, *part, std::move(data));
    if (heard.refused) throw Refusal(*heard.refused);
    co_return heard.task;
}

} // namespace gravity::user::data_holders

namespace gravity::user::legal_holds {

// Whoever erases holds the user's row too: either the hold is there before, or there is nobody left to hold.
Created<LegalHold> create(Tx& tx, Caller caller, Body<NewLegalHold> in) {
    user_named(tx, in->user_id);
    LegalHold hold;
    static_cast<NewLegalHold&>(hold) = *in;
    hold.id = tx.new_id<LegalHoldId>();
    hold.version = Version(1);
    hold.actor = caller.subject;
    hold.created_at = tx.now();
    return tx.one(insert_hold, hold);
}

Page<LegalHold> list(Tx& tx, Params<ListLegalHolds> query) { return tx.page(list_holds, *query); }
LegalHold get(Tx& tx, Path<"id", LegalHoldId> id) { return tx.one(get_hold, *id); }

NoContent lift(Tx& tx, Path<"id", LegalHoldId> id) {
    const LegalHold lifted = tx.one(delete_hold, *id);
    for (const PrivacyRequest& waiting : tx.all(blocked_requests, lifted.user_id)) advance_soon(tx, waiting.id);
    return {};
}

} // namespace gravity::user::legal_holds
