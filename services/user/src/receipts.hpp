#pragma once

#include "privacy_model.hpp"

#include <gravity/base/problem.hpp>
#include <gravity/events/received.hpp>
#include <gravity/pg/tx.hpp>

/// Answers of data holders, on whatever way they come: what one of them says is held against what it was asked and what it said before.
namespace gravity::user {

/// As each service of the platform announces it (gravity/app/personal_data.hpp); whoever published it is the holder.
struct HolderErased : Receipt {
    static constexpr Event event{"gravity.*.erasure.completed"};
    PrivacyRequestId id;
};
BOOST_DESCRIBE_STRUCT(HolderErased, (Receipt), (id))

/// What cannot be true is noted beside the holder, if an operator has named it, and comes back.
Problem flag_answer(Tx& tx, const Slug& service, const Problem& problem, const PrivacyRequestId& request);

/// Notes the answer, and has the request go on; the same again changes nothing. Nothing, or why it cannot be true: that is flagged. Refuses what is no answer
/// to such a request, and what comes when it has ended. The holder's row, if there is one, is locked before.
std::optional<Problem> take_answer(Tx& tx, const Slug& service, const PrivacyRequestId& id, const TaskAnswer& answer);

/// Keeps a part of an answer to an export, in place of the one of this number; the parts are one behind the other. As with answers: nothing, or why it cannot
/// be true; once it was answered the same again changes nothing.
std::optional<Problem> take_part(Tx& tx, const Slug& service, const PrivacyRequestId& id, const PartNumber& part, const Json& data);
/// The part that begins at `place`, of a service that was asked by call, and where the next one does. False: it is not waited for any more.
bool keep_part(Tx& tx, const Slug& service, const PrivacyRequestId& id, const std::optional<std::string>& place, const CollectedPart& part);

/// A receipt by event. One that was not asked for, or that comes too late, has no effect.
void take_receipt(Tx& tx, const Received<HolderErased>& e);

} // namespace gravity::user
