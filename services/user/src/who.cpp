#include "who.hpp"

#include "merges_store.hpp"
#include "problems.hpp"
#include "users_store.hpp"

namespace gravity::user {
namespace {

// Whom a token is of is looked up before they are read: a merge, or an undo, may come between. Not so often.
template <class Read>
User me_by(Tx& tx, const Caller& caller, Read read) {
    for (int tries = 0; tries < 5; ++tries) {
        const auto id = tx.maybe(id_of_subject, caller.subject);
        if (!id) throw Refusal(not_a_user);
        if (auto me = read(*id)) return *std::move(me);
    }
    throw Refusal(problems::conflict);
}

} // namespace

Person find_person(Tx& tx, const UserId& id) {
    if (auto user = tx.maybe(get_user, id)) return {*std::move(user), false};
    return {tx.one(get_user, tx.one(winner_of, id)), true};
}

std::optional<User> maybe_lock_person(Tx& tx, const UserId& id) {
    const auto held = tx.maybe(hold_user, id);
    return held ? tx.maybe(get_user, *held) : std::nullopt;
}

User lock_person(Tx& tx, const UserId& id) {
    if (auto user = maybe_lock_person(tx, id)) return *std::move(user);
    if (const auto winner = tx.maybe(winner_of, id)) refuse_merged(*winner);
    throw Refusal(problems::not_found);
}

void refuse_merged(const UserId& into) { throw Refusal(merged).with("merged_into", std::string_view(into.to_string())); }

User find_me(Tx& tx, const Caller& caller) {
    return me_by(tx, caller, [&](const UserId& id) { return tx.maybe(get_user, id); });
}

User lock_me(Tx& tx, const Caller& caller) {
    return me_by(tx, caller, [&](const UserId& id) { return maybe_lock_person(tx, id); });
}

} // namespace gravity::user
