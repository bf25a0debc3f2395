#pragma once

#include "users_model.hpp"

#include <gravity/pg/job.hpp>

/// What people ask of all services that keep data of theirs: to have it, or to have it erased.
namespace gravity::user {

using PrivacyRequestId = Id<"privacy-request">;
using LegalHoldId = Id<"legal-hold">;

enum class PrivacyKind {
    export_,
    erasure
};
BOOST_DESCRIBE_ENUM(PrivacyKind, export_, erasure)

enum class PrivacyState {
    requested,   // somebody has to look who it is that asks
    cooling_off, // an erasure that can still be called off
    collecting,  // an export whose holders are asked
    erasing,
    blocked,     // by a legal hold
    ready,       // to be downloaded
    certified,
    cancelled,
    expired
};
BOOST_DESCRIBE_ENUM(PrivacyState, requested, cooling_off, collecting, erasing, blocked, ready, certified, cancelled, expired)

enum class TaskState {
    asked,
    overdue, // nothing was heard for a day, and it was asked again
    answered
};
BOOST_DESCRIBE_ENUM(TaskState, asked, overdue, answered)

struct PrivacyTask {
    Slug holder;
    TaskState state{};
    std::int64_t attempts = 0;
    std::optional<Timestamp> answered_at;
};
BOOST_DESCRIBE_STRUCT(PrivacyTask, (), (holder, state, attempts, answered_at))

struct PrivacyRequest {
    PrivacyRequestId id;
    Version version;
    UserId user_id;
    PrivacyKind kind{};
    PrivacyState state{};
    std::optional<std::string> reason;
    std::string requested_by;
    Timestamp received_at;
    Timestamp due_at;
    std::optional<std::string> extension_reason;
    std::optional<Timestamp> identity_checked_at;
    std::optional<Timestamp> cooling_off_until;
    std::optional<Timestamp> finished_at;
    std::optional<Timestamp> expires_at;
    std::vector<PrivacyTask> tasks;
    double progress = 0;
    Timestamp created_at;
    Timestamp updated_at;
};
BOOST_DESCRIBE_STRUCT(PrivacyRequest, (),
                      (id, version, user_id, kind, state, reason, requested_by, received_at, due_at, extension_reason, identity_checked_at, cooling_off_until,
                       finished_at, expires_at, tasks, progress, created_at, updated_at))

struct NewOwnPrivacyRequest {
    PrivacyKind kind{};
    std::optional<Text<1, 500>> reason;
};
BOOST_DESCRIBE_STRUCT(NewOwnPrivacyRequest, (), (kind, reason))

/// By whoever took it in: a letter, a call.
struct NewPrivacyRequest : NewOwnPrivacyRequest {
    UserId user_id;
    std::optional<Timestamp> received_at;
};
BOOST_DESCRIBE_STRUCT(NewPrivacyRequest, (NewOwnPrivacyRequest), (user_id, received_at))

struct ListPrivacyRequests : PageQuery {
    std::optional<UserId> user_id;
    std::optional<PrivacyKind> kind;
    std::optional<PrivacyState> state;
};
BOOST_DESCRIBE_STRUCT(ListPrivacyRequests, (PageQuery), (user_id, kind, state))

// ---- who keeps data

struct DataHolderEdit {
    Subject client;
    Multiline<1, 2000> holds;
};
BOOST_DESCRIBE_STRUCT(DataHolderEdit, (), (client, holds))

struct DataHolder : DataHolderEdit {
    Slug service;
    Version version;
    std::int64_t flags = 0;
    std::optional<std::string> flagged;
    std::optional<Timestamp> flagged_at;
    Timestamp created_at;
    Timestamp updated_at;
};
BOOST_DESCRIBE_STRUCT(DataHolder, (DataHolderEdit), (service, version, flags, flagged, flagged_at, created_at, updated_at))

/// An account that was merged into theirs: what is kept under it is theirs, too.
struct FormerAccount {
    UserId user_id;
    Subject subject;
};
BOOST_DESCRIBE_STRUCT(FormerAccount, (), (user_id, subject))

/// Somebody who was erased again, and by what holders know them; see erasure_replay.hpp.
struct ErasedAgain {
    Subject subject;
    Timestamp erased_at; // for the first time
};
BOOST_DESCRIBE_STRUCT(ErasedAgain, (), (subject, erased_at))
struct RequestOfErased {
    ErasedAgain whom;
};
BOOST_DESCRIBE_STRUCT(RequestOfErased, (), (whom))

/// Whom a restored database has in a place where the ledger says that they were erased.
struct ReturnedUser {
    UserId id;
    Subject subject;
    bool changed_since = false;
};
BOOST_DESCRIBE_STRUCT(ReturnedUser, (), (id, subject, changed_since))

/// A task as its holder sees it.
struct HolderTask {
    PrivacyRequestId request_id;
    PrivacyKind kind{};
    UserId user_id;
    Subject subject; // of the tokens that their data is known by
    std::vector<FormerAccount> former;
    Timestamp due_at;
    std::int64_t attempts = 0;
};
BOOST_DESCRIBE_STRUCT(HolderTask, (), (request_id, kind, user_id, subject, former, due_at, attempts))

enum class ErasureMethod {
    deleted,
    anonymised,
    shredded, // the key is gone that it was encrypted with
    kept,     // a law says so
    nothing   // there was none
};
BOOST_DESCRIBE_ENUM(ErasureMethod, deleted, anonymised, shredded, kept, nothing)

struct Kept {
    Text<1, 500> what;
    Text<1, 500> law;
    std::optional<Date> until;
};
BOOST_DESCRIBE_STRUCT(Kept, (), (what, law, until))

/// What a holder answers: of an erasure what it did, of an export the data.
struct Receipt {
    Bounded<std::int64_t, 0, 1'000'000'000'000> rows;
    std::optional<ErasureMethod> method;
    std::vector<Kept> kept;
};
BOOST_DESCRIBE_STRUCT(Receipt, (), (rows, method, kept))

struct TaskAnswer : Receipt {
    std::optional<Json> data;
};
BOOST_DESCRIBE_STRUCT(TaskAnswer, (Receipt), (data))

/// An answer to an export may have parts before it, of at most 4 MiB each.
using PartNumber = Bounded<int, 1, 256>;
struct TaskPart {
    Json data;
};
BOOST_DESCRIBE_STRUCT(TaskPart, (), (data))

/// As a service of the platform answers: with `next` there is more.
struct CollectedPart : TaskAnswer {
    std::optional<Text<1, 1000>> next;
};
BOOST_DESCRIBE_STRUCT(CollectedPart, (TaskAnswer), (next))

struct StoredTask : PrivacyTask {
    Timestamp asked_at;
    std::optional<Receipt> receipt;
    std::optional<std::string> place; // where the next part begins
    std::int64_t parts = 0;           // that there are
};
BOOST_DESCRIBE_STRUCT(StoredTask, (PrivacyTask), (asked_at, receipt, place, parts))

// ---- what keeps somebody from being erased

struct NewLegalHold {
    UserId user_id;
    Text<1, 500> reason;
    std::optional<Timestamp> until;
};
BOOST_DESCRIBE_STRUCT(NewLegalHold, (), (user_id, reason, until))

struct LegalHold : NewLegalHold {
    LegalHoldId id;
    Version version;
    std::string actor;
    Timestamp created_at;
};
BOOST_DESCRIBE_STRUCT(LegalHold, (NewLegalHold), (id, version, actor, created_at))

struct ListLegalHolds : PageQuery {
    std::optional<UserId> user_id;
};
BOOST_DESCRIBE_STRUCT(ListLegalHolds, (PageQuery), (user_id))

// ---- at the end

struct CertifiedHolder {
    Slug holder;
    Timestamp answered_at;
    Receipt receipt;
};
BOOST_DESCRIBE_STRUCT(CertifiedHolder, (), (holder, answered_at, receipt))

/// What was done, by whom, and what law made somebody keep.
struct Certificate {
    PrivacyRequestId request_id;
    ProjectId project;
    UserId user_id;
    Timestamp received_at;
    Timestamp due_at;
    Timestamp certified_at;
    std::optional<Timestamp> first_erased_at;
    std::vector<CertifiedHolder> holders;
};
BOOST_DESCRIBE_STRUCT(Certificate, (), (request_id, project, user_id, received_at, due_at, certified_at, first_erased_at, holders))

struct SignedCertificate {
    Certificate certificate;
    std::optional<std::string> signature;
};
BOOST_DESCRIBE_STRUCT(SignedCertificate, (), (certificate, signature))

struct CertificateKeys {
    Json jwks;
};
BOOST_DESCRIBE_STRUCT(CertificateKeys, (), (jwks))

// ---- events

struct ExportRequested {
    static constexpr Event event{"gravity.user.export.requested"};
    PrivacyRequestId id;
    UserId user_id;
    Subject subject;
    std::vector<FormerAccount> former;
    std::vector<std::string> holders; // who has not answered
    Timestamp due_at;
};
BOOST_DESCRIBE_STRUCT(ExportRequested, (), (id, user_id, subject, former, holders, due_at))

struct ErasureRequested {
    static constexpr Event event{"gravity.user.erasure.requested"};
    PrivacyRequestId id;
    UserId user_id;
    Subject subject;
    std::vector<FormerAccount> former;
    std::vector<std::string> holders;
    Timestamp due_at;
};
BOOST_DESCRIBE_STRUCT(ErasureRequested, (), (id, user_id, subject, former, holders, due_at))

struct ErasureCertified {
    static constexpr Event event{"gravity.user.erasure.certified"};
    PrivacyRequestId id;
    UserId user_id;
};
BOOST_DESCRIBE_STRUCT(ErasureCertified, (), (id, user_id))

/// A restored backup had brought somebody back, and they were erased again.
struct ErasureReplayed {
    static constexpr Event event{"gravity.user.erasure.replayed"};
    UserId id;
    PrivacyRequestId request_id; // by which others are asked again
    Timestamp erased_at;         // for the first time
};
BOOST_DESCRIBE_STRUCT(ErasureReplayed, (), (id, request_id, erased_at))

/// Takes a request as far as it can go now.
struct AdvancePrivacyRequest {
    static constexpr JobKind job{"privacy-request"};
    PrivacyRequestId request_id;
};
BOOST_DESCRIBE_STRUCT(AdvancePrivacyRequest, (), (request_id))

} // namespace gravity::user

template <>
struct gravity::meta::docs<gravity::user::PrivacyRequest> {
    static constexpr std::pair<std::string_view, std::string_view> fields[] = {
        {"requested_by", "`self`, or the `sub` of whoever took it in"},
        {"due_at", "One calendar month after it was received; three where it was extended (GDPR article 12(3))"},
        {"tasks", "Who keeps data, and has answered or not"},
        {"expires_at", "Until when an export can be downloaded"},
        {"progress", "Share of the holders that have answered"},
    };
};
template <>
struct gravity::meta::docs<gravity::user::DataHolderEdit> {
    static constexpr std::pair<std::string_view, std::string_view> fields[] = {
        {"client", "The `sub` of the tokens that it answers with"},
        {"holds", "What it keeps of people, for them to read"},
    };
};
template <>
struct gravity::meta::docs<gravity::user::DataHolder> {
    static constexpr std::pair<std::string_view, std::string_view> fields[] = {
        {"flags", "Answers of it that could not be true, and were refused"},
    };
};
template <>
struct gravity::meta::docs<gravity::user::TaskAnswer> {
    static constexpr std::pair<std::string_view, std::string_view> fields[] = {
        {"rows", "How many it had"},
        {"method", "Of an erasure: what was done with them"},
        {"kept", "What a law made it keep"},
        {"data", "Of an export: all of it, or what is left behind its parts"},
    };
};
template <>
struct gravity::meta::docs<gravity::user::Certificate> {
    static constexpr std::pair<std::string_view, std::string_view> fields[] = {
        {"first_erased_at", "When they were erased before: a restored backup had brought them back"},
    };
};
template <>
struct gravity::meta::docs<gravity::user::SignedCertificate> {
    static constexpr std::pair<std::string_view, std::string_view> fields[] = {
        {"signature", "JWS (RFC 7515) over the certificate as JSON; absent where the service has no key to sign with"},
    };
};

GRAVITY_TABLES(user, PrivacyRequestId, LegalHoldId, PrivacyKind, PrivacyState, TaskState, PrivacyTask, PrivacyRequest, NewOwnPrivacyRequest,
               NewPrivacyRequest, ListPrivacyRequests, DataHolderEdit, DataHolder, FormerAccount, ErasedAgain, RequestOfErased, ReturnedUser,
               HolderTask, ErasureMethod, Kept, Receipt, TaskAnswer,
               TaskPart, CollectedPart, StoredTask, NewLegalHold, LegalHold, ListLegalHolds, CertifiedHolder, Certificate, SignedCertificate, CertificateKeys,
               ExportRequested, ErasureRequested, ErasureCertified, ErasureReplayed, AdvancePrivacyRequest)
