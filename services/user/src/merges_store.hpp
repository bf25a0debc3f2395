#pragma once

#include "merges_model.hpp"

#include <gravity/pg/tx.hpp>

/// Statements of merges, by name. Their text is in merges_store.cpp and nowhere else.
namespace gravity::user {

extern const Sql<void(StoredMerge)> insert_merge;
extern const Sql<StoredMerge(UserMergeId)> get_merge;
/// Waits for whoever does or undoes it.
extern const Sql<UserMergeId(UserMergeId)> hold_merge;
extern const Sql<UserMerge(ListMerges)> list_merges;
extern const Sql<void(StoredMerge)> save_merge;

/// Where somebody's id leads to.
extern const Sql<UserId(UserId)> winner_of;
extern const Sql<UserId(UserId)> merged_users;
/// The `sub` of the tokens of those merged into somebody who were active then.
extern const Sql<std::string(UserId)> merged_subjects;
extern const Sql<User(UserId)> get_merged_user;
/// The row of an account that is given up. For who holds the row of the other one.
extern const Sql<UserId(UserId, UserId)> hold_merged_user;
extern const Sql<void(UserId, UserId, Timestamp)> give_up_user;
/// Nobody's any more; its version is above the other one's, for its ETag was that one's.
extern const Sql<void(UserId, Version, Timestamp)> take_back_user;
extern const Sql<void(UserId, Version)> raise_version;
/// Of an account that is given up: others may have its names, until it takes some.
extern const Sql<void(UserId, Timestamp)> free_names;
extern const Sql<void(MergedNames)> take_names;
/// Whoever had been merged into the first is merged into the second.
extern const Sql<UserId(UserId, UserId)> lead_on;
extern const Sql<void(std::vector<UserId>, UserId)> lead_back;
/// Who was merged into somebody leads to nobody. When they were changed stays as it was: by that it is known who has lived on.
extern const Sql<void(UserId)> let_go;

/// What can move with somebody, at most so many.
extern const Sql<ConsentBrief(UserId, int)> brief_consents;
extern const Sql<GroupId(UserId)> hold_groups_of;
extern const Sql<GroupId(std::vector<GroupId>)> hold_groups;
extern const Sql<void(std::vector<GroupId>, Timestamp)> touch_groups;

/// To the second where they are not there already; then the others of the first are taken away.
extern const Sql<void(UserId, UserId)> move_memberships;
extern const Sql<void(UserId)> leave_groups;
/// Of these groups the second is a member in place of the first; the second, too.
extern const Sql<void(std::vector<GroupId>, UserId, UserId)> move_memberships_back;
extern const Sql<void(std::vector<GroupId>, UserId)> join_groups;
/// Those of these groups that are there and that somebody is not in.
extern const Sql<GroupOfUser(std::vector<GroupId>, UserId)> groups_without;
extern const Sql<GroupOfUser(std::vector<GroupId>, std::int64_t)> full_groups;

extern const Sql<void(std::vector<ConsentId>, UserId)> move_consents;
extern const Sql<void(std::vector<std::string>, UserId, UserId)> copy_preferences;
/// Where they still have the value.
extern const Sql<void(std::vector<LayerValue>, UserId)> drop_preferences;

/// Of either, one that is under way or can be downloaded.
extern const Sql<std::string(UserId, UserId)> open_request_of;

/// What nobody needs any more, at most so many; how many those were.
extern const Sql<std::int64_t(Timestamp, int)> forget_proposals;
extern const Sql<std::int64_t(Timestamp, int)> finish_merges;
/// Of somebody who is erased.
extern const Sql<void(UserId)> forget_merges_of;

} // namespace gravity::user
