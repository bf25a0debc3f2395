#include "people.hpp"

#include "consents_store.hpp"
#include "contact_changes_store.hpp"
#include "custom_fields.hpp"
#include "handles.hpp"
#include "preferences_store.hpp"
#include "privacy_store.hpp"
#include "users_store.hpp"

namespace gravity::user {
namespace {

StoredUser stored(const User& user) {
    StoredUser row;
    static_cast<User&>(row) = user;
    row.handle_key = handle_key(user.handle.view());
    row.handle_skeleton = handle_skeleton(row.handle_key);
    return row;
}

// Read back, since the row has more to it than was written; and so it was from now on.
User remember(Tx& tx, const Caller& caller, const UserId& id) {
    User user = tx.one(get_user, id);
    tx.exec(end_present, id);
    tx.exec(begin_present, id, json::to_document(user), caller.subject);
    return user;
}

User save(Tx& tx, const Caller& caller, User user) {
    user.updated_at = tx.now();
    tx.exec(save_user, stored(user));
    return remember(tx, caller, user.id);
}

void announce_state(Tx& tx, const User& user) {
    switch (user.state) {
    case UserState::active: return tx.emit(UserActivated{user.id, user.subject});
    case UserState::suspended: return tx.emit(UserSuspended{user.id, user.subject});
    case UserState::deactivated: return tx.emit(UserDeactivated{user.id, user.subject});
    case UserState::invited: return; // nobody becomes that
    }
}

bool may_verify(Right right) { return right == Right::administrator || right == Right::proof; }

} // namespace

Right right_of(const Caller& caller) { return caller.may("users:admin") ? Right::administrator : Right::clerk; }

User make_user(Tx& tx, const Caller& caller, const NewUser& wanted) {
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
    user = remember(tx, caller, user.id);
    tx.emit(UserCreated{user.id, user.subject, user.state});
    return user;
}

User change_user(Tx& tx, const Caller& caller, const User& user, const UserEdit& wanted, Right right) {
    if (json::encode(static_cast<const UserEdit&>(user)) == json::encode(wanted)) return user;
    check_custom(tx, user.custom, wanted.custom, right);
    const auto contacts = contacts_of(wanted, tx.all(list_contacts, user.id), may_verify(right), tx.now());
    tx.exec(delete_contacts, user.id);
    tx.exec(insert_contacts, user.id, contacts);
    User changed = user;
    static_cast<UserEdit&>(changed) = wanted;
    changed = save(tx, caller, std::move(changed));
    tx.emit(UserUpdated{changed.id, changed.version});
    return changed;
}

User change_state(Tx& tx, const Caller& caller, User user, Change change, const std::optional<Text<1, 500>>& reason) {
    if (!move(user, change, reason, caller.subject, tx.now())) return user;
    user = save(tx, caller, std::move(user));
    announce_state(tx, user);
    return user;
}

void take_away(Tx& tx, const Caller& caller, User user) {
    const bool moved = move(user, Change::deactivate, {}, caller.subject, tx.now());
    user.deleted_at = tx.now();
    user = save(tx, caller, std::move(user));
    if (moved) announce_state(tx, user);
}

std::int64_t erase_person(Tx& tx, const User& user) {
    std::int64_t rows = tx.exec(delete_contacts, user.id);
    rows += tx.exec(delete_contact_changes, user.id);
    rows += tx.exec(delete_preference_values, PreferenceLayer::user, user.id.uuid());
    rows += tx.exec(forget_evidence, user.id);
    rows += tx.exec(forget_past, user.id);
    rows += tx.exec(forget_exports, user.id);
    rows += tx.exec(forget_words_of_requests, user.id);
    rows += tx.exec(delete_holds_of_user, user.id); // such as have ended
    rows += tx.exec(erase_user, user.id, tx.now());
    tx.emit(UserErased{user.id});
    return rows;
}

} // namespace gravity::user
