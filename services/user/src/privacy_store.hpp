#pragma once

#include "privacy_model.hpp"

#include <gravity/pg/tx.hpp>

/// Statements of privacy requests, by name. Their text is in privacy_store.cpp and nowhere else.
namespace gravity::user {

extern const Sql<void(PrivacyRequest)> insert_privacy_request, save_privacy_request;
extern const Sql<PrivacyRequest(PrivacyRequestId)> get_privacy_request, lock_privacy_request;
extern const Sql<PrivacyRequest(PrivacyRequestId, UserId)> privacy_request_of_user;
extern const Sql<PrivacyRequest(ListPrivacyRequests)> list_privacy_requests;
/// Asked for by themselves since then.
extern const Sql<std::int64_t(UserId, Timestamp)> count_own_requests;
extern const Sql<void(PrivacyRequestId, Timestamp, Json, std::optional<std::string>)> certify_privacy_request;
extern const Sql<SignedCertificate(PrivacyRequestId)> get_certificate;
/// An erasure of somebody that has not ended, locked.
extern const Sql<PrivacyRequest(UserId)> lock_open_erasure;
/// Whom it is of, where their own row does not say so any more: a restored backup had brought them back.
extern const Sql<RequestOfErased(PrivacyRequestId)> get_erased_again;
extern const Sql<void(PrivacyRequestId, Json)> set_erased_again;
/// Those of these ids that are there, merged accounts too.
extern const Sql<UserId(std::vector<UserId>)> returned_users;
/// One of them, locked, and whether anything was done to them after that time; by the second one where another's clock may have told it. Nobody is active when
/// they are erased, so who is so now was made it later.
extern const Sql<ReturnedUser(UserId, Timestamp, Timestamp)> lock_returned_user;
/// All that have ever written here; only for Scope::system.
extern const Sql<ProjectId()> projects_of_ledger;
/// Whether the project knows of anybody who was erased.
extern const Sql<bool()> has_erased;
/// Erasures of somebody that wait for the end of a hold.
extern const Sql<PrivacyRequest(UserId)> blocked_requests;

/// For each holder that there is, and for this service.
extern const Sql<void(PrivacyRequestId, std::string, Timestamp)> insert_tasks;
/// For those of these holders that have none yet: who they are.
extern const Sql<std::string(PrivacyRequestId, std::vector<std::string>, Timestamp)> add_tasks;
extern const Sql<StoredTask(PrivacyRequestId)> list_tasks;
extern const Sql<StoredTask(PrivacyRequestId, Slug)> lock_task;
/// Those that have not answered since then are asked again.
extern const Sql<std::string(PrivacyRequestId, Timestamp, Timestamp, std::string)> remind_tasks;
extern const Sql<void(PrivacyRequestId, Slug, Timestamp, Receipt, std::optional<Json>)> answer_task;
extern const Sql<Json(PrivacyRequestId, Slug)> get_task_data;
extern const Sql<void(PrivacyRequestId)> forget_task_data;

/// Parts that go before an answer: of all holders of a request, and of one.
extern const Sql<std::int64_t(PrivacyRequestId)> count_parts;
extern const Sql<std::int64_t(PrivacyRequestId, Slug)> rows_in_parts;
extern const Sql<void(PrivacyRequestId, Slug, std::int64_t, std::int64_t, Json)> put_part; // its number, rows and data
extern const Sql<void(PrivacyRequestId, Slug, std::string)> set_place;
extern const Sql<Json(PrivacyRequestId, Slug, std::int64_t)> get_part;
/// Requests of somebody who is erased, but for the erasure that is under way: their words go, and no answer is taken any more. Then what was gathered for them.
extern const Sql<void(UserId, Timestamp)> end_requests_of;
extern const Sql<void(UserId)> forget_exports;

extern const Sql<DataHolder(PageQuery)> list_holders;
extern const Sql<DataHolder(Slug)> get_holder, lock_holder;
extern const Sql<DataHolder(DataHolder, int)> insert_holder;
extern const Sql<DataHolder(DataHolder)> save_holder;
extern const Sql<void(Slug)> delete_holder;
extern const Sql<void(Slug, std::string, Timestamp)> flag_holder;
/// What a holder has not answered yet.
struct ListHolderTasks : PageQuery {
    Slug service;
};
BOOST_DESCRIBE_STRUCT(ListHolderTasks, (PageQuery), (service))
extern const Sql<FormerAccount(UserId)> former_accounts;
extern const Sql<HolderTask(ListHolderTasks)> list_holder_tasks;

extern const Sql<LegalHold(LegalHold)> insert_hold;
extern const Sql<LegalHold(LegalHoldId)> get_hold;
extern const Sql<LegalHold(ListLegalHolds)> list_holds;
extern const Sql<LegalHold(LegalHoldId)> delete_hold;
extern const Sql<void(UserId)> delete_holds_of_user;
/// One that holds now.
extern const Sql<LegalHold(UserId, Timestamp)> hold_of_user;

/// What is exported of this service's own, each as a list of documents; of others not even by what their tokens call them.
extern const Sql<Json(UserId, std::int64_t, std::int64_t)> export_history;
extern const Sql<Json(UserId)> export_preferences, export_groups, export_consents, export_merged, export_changes;

} // namespace gravity::user
