#pragma once

#include "certifier.hpp"
#include "config.hpp"
#include "erasure_ledger.hpp"
#include "privacy_model.hpp"

#include <gravity/base/caller.hpp>
#include <gravity/pg/tx.hpp>

/// How a privacy request goes on: by what people say, by answers of holders, and by the clock. Each step is one transaction that can be repeated.
///
///   export:   requested -> collecting -> ready -> expired
///   erasure:  requested -> cooling_off -> erasing -> certified, or blocked by a legal hold on the way
namespace gravity::user {

inline constexpr std::string_view own_holder = "user"; // this service, last of all to erase
inline constexpr int most_holders = 100;
inline constexpr std::int64_t most_parts_of_one = 256, most_parts = 768; // of a holder's answer, and of an export: 3 GiB, which an archive holds

/// The same day and time of a later month on the clocks of the zone, or the month's last day.
Timestamp months_later(Timestamp from, int months, const TimeZone& zone);

/// By whom, and what is known of them so far.
struct Asked {
    User user;
    PrivacyKind kind{};
    std::optional<std::string> reason;
    std::string by;
    Timestamp received_at;
    bool identity_checked = false;
};
/// Refuses with `request_open` where there is one of the kind already.
PrivacyRequest open_request(Tx& tx, const Asked& asked, const TimeZone& zone, int cooling_off_days);
/// Theirs, who have just signed in and are locked. Refuses with `erasure_not_possible` under a legal hold, and with `too_many_requests`.
PrivacyRequest ask_for_oneself(Tx& tx, const User& me, const NewOwnPrivacyRequest& wanted, const Settings& settings);
/// Goes on with a request whose person is known to be who they say, or that was blocked. The request is locked.
PrivacyRequest approve_request(Tx& tx, PrivacyRequest request, int cooling_off_days);
PrivacyRequest cancel_request(Tx& tx, PrivacyRequest request);

/// As far as it can go now; called again whenever something has happened, and at its times.
void advance_request(Tx& tx, PrivacyRequestId id, const Certifier* certifier, const ErasureLedger* ledger);
void advance_soon(Tx& tx, PrivacyRequestId id);
/// A job of its own for each time: one that is there already does not keep another from being left.
void advance_at(Tx& tx, const PrivacyRequestId& id, Timestamp due);

/// What holders know the person by who is asked for; nothing where they were erased, unless that was done again.
std::optional<Subject> subject_of(Tx& tx, const PrivacyRequest& request);
/// The clocks of two replicas at most.
const Duration clocks_apart = Duration::seconds(10);
/// Erases an account that a restored backup had brought back, and asks every holder again; with a certificate at the end, as any erasure. False, and nothing is
/// done: something was done to them after they are said to have been erased. Nothing where they are not there.
std::optional<bool> erase_again(Tx& tx, const ErasedAccount& account, const TimeZone& zone);

/// Announces to these holders what they are asked for; nothing if there are none.
void ask_holders(Tx& tx, const PrivacyRequest& request, const Subject& subject, std::vector<std::string> holders);

/// Refuses where a legal hold keeps them: to operators with the hold, to others without a word of it.
void check_no_hold(Tx& tx, const UserId& user, bool may_know);

} // namespace gravity::user
