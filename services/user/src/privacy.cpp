#include "privacy.hpp"

#include "people.hpp"
#include "privacy_store.hpp"
#include "problems.hpp"
#include "users_store.hpp"
#include "who.hpp"

#include <gravity/base/tz.hpp>

#include <algorithm>

namespace gravity::user {
namespace {

const Duration silence = Duration::hours(24), download_life = Duration::days(7);

PrivacyRequest saved(Tx& tx, PrivacyRequest request) {
    request.updated_at = tx.now();
    tx.exec(save_privacy_request, request);
    return tx.one(get_privacy_request, request.id);
}

Caller service_itself(Tx& tx, const PrivacyRequest& request) {
    Caller caller;
    caller.subject = "privacy-request:" + request.id.to_string();
    caller.project = tx.project();
    return caller;
}

// Until the hold is lifted, or ends by itself.
void block(Tx& tx, PrivacyRequest request, const LegalHold& hold) {
    if (hold.until) advance_at(tx, request.id, *hold.until);
    if (request.state == PrivacyState::blocked) return;
    request.state = PrivacyState::blocked;
    saved(tx, std::move(request));
}

// Those who have not answered.
std::vector<std::string> silent_holders(Tx& tx, const PrivacyRequestId& id) {
    std::vector<std::string> holders;
    for (const StoredTask& task : tx.all(list_tasks, id))
        if (task.state != TaskState::answered && task.holder.view() != own_holder) holders.push_back(task.holder.str());
    return holders;
}

// Whoever is to be erased signs in no more from now on. Holders are those that there are now: one that joins later has heard of nothing to erase.
void begin(Tx& tx, PrivacyRequest request, User user) {
    const auto hold = request.kind == PrivacyKind::erasure ? tx.maybe(hold_of_user, user.id, tx.now()) : std::nullopt;
    if (hold) return block(tx, std::move(request), *hold);
    if (request.kind == PrivacyKind::erasure) change_state(tx, service_itself(tx, request), user, Change::deactivate, {});
    request.state = request.kind == PrivacyKind::erasure ? PrivacyState::erasing : PrivacyState::collecting;
    tx.exec(insert_tasks, request.id, std::string(own_holder), tx.now());
    ask_holders(tx, request, user.subject, silent_holders(tx, request.id));
    advance_at(tx, request.id, tx.now() + silence);
    const PrivacyRequestId id = request.id;
    saved(tx, std::move(request));
    advance_soon(tx, id);
}

// Those that have been silent for a day.
void remind(Tx& tx, const PrivacyRequest& request, const Subject& subject) {
    auto silent = tx.all(remind_tasks, request.id, tx.now() - silence, tx.now(), std::string(own_holder));
    std::sort(silent.begin(), silent.end());
    if (silent.empty()) return;
    ask_holders(tx, request, subject, std::move(silent));
    advance_at(tx, request.id, tx.now() + silence);
}

bool others_have_answered(const std::vector<StoredTask>& tasks) {
    return std::all_of(tasks.begin(), tasks.end(),
                       [](const StoredTask& task) { return task.holder.view() == own_holder || task.state == TaskState::answered; });
}

Receipt own_receipt(std::int64_t rows, ErasureMethod method) {
    Receipt receipt;
    receipt.rows = rows;
    receipt.method = method;
    return receipt;
}

void note_own_erasure(Tx& tx, const PrivacyRequestId& id, std::int64_t rows) {
    Receipt receipt = own_receipt(rows, ErasureMethod::deleted);
    receipt.kept.push_back({"An id, a project and times; which consents were given when, without how",
                            "GDPR article 7(1): that there was consent can be shown",
                            {}});
    tx.exec(answer_task, id, Slug::parse(own_holder).or_throw(), tx.now(), receipt, std::nullopt);
}

void certify(Tx& tx, const PrivacyRequest& request, const std::optional<Timestamp>& first_erased_at, const Certifier& certifier) {
    Certificate certificate{request.id, tx.project(), request.user_id, request.received_at, request.due_at, tx.now(), first_erased_at, {}};
    for (const StoredTask& task : tx.all(list_tasks, request.id)) certificate.holders.push_back({task.holder, *task.answered_at, *task.receipt});
    tx.exec(certify_privacy_request, request.id, tx.now(), json::to_document(certificate), certifier.sign(certificate));
    tx.emit(ErasureCertified{request.id, request.user_id});
}

void finish(Tx& tx, PrivacyRequest request, const User& user, const Certifier& certifier, const ErasureLedger& ledger) {
    if (request.kind == PrivacyKind::erasure) {
        // One may have come while others erased: what is here stays.
        if (const auto hold = tx.maybe(hold_of_user, user.id, tx.now())) return block(tx, std::move(request), *hold);
        note_own_erasure(tx, request.id, erase_person(tx, user, ledger));
        return certify(tx, request, {}, certifier);
    }
    tx.exec(answer_task, request.id, Slug::parse(own_holder).or_throw(), tx.now(), own_receipt(1, ErasureMethod::nothing), std::nullopt);
    request.state = PrivacyState::ready;
    request.finished_at = tx.now();
    request.expires_at = tx.now() + download_life;
    advance_at(tx, request.id, *request.expires_at);
    saved(tx, std::move(request));
}

// Whose own row is gone: an operator was quicker, or a restored backup had brought them back and only others are left to erase.
void go_on_without(Tx& tx, PrivacyRequest request, const Certifier& certifier) {
    const auto again = tx.maybe(get_erased_again, request.id);
    if (again && others_have_answered(tx.all(list_tasks, request.id))) return certify(tx, request, again->whom.erased_at, certifier);
    if (again) return remind(tx, request, again->whom.subject);
    tx.exec(forget_task_data, request.id);
    request.state = PrivacyState::cancelled;
    request.finished_at = tx.now();
    saved(tx, std::move(request));
}

// By an id of its own: what was answered under that of a request which the backup has open may be of before the restore, and on its way yet. The deadline of
// that one is kept.
PrivacyRequest request_to_erase_again(Tx& tx, const ErasedAccount& account, const TimeZone& zone) {
    PrivacyRequest request;
    request.received_at = tx.now();
    request.due_at = months_later(tx.now(), 1, zone);
    if (const auto open = tx.maybe(lock_open_erasure, account.user)) {
        request = *open;
        PrivacyRequest ended = *open;
        ended.state = PrivacyState::cancelled;
        ended.finished_at = tx.now();
        saved(tx, std::move(ended));
    }
    request.id = tx.new_id<PrivacyRequestId>();
    request.version = Version(1);
    request.user_id = account.user;
    request.kind = PrivacyKind::erasure;
    request.state = PrivacyState::requested;
    request.requested_by = "restore";
    request.created_at = request.updated_at = tx.now();
    tx.exec(insert_privacy_request, request);
    return request;
}

} // namespace

std::optional<Subject> subject_of(Tx& tx, const PrivacyRequest& request) {
    if (auto user = tx.maybe(get_user, request.user_id)) return user->subject;
    if (auto again = tx.maybe(get_erased_again, request.id)) return again->whom.subject;
    return std::nullopt;
}

// The request first and then the row, as everywhere. Holds go with the row: those that a backup has are older than the erasure, which none of them kept.
std::optional<bool> erase_again(Tx& tx, const ErasedAccount& account, const TimeZone& zone) {
    tx.maybe(lock_open_erasure, account.user);
    const auto back = tx.maybe(lock_returned_user, account.user, account.at, account.at + clocks_apart);
    if (!back) return std::nullopt;
    if (back->changed_since) return false;
    PrivacyRequest request = request_to_erase_again(tx, account, zone);
    const PrivacyRequestId id = request.id;
    request.state = PrivacyState::erasing;
    if (!request.identity_checked_at) request.identity_checked_at = tx.now();
    request = saved(tx, std::move(request));
    tx.exec(set_erased_again, id, json::to_document(ErasedAgain{back->subject, account.at}));
    tx.exec(insert_tasks, id, std::string(own_holder), tx.now());
    note_own_erasure(tx, id, erase_account_again(tx, account.user));
    tx.emit(ErasureReplayed{account.user, id, account.at});
    ask_holders(tx, request, back->subject, silent_holders(tx, id));
    advance_at(tx, id, tx.now() + silence);
    advance_soon(tx, id);
    return true;
}

void ask_holders(Tx& tx, const PrivacyRequest& request, const Subject& subject, std::vector<std::string> holders) {
    if (holders.empty()) return;
    if (request.kind == PrivacyKind::erasure)
        tx.emit(ErasureRequested{request.id, request.user_id, subject, tx.all(former_accounts, request.user_id), std::move(holders), request.due_at});
    else
        tx.emit(ExportRequested{request.id, request.user_id, subject, tx.all(former_accounts, request.user_id), std::move(holders), request.due_at});
}

Timestamp months_later(Timestamp from, int months, const TimeZone& zone) {
    const LocalTime local = tz::to_local(from, zone);
    return tz::to_utc(LocalTime::of(local.date().plus_months(months), local.hour(), local.minute(), local.second(), local.microsecond()), zone);
}

PrivacyRequest open_request(Tx& tx, const Asked& asked, const TimeZone& zone, int cooling_off_days) {
    PrivacyRequest request;
    request.id = tx.new_id<PrivacyRequestId>();
    request.version = Version(1);
    request.user_id = asked.user.id;
    request.kind = asked.kind;
    request.state = PrivacyState::requested;
    request.reason = asked.reason;
    request.requested_by = asked.by;
    request.received_at = asked.received_at;
    request.due_at = months_later(asked.received_at, 1, zone);
    request.created_at = request.updated_at = tx.now();
    tx.exec(insert_privacy_request, request);
    return asked.identity_checked ? approve_request(tx, std::move(request), cooling_off_days) : tx.one(get_privacy_request, request.id);
}

PrivacyRequest ask_for_oneself(Tx& tx, const User& me, const NewOwnPrivacyRequest& wanted, const Settings& settings) {
    if (wanted.kind == PrivacyKind::erasure) check_no_hold(tx, me.id, false);
    // Each makes every holder work.
    if (tx.one(count_own_requests, me.id, tx.now() - Duration::days(1)) >= settings.privacy_requests_per_day.value())
        throw Refusal(too_many_requests).with_header("Retry-After", "86400");
    Asked asked{me, wanted.kind, {}, "self", tx.now(), true};
    if (wanted.reason) asked.reason = wanted.reason->str();
    return open_request(tx, asked, settings.privacy_zone, settings.cooling_off_days.value());
}

PrivacyRequest approve_request(Tx& tx, PrivacyRequest request, int cooling_off_days) {
    if (request.state != PrivacyState::requested && request.state != PrivacyState::blocked) throw Refusal(request_state);
    const PrivacyRequestId id = request.id;
    if (!request.identity_checked_at) request.identity_checked_at = tx.now();
    if (request.kind == PrivacyKind::erasure && request.state == PrivacyState::requested && cooling_off_days > 0) {
        request.state = PrivacyState::cooling_off;
        request.cooling_off_until = tx.now() + Duration::days(cooling_off_days);
        advance_at(tx, id, *request.cooling_off_until);
        return saved(tx, std::move(request));
    }
    const User user = lock_person(tx, request.user_id);
    begin(tx, std::move(request), user);
    return tx.one(get_privacy_request, id);
}

PrivacyRequest cancel_request(Tx& tx, PrivacyRequest request) {
    switch (request.state) {
    case PrivacyState::requested:
    case PrivacyState::cooling_off:
    case PrivacyState::collecting: break;
    case PrivacyState::blocked:
        if (request.tasks.empty()) break;
        throw Refusal(request_state); // others have erased
    default: throw Refusal(request_state);
    }
    tx.exec(forget_task_data, request.id);
    request.state = PrivacyState::cancelled;
    request.finished_at = tx.now();
    return saved(tx, std::move(request));
}

void advance_request(Tx& tx, PrivacyRequestId id, const Certifier* certifier, const ErasureLedger* ledger) {
    auto request = tx.maybe(lock_privacy_request, id);
    if (!request) return;
    if (request->state == PrivacyState::ready && *request->expires_at <= tx.now()) {
        tx.exec(forget_task_data, id);
        request->state = PrivacyState::expired;
        saved(tx, *std::move(request));
        return;
    }
    const bool cooled = request->state == PrivacyState::blocked ||
                        (request->state == PrivacyState::cooling_off && *request->cooling_off_until <= tx.now());
    const bool asking = request->state == PrivacyState::collecting || request->state == PrivacyState::erasing;
    if (!cooled && !asking) return;
    auto user = maybe_lock_person(tx, request->user_id);
    if (!user) return go_on_without(tx, *std::move(request), *certifier);
    if (cooled) return begin(tx, *std::move(request), *std::move(user));
    if (others_have_answered(tx.all(list_tasks, id))) return finish(tx, *std::move(request), *user, *certifier, *ledger);
    remind(tx, *request, user->subject);
}

void advance_at(Tx& tx, const PrivacyRequestId& id, Timestamp due) {
    tx.enqueue(AdvancePrivacyRequest{id}, {.key = id.to_string() + " " + due.to_string(), .due = due});
}
void advance_soon(Tx& tx, PrivacyRequestId id) { tx.enqueue(AdvancePrivacyRequest{id}, {.key = id.to_string(), .again = true}); }

void check_no_hold(Tx& tx, const UserId& user, bool may_know) {
    const auto hold = tx.maybe(hold_of_user, user, tx.now());
    if (!hold) return;
    if (!may_know) throw Refusal(erasure_not_possible);
    throw Refusal(under_legal_hold, hold->reason.str()).with("hold", std::string_view(hold->id.to_string()));
}

} // namespace gravity::user
