#pragma once

#include "consents_model.hpp"
#include "groups_model.hpp"
#include "preferences_model.hpp"

/// Two accounts of one person that become one, and two again.
namespace gravity::user {

using UserMergeId = Id<"user-merge">;

enum class MergeState {
    proposed,
    merged,
    undone
};
BOOST_DESCRIBE_ENUM(MergeState, proposed, merged, undone)

/// What both accounts have, so that only one of them keeps it.
enum class ConflictKind {
    handle,
    external_id,
    state,
    profile,
    locale,
    time_zone,
    custom,
    email,
    phone,
    group,
    consent,
    preference
};
BOOST_DESCRIBE_ENUM(ConflictKind, handle, external_id, state, profile, locale, time_zone, custom, email, phone, group, consent, preference)

enum class MergeAccount {
    winner,
    loser
};
BOOST_DESCRIBE_ENUM(MergeAccount, winner, loser)

struct MergeConflict {
    ConflictKind kind{};
    std::string what;
    Json winner;
    Json loser;
    Default<MergeAccount::winner> keep;
};
BOOST_DESCRIBE_STRUCT(MergeConflict, (), (kind, what, winner, loser, keep))

struct MergeChoice {
    ConflictKind kind{};
    std::optional<Text<1, 500>> what;
    MergeAccount keep{};
};
BOOST_DESCRIBE_STRUCT(MergeChoice, (), (kind, what, keep))

struct MergeMoves {
    std::vector<std::string> emails;
    std::vector<std::string> phones;
    std::vector<GroupOfUser> groups;
    std::vector<ConsentId> consents;
    std::vector<std::string> preferences;
};
BOOST_DESCRIBE_STRUCT(MergeMoves, (), (emails, phones, groups, consents, preferences))

struct MergeOutcome {
    MergeMoves moves;
    std::vector<MergeConflict> conflicts;
};
BOOST_DESCRIBE_STRUCT(MergeOutcome, (), (moves, conflicts))

struct NewMerge {
    UserId winner_id;
    UserId loser_id;
    std::optional<Text<1, 500>> reason;
    std::vector<MergeChoice> choices;
};
BOOST_DESCRIBE_STRUCT(NewMerge, (), (winner_id, loser_id, reason, choices))
void check(const NewMerge& merge, meta::Errors& errors);

struct UserMerge : NewMerge {
    UserMergeId id;
    Version version;
    MergeState state{};
    std::optional<MergeOutcome> outcome;
    std::string created_by;
    Timestamp created_at;
    std::optional<Timestamp> merged_at;
    std::optional<std::string> merged_by;
    std::optional<Timestamp> undo_until;
    std::optional<Timestamp> undone_at;
    std::optional<std::string> undone_by;
};
BOOST_DESCRIBE_STRUCT(UserMerge, (NewMerge), (id, version, state, outcome, created_by, created_at, merged_at, merged_by, undo_until, undone_at, undone_by))

struct ListMerges : PageQuery {
    std::optional<UserId> user_id;
    std::optional<MergeState> state;
};
BOOST_DESCRIBE_STRUCT(ListMerges, (PageQuery), (user_id, state))

/// An address of the loser as it was, and what became of it.
struct MergedContact : StoredContact {
    bool moved = false;
    bool vouched = false; // both had it, and the winner's is verified because the loser's was
};
BOOST_DESCRIBE_STRUCT(MergedContact, (StoredContact), (moved, vouched))

/// What the winner has of the loser's because somebody chose so, and what it had before.
struct MergeChosen {
    ConflictKind kind{};
    std::string what;
    Json before; // null: nothing
    Json after;
};
BOOST_DESCRIBE_STRUCT(MergeChosen, (), (kind, what, before, after))

/// What an undo needs.
struct MergeRecord {
    std::vector<MergedContact> contacts;
    std::vector<GroupId> groups;      // that moved
    std::vector<GroupId> both_groups; // that the winner was in, too
    std::vector<ConsentId> consents;
    std::vector<LayerValue> preferences;
    std::vector<UserId> followers; // that had been merged into the loser
    std::vector<MergeChosen> chosen;
};
BOOST_DESCRIBE_STRUCT(MergeRecord, (), (contacts, groups, both_groups, consents, preferences, followers, chosen))

/// What the row of an account that is given up is called.
struct MergedNames {
    UserId id;
    Handle handle;
    std::string handle_key;
    std::string handle_skeleton;
    std::optional<Text<1, 255>> external_id;
    std::optional<Timestamp> deleted_at;
};
BOOST_DESCRIBE_STRUCT(MergedNames, (), (id, handle, handle_key, handle_skeleton, external_id, deleted_at))

struct StoredMerge : UserMerge {
    std::optional<std::string> fingerprint;
    std::optional<MergeRecord> record;
};
BOOST_DESCRIBE_STRUCT(StoredMerge, (UserMerge), (fingerprint, record))

/// Of a consent, what decides who keeps it.
struct ConsentBrief {
    ConsentId id;
    Purpose purpose;
    Timestamp given_at;
    std::optional<Timestamp> withdrawn_at;
};
BOOST_DESCRIBE_STRUCT(ConsentBrief, (), (id, purpose, given_at, withdrawn_at))

/// `id`: who they are from now on.
struct UserMerged {
    static constexpr Event event{"gravity.user.user.merged"};
    UserId id;
    Subject subject;
    UserId old_id;
    Subject old_subject;
    UserMergeId merge_id;
};
BOOST_DESCRIBE_STRUCT(UserMerged, (), (id, subject, old_id, old_subject, merge_id))

/// `old_id` is somebody of their own again.
struct UserSplit {
    static constexpr Event event{"gravity.user.user.split"};
    UserId id;
    Subject subject;
    UserId old_id;
    Subject old_subject;
    UserMergeId merge_id;
};
BOOST_DESCRIBE_STRUCT(UserSplit, (), (id, subject, old_id, old_subject, merge_id))

} // namespace gravity::user

template <>
struct gravity::meta::docs<gravity::user::NewMerge> {
    static constexpr std::pair<std::string_view, std::string_view> fields[] = {
        {"winner_id", "Who they are from then on"},
        {"loser_id", "The account that is given up; its id leads to the other one"},
        {"choices", "Of what both have: where the loser's is to stay. Of conflicts that are not named the winner's stays"},
    };
};
template <>
struct gravity::meta::docs<gravity::user::UserMerge> {
    static constexpr std::pair<std::string_view, std::string_view> fields[] = {
        {"outcome", "What moves and what is lost; null: forgotten, for it was undone or can be undone no more"},
    };
};
template <>
struct gravity::meta::docs<gravity::user::MergeConflict> {
    static constexpr std::pair<std::string_view, std::string_view> fields[] = {
        {"what", "Which of its kind: a member of the profile, an address, a group, a purpose, a key"},
        {"winner", "What the account has that stays"},
        {"loser", "What the account has that is given up"},
        {"keep", "Which of them stays; the other is lost, or stays behind until the merge is undone"},
    };
};
template <>
struct gravity::meta::docs<gravity::user::MergeChoice> {
    static constexpr std::pair<std::string_view, std::string_view> fields[] = {
        {"kind", "handle, external_id, profile, locale, time_zone, custom or preference: of the others there is nothing to choose"},
        {"what", "Which of its kind, as the conflict says it"},
    };
};
template <>
struct gravity::meta::docs<gravity::user::MergeMoves> {
    static constexpr std::pair<std::string_view, std::string_view> fields[] = {{"consents", "By their ids"}, {"preferences", "By their keys"}};
};
template <>
struct gravity::meta::docs<gravity::user::ListMerges> {
    static constexpr std::pair<std::string_view, std::string_view> fields[] = {{"user_id", "On either side"}};
};

GRAVITY_TABLES(user, UserMergeId, MergeState, ConflictKind, MergeAccount, MergeConflict, MergeChoice, MergeMoves, MergeOutcome, NewMerge, UserMerge,
               ListMerges, MergedContact, MergeChosen, MergeRecord, MergedNames, StoredMerge, ConsentBrief, UserMerged, UserSplit)
