#include "people.hpp"

#include "consents_store.hpp"
#include "contact_changes_store.hpp"
#include "custom_fields.hpp"
#include "external_ids_store.hpp"
#include "handles.hpp"
#include "merges_store.hpp"
#include "preferences_store.hpp"
#include "privacy_store.hpp"
#include "sign_ins_store.hpp"
#include "users_store.hpp"

#include <gravity/base/clock.hpp>
#include <gravity/base/testpoint.hpp>

namespace gravity::user {
namespace {

StoredUser stored(const User& user) {
    StoredUser row;
    static_cast<User&>(row) = user;
    row.handle_key = handle_key(user.handle.view());
    row.handle_skeleton = handle_skeleton(row.handle_key);
    return row;
}

void announce_state_of(Tx& tx, const User& user, const Subject& subject) {
    switch (user.state) {
    case UserState::active: return tx.emit(UserActivated{user.id, subject});
    case UserState::suspended: return tx.emit(UserSuspended{user.id, subject});
    case UserState::deactivated: return tx.emit(UserDeactivated{user.id, subject});
    case UserState::invited: return; // nobody becomes that
    }
}

// For each that they sign in with, the accounts that were merged into theirs too.
void announce_state(Tx& tx, const User& user) {
    announce_state_of(tx, user, user.subject);
    for (const std::string& subject : tx.all(merged_subjects, user.id)) announce_state_of(tx, user, Subject::parse(subject).or_throw());
}

std::int64_t erase_account(Tx& tx, const UserId& id) {
    std::int64_t rows = tx.exec(delete_contacts, id);
    rows += tx.exec(delete_contact_changes, id);
    rows += tx.exec(delete_preference_values, PreferenceLayer::user, id.uuid());
    rows += tx.exec(forget_evidence, id);
    rows += tx.exec(forget_past, id);
    rows += tx.exec(forget_activity, id);
    rows += tx.exec(forget_external_ids, id);
    rows += tx.exec(end_requests_of, id, tx.now()); // waits for who answers one, and then no answer is taken any more
    rows += tx.exec(forget_exports, id);
    rows += tx.exec(delete_holds_of_user, id); // such as have ended
    rows += tx.exec(forget_merges_of, id);
    rows += tx.exec(erase_user, id, tx.now());
    tx.emit(UserErased{id});
    return rows;
}

bool may_verify(Right right) { return right == Right::administrator || right == Right::proof; }

} // namespace

Right right_of(const Caller& caller) { return caller.may("users:admin") ? Right::administrator : Right::clerk; }

// Read back, since the row has more to it than was written.
User remember_user(Tx& tx, const Caller& caller, const UserId& id) {
    User user = tx.one(get_user, id);
    tx.exec(end_present, id);
    tx.exec(begin_present, id, json::to_document(user), caller.subject);
    return user;
}

User write_user(Tx& tx, const Caller& caller, User user) {
    user.updated_at = tx.now();
    tx.exec(save_user, stored(user));
    return remember_user(tx, caller, user.id);
}

User make_user(Tx& tx, const Caller& caller, const NewUser& wanted) {
    if (wanted.subject) // whoever signed up is there already, and nothing is known of them
        if (const auto stub = tx.maybe(hold_stub, wanted.subject->str())) return change_user(tx, caller, tx.one(get_user, *stub), wanted, right_of(caller));
    check_custom(tx, {}, wanted.custom, right_of(caller));
    User user;
    static_cast<UserEdit&>(user) = wanted;
    user.id = tx.new_id<UserId>();
    user.subject = wanted.subject ? *wanted.subject : Subject::parse(user.id.to_string()).or_throw();
    user.state = wanted.state == FirstState::invited ? UserState::invited : UserState::active;
    user.state_actor = caller.subject;
    user.state_at = user.created_at = user.updated_at = tx.now();
    tx.exec(insert_user, stored(user));
    tx.exec(insert_contacts, user.id, contacts_of(user, {}, may_verify(right_of(caller)), tx.now()));
    user = remember_user(tx, caller, user.id);
    tx.emit(UserCreated{user.id, user.subject, user.state});
    return user;
}

User change_user(Tx& tx, const Caller& caller, const User& user, const UserEdit& wanted, Right right) {
    if (json::encode(static_cast<const UserEdit&>(user)) == json::encode(wanted)) return user;
    check_custom(tx, user.custom, wanted.custom, right);
    const auto before = tx.all(list_contacts, user.id), contacts = contacts_of(wanted, before, may_verify(right), tx.now());
    if (json::encode(before) != json::encode(contacts)) {
        tx.exec(delete_contacts, user.id);
        tx.exec(insert_contacts, user.id, contacts);
    }
    User changed = user;
    static_cast<UserEdit&>(changed) = wanted;
    changed = write_user(tx, caller, std::move(changed));
    tx.emit(UserUpdated{changed.id, changed.version});
    return changed;
}

User revise_user(Tx& tx, const Caller& caller, const User& user) {
    User revised = write_user(tx, caller, user);
    tx.emit(UserUpdated{revised.id, revised.version});
    return revised;
}

User change_state(Tx& tx, const Caller& caller, User user, Change change, const std::optional<Text<1, 500>>& reason) {
    if (!move(user, change, reason, caller.subject, tx.now())) return user;
    user = write_user(tx, caller, std::move(user));
    announce_state(tx, user);
    return user;
}

void take_away(Tx& tx, const Caller& caller, User user, std::optional<Timestamp> erase_at) {
    const bool moved = move(user, Change::deactivate, {}, caller.subject, tx.now());
    user.deleted_at = tx.now();
    user.erase_at = erase_at;
    user = write_user(tx, caller, std::move(user));
    if (moved) announce_state(tx, user);
}

// Noted as late as can be, and by the clock: nobody who was changed after that time has been erased by this.
std::int64_t erase_person(Tx& tx, const User& user, const ErasureLedger& ledger) {
    std::vector<ErasedAccount> erased;
    std::int64_t rows = 0;
    for (const UserId& id : tx.all(merged_users, user.id)) {
        rows += erase_account(tx, id);
        erased.push_back({tx.project(), id, {}});
    }
    rows += erase_account(tx, user.id);
    erased.push_back({tx.project(), user.id, {}});
    for (ErasedAccount& account : erased) account.at = now();
    ledger.note(erased);
    GRAVITY_TESTPOINT("user.erasure_noted");
    return rows;
}

std::int64_t erase_account_again(Tx& tx, const UserId& id) {
    tx.exec(let_go, id);
    return erase_account(tx, id);
}

} // namespace gravity::user
