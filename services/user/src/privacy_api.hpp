#pragma once

#include "config.hpp"
#include "privacy_model.hpp"
#include "privacy_store.hpp"
#include "sign_in_time.hpp"

#include <gravity/handlers.hpp>

/// Handlers of privacy requests.
namespace gravity::user::privacy {

/// One's own.
Created<PrivacyRequest> ask(Tx& tx, Caller caller, Body<NewOwnPrivacyRequest> in, SignInTime signed_in, Given<Settings> settings);
Page<PrivacyRequest> list_own(Tx& tx, Caller caller, Params<PageQuery> query);
PrivacyRequest get_own(Tx& tx, Caller caller, Path<"id", PrivacyRequestId> id);
PrivacyRequest cancel_own(Tx& tx, Caller caller, Path<"id", PrivacyRequestId> id);
Task<Streamed> download_own(Ctx& ctx, Path<"id", PrivacyRequestId> id, SignInTime signed_in);

Created<PrivacyRequest> create(Tx& tx, Caller caller, Body<NewPrivacyRequest> in, Given<Settings> settings);
Page<PrivacyRequest> list(Tx& tx, Params<ListPrivacyRequests> query);
PrivacyRequest get(Tx& tx, Path<"id", PrivacyRequestId> id);
PrivacyRequest approve(Tx& tx, Path<"id", PrivacyRequestId> id, Given<Settings> settings);
PrivacyRequest cancel(Tx& tx, Path<"id", PrivacyRequestId> id);
PrivacyRequest extend(Tx& tx, Path<"id", PrivacyRequestId> id, Body<Reason> in, Given<Settings> settings);
Task<Streamed> download(Ctx& ctx, Path<"id", PrivacyRequestId> id);
SignedCertificate certificate(Tx& tx, Path<"id", PrivacyRequestId> id);
Task<CertificateKeys> certificate_keys(Ctx& ctx);

} // namespace gravity::user::privacy

/// Handlers of services that keep data of people.
namespace gravity::user::data_holders {

Page<DataHolder> list(Tx& tx, Params<PageQuery> query);
DataHolder get(Tx& tx, Path<"service", Slug> service);
DataHolder put(Tx& tx, Path<"service", Slug> service, Body<DataHolderEdit> in, IfMatch expected);
NoContent remove(Tx& tx, Path<"service", Slug> service, IfMatch expected);
/// For the holder itself, by the subject of its tokens.
Page<HolderTask> list_tasks(Tx& tx, Caller caller, Path<"service", Slug> service, Params<PageQuery> query);
Task<PrivacyTask> answer(Ctx& ctx, Path<"service", Slug> service, Path<"request", PrivacyRequestId> request, Body<TaskAnswer> in);
/// Before the answer itself, where that is more than one request holds.
Task<PrivacyTask> answer_part(Ctx& ctx, Path<"service", Slug> service, Path<"request", PrivacyRequestId> request, Path<"part", PartNumber> part,
                              Body<TaskPart> in);

} // namespace gravity::user::data_holders

/// Handlers of what keeps somebody from being erased.
namespace gravity::user::legal_holds {

Created<LegalHold> create(Tx& tx, Caller caller, Body<NewLegalHold> in);
Page<LegalHold> list(Tx& tx, Params<ListLegalHolds> query);
LegalHold get(Tx& tx, Path<"id", LegalHoldId> id);
NoContent lift(Tx& tx, Path<"id", LegalHoldId> id);

} // namespace gravity::user::legal_holds
