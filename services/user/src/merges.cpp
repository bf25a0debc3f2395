#include "merges.hpp"

#include "consents_store.hpp"
#include "custom_fields.hpp"
#include "groups.hpp"
#include "groups_store.hpp"
#include "handles.hpp"
#include "merges_domain.hpp"
#include "merges_store.hpp"
#include "people.hpp"
#include "preferences.hpp"
#include "preferences_store.hpp"
#include "problems.hpp"
#include "users_store.hpp"
#include "who.hpp"

#include <algorithm>

namespace gravity::user {
namespace {

constexpr std::size_t most_contacts_of_a_kind = 20, most_groups_moved = 1000, most_merged_into_one = 100, most_custom = 20;
constexpr int most_consents_moved = 1000;
constexpr int undo_days = 30;

MergeSide side_of(Tx& tx, User user) {
    MergeSide side;
    side.contacts = tx.all(list_contacts, user.id);
    side.groups = tx.all(list_groups_of_user, user.id);
    side.consents = tx.all(brief_consents, user.id, most_consents_moved + 1);
    side.preferences = tx.all(list_layer, PreferenceLayer::user, user.id.uuid());
    side.user = std::move(user);
    return side;
}

[[noreturn]] void impossible(std::string why) { throw Refusal(merge_not_possible, std::move(why)); }

// What an operator has to see to first.
void check_possible(Tx& tx, const MergeSide& winner, const MergeSide& loser, const MergePlan& plan) {
    if (winner.user.state != UserState::active) impossible("the account that stays is not active");
    if (const auto kind = tx.maybe(open_request_of, winner.user.id, loser.user.id)) impossible("a privacy request (" + *kind + ") of one of them is not over");
    for (const ContactKind kind : {ContactKind::email, ContactKind::phone}) {
        const auto of_kind = std::count_if(plan.contacts.begin(), plan.contacts.end(), [&](const StoredContact& c) { return c.kind == kind; });
        if (static_cast<std::size_t>(of_kind) > most_contacts_of_a_kind) impossible("together they have more than 20 addresses of a kind");
    }
    if (plan.winner.custom.size() > most_custom) impossible("together they have more than 20 custom fields");
    for (const MergeSide* const side : {&winner, &loser}) {
        if (side->groups.size() >= most_groups_moved) impossible("one of them is in 1,000 groups or more");
        if (side->consents.size() > static_cast<std::size_t>(most_consents_moved)) impossible("one of them has more than 1,000 consents");
    }
    if (tx.all(merged_users, winner.user.id).size() + tx.all(merged_users, loser.user.id).size() >= most_merged_into_one)
        impossible("at most 100 accounts become one");
}

User user_to_merge(Tx& tx, const UserId& id, std::string pointer) {
    if (auto user = tx.maybe(get_user, id)) return *std::move(user);
    if (const auto winner = tx.maybe(winner_of, id)) refuse_merged(*winner);
    throw Refusal(no_such_user).with_faults({{std::move(pointer), "there is no such user"}});
}

void check_choices(const MergePlan& plan) {
    std::vector<Refusal::Fault> faults;
    for (const std::size_t i : plan.unmet) faults.push_back({"/choices/" + std::to_string(i), "there is no such conflict, or nothing to choose in it"});
    if (!faults.empty()) throw Refusal(problems::invalid).with_faults(std::move(faults));
}

// Writes the account that stays as it is wanted, and gives the other one, which leads to it, these names. They are one person's alone, so the other has none in
// between.
User exchange_names(Tx& tx, const Caller& caller, const User& wanted, const User& loser, const Handle& handle, const std::optional<Text<1, 255>>& external_id) {
    const bool same = handle == loser.handle && external_id == loser.external_id;
    if (!same) tx.exec(free_names, loser.id, tx.now());
    User now = write_user(tx, caller, wanted);
    if (same) return now;
    const std::string key = handle_key(handle.view());
    tx.exec(take_names, MergedNames{loser.id, handle, key, handle_skeleton(key), external_id, loser.deleted_at});
    return now;
}

StoredMerge locked_merge(Tx& tx, const UserMergeId& id, const IfMatch& expected) {
    return expected.check(tx.one(get_merge, tx.one(hold_merge, id)));
}

User lock_to_merge(Tx& tx, const UserId& id) {
    if (auto user = maybe_lock_person(tx, id)) return *std::move(user);
    if (const auto winner = tx.maybe(winner_of, id)) refuse_merged(*winner);
    impossible("one of them is not there any more");
}

void announce_moves(Tx& tx, const std::vector<GroupId>& groups, const UserId& from, const UserId& to) {
    for (const GroupId& group : groups) {
        tx.emit(GroupMemberRemoved{group, from.uuid(), MemberKind::user});
        tx.emit(GroupMemberAdded{group, to.uuid(), MemberKind::user});
    }
}

std::vector<GroupId> all_groups(const MergeRecord& record) {
    std::vector<GroupId> all = record.groups;
    all.insert(all.end(), record.both_groups.begin(), record.both_groups.end());
    return all;
}

std::vector<std::string> keys_of(const std::vector<LayerValue>& values) {
    std::vector<std::string> keys;
    for (const LayerValue& value : values) keys.push_back(value.key.str());
    return keys;
}

void move_all(Tx& tx, const MergePlan& plan, const UserId& winner, const UserId& loser) {
    tx.exec(delete_contacts, loser);
    tx.exec(delete_contacts, winner);
    tx.exec(insert_contacts, winner, plan.contacts);
    tx.exec(move_memberships, loser, winner);
    tx.exec(leave_groups, loser);
    tx.exec(touch_groups, all_groups(plan.record), tx.now());
    announce_moves(tx, plan.record.groups, loser, winner);
    for (const GroupId& group : plan.record.both_groups) tx.emit(GroupMemberRemoved{group, loser.uuid(), MemberKind::user});
    tx.exec(move_consents, plan.record.consents, winner);
    tx.exec(copy_preferences, keys_of(plan.record.preferences), loser, winner);
    tx.exec(drop_preferences, plan.record.preferences, loser);
    for (const LayerValue& one : plan.preferences) tx.exec(set_preference, PreferenceLayer::user, winner.uuid(), one);
}

// All that keeps both from being as they were, so that an operator can see to it and ask again.
[[noreturn]] void refuse_undo(const std::vector<std::string>& conflicts) {
    std::vector<Refusal::Fault> faults;
    for (const std::string& conflict : conflicts) faults.push_back({"", conflict});
    throw Refusal(undo_conflicts, conflicts.front()).with_faults(std::move(faults));
}

// The row of the account that stays is taken first: whoever leads the other one elsewhere holds it.
User lock_to_undo(Tx& tx, const StoredMerge& merge) {
    auto winner = maybe_lock_person(tx, merge.winner_id);
    if (!winner && tx.maybe(winner_of, merge.winner_id)) refuse_undo({"the account was itself merged into another one since: undo that first"});
    if (!winner || !tx.maybe(hold_merged_user, merge.loser_id, merge.winner_id)) refuse_undo({"the account is not there any more"});
    return *std::move(winner);
}

// The groups that are still there have to have the winner in them: who was taken out of one was so as both.
std::vector<std::string> why_not_undone(Tx& tx, const StoredMerge& merge, const User& winner, const SplitContacts& contacts) {
    std::vector<std::string> conflicts = contacts.conflicts;
    if (winner.state != UserState::active) conflicts.push_back("the account is not active any more");
    if (const auto kind = tx.maybe(open_request_of, winner.id, merge.loser_id)) conflicts.push_back("a privacy request (" + *kind + ") is not over");
    for (const GroupOfUser& group : tx.all(groups_without, all_groups(*merge.record), winner.id))
        conflicts.push_back("was taken out of group " + group.display + " (" + group.id.to_string() + ") since");
    for (const GroupOfUser& group : tx.all(full_groups, merge.record->both_groups, most_members))
        conflicts.push_back("group " + group.display + " (" + group.id.to_string() + ") is full");
    return conflicts;
}

bool still_let_through(Tx& tx, const User& winner, const SplitChoices& choices) {
    try {
        check_custom(tx, winner.custom, choices.winner.custom, Right::administrator);
        return true;
    } catch (const Refusal&) {
        return false;
    }
}

void move_all_back(Tx& tx, const MergeRecord& record, const SplitContacts& contacts, const UserId& winner, const UserId& loser) {
    tx.exec(delete_contacts, winner);
    tx.exec(insert_contacts, winner, contacts.winner);
    tx.exec(insert_contacts, loser, contacts.loser);
    const std::vector<GroupId> moved = tx.all(hold_groups, record.groups), both = tx.all(hold_groups, record.both_groups);
    tx.exec(move_memberships_back, moved, winner, loser);
    tx.exec(join_groups, both, loser);
    tx.exec(touch_groups, all_groups(record), tx.now());
    announce_moves(tx, moved, winner, loser);
    for (const GroupId& group : both) tx.emit(GroupMemberAdded{group, loser.uuid(), MemberKind::user});
    tx.exec(move_consents, record.consents, loser);
    tx.exec(copy_preferences, keys_of(record.preferences), winner, loser);
    tx.exec(drop_preferences, record.preferences, winner); // what the winner has set since is theirs, too
    tx.exec(lead_back, record.followers, loser);
}

} // namespace

UserMerge propose_merge(Tx& tx, const Caller& caller, const NewMerge& wanted) {
    if (wanted.winner_id == wanted.loser_id) throw Refusal(problems::invalid).with_faults({{"/loser_id", "must be another one's"}});
    const MergeSide winner = side_of(tx, user_to_merge(tx, wanted.winner_id, "/winner_id"));
    const MergeSide loser = side_of(tx, user_to_merge(tx, wanted.loser_id, "/loser_id"));
    MergePlan plan = plan_merge(winner, loser, wanted.choices);
    check_choices(plan);
    check_possible(tx, winner, loser, plan);
    StoredMerge merge;
    static_cast<NewMerge&>(merge) = wanted;
    merge.id = tx.new_id<UserMergeId>();
    merge.outcome = std::move(plan.outcome);
    merge.fingerprint = std::move(plan.fingerprint);
    merge.created_by = caller.subject;
    merge.created_at = tx.now();
    tx.exec(insert_merge, merge);
    return tx.one(get_merge, merge.id);
}

UserMerge confirm_merge(Tx& tx, const Caller& caller, const UserMergeId& id, const IfMatch& expected) {
    StoredMerge merge = locked_merge(tx, id, expected);
    if (merge.state == MergeState::merged) return merge;
    if (merge.state == MergeState::undone) throw Refusal(merge_state);
    tx.all(hold_groups_of, merge.loser_id);
    lock_to_merge(tx, std::min(merge.winner_id, merge.loser_id));
    lock_to_merge(tx, std::max(merge.winner_id, merge.loser_id));
    const MergeSide winner = side_of(tx, tx.one(get_user, merge.winner_id)), loser = side_of(tx, tx.one(get_user, merge.loser_id));
    MergePlan plan = plan_merge(winner, loser, merge.choices);
    check_possible(tx, winner, loser, plan);
    if (plan.fingerprint != merge.fingerprint) throw Refusal(merge_outdated);

    merge.merged_at = tx.now();
    merge.merged_by = caller.subject;
    merge.undo_until = tx.now() + Duration::days(undo_days);
    plan.record.followers = tx.all(lead_on, merge.loser_id, merge.winner_id);
    merge.record = plan.record;
    tx.exec(save_merge, merge);
    move_all(tx, plan, merge.winner_id, merge.loser_id);
    tx.exec(give_up_user, merge.loser_id, merge.winner_id, tx.now());
    tx.exec(end_present, merge.loser_id);
    // Whoever has read either knows no version of what they are now.
    tx.exec(raise_version, merge.winner_id, loser.user.version);
    User wanted = winner.user;
    static_cast<UserEdit&>(wanted) = plan.winner;
    const bool renamed = wanted.handle != winner.user.handle, known_otherwise = wanted.external_id != winner.user.external_id;
    const User now = exchange_names(tx, caller, wanted, loser.user, renamed ? winner.user.handle : loser.user.handle,
                                    known_otherwise ? winner.user.external_id : loser.user.external_id);
    tx.emit(UserUpdated{now.id, now.version});
    tx.emit(UserMerged{now.id, now.subject, merge.loser_id, loser.user.subject, id});
    return tx.one(get_merge, id);
}

UserMerge undo_merge(Tx& tx, const Caller& caller, const UserMergeId& id, const IfMatch& expected) {
    StoredMerge merge = locked_merge(tx, id, expected);
    if (merge.state == MergeState::undone) return merge;
    if (merge.state == MergeState::proposed) throw Refusal(merge_state, "It was not done");
    if (!merge.record || *merge.undo_until <= tx.now()) throw Refusal(merge_state, "It can be undone for 30 days");
    const MergeRecord record = *merge.record;
    tx.all(hold_groups, all_groups(record));
    const User winner = lock_to_undo(tx, merge);
    const SplitContacts contacts = split_contacts(tx.all(list_contacts, winner.id), record.contacts);
    const SplitChoices choices = split_choices(winner, tx.all(list_layer, PreferenceLayer::user, winner.id.uuid()), record.chosen);
    auto conflicts = why_not_undone(tx, merge, winner, contacts);
    if (!still_let_through(tx, winner, choices)) conflicts.push_back("custom fields that were given up are not as their schema says any more");
    for (const std::string& key : put_back_values(tx, winner.id, choices.preferences))
        conflicts.push_back("preference " + key + " was given up with a value that is not let through any more");
    if (!conflicts.empty()) refuse_undo(conflicts);

    merge.undone_at = tx.now();
    merge.undone_by = caller.subject;
    merge.outcome.reset();
    merge.fingerprint.reset();
    merge.record.reset();
    merge.choices.clear();
    tx.exec(save_merge, merge);
    move_all_back(tx, record, contacts, winner.id, merge.loser_id);
    User wanted = winner;
    static_cast<UserEdit&>(wanted) = choices.winner;
    const User loser = tx.one(get_merged_user, merge.loser_id);
    const User now = exchange_names(tx, caller, wanted, loser, choices.handle.value_or(loser.handle),
                                    choices.external_id ? choices.external_id : loser.external_id);
    tx.exec(take_back_user, merge.loser_id, winner.version, tx.now());
    const User other = remember_user(tx, caller, merge.loser_id);
    tx.emit(UserUpdated{now.id, now.version});
    tx.emit(UserUpdated{other.id, other.version});
    tx.emit(UserSplit{now.id, now.subject, other.id, other.subject, id});
    return tx.one(get_merge, id);
}

} // namespace gravity::user
