#pragma once

#include "merges_model.hpp"

/// What becomes of two accounts that become one: pure.
namespace gravity::user {

/// An account with all that can move.
struct MergeSide {
    User user;
    std::vector<StoredContact> contacts; // in their order
    std::vector<GroupOfUser> groups;
    std::vector<ConsentBrief> consents;
    std::vector<LayerValue> preferences;
};

struct MergePlan {
    MergeOutcome outcome;
    MergeRecord record;
    std::vector<StoredContact> contacts; // of the winner from then on
    std::string fingerprint;             // of all that was looked at
};

/// Where both have something the winner's stays; but an address that either has proved is proved. An open consent moves unless the winner has one for the
/// purpose, or has taken one back since.
MergePlan plan_merge(const MergeSide& winner, const MergeSide& loser);

/// The contacts of both once the merge is undone, or why they cannot be as they were.
struct SplitContacts {
    std::vector<StoredContact> winner;
    std::vector<StoredContact> loser;
    std::vector<std::string> conflicts;
};
SplitContacts split_contacts(const std::vector<StoredContact>& present, const std::vector<MergedContact>& record);

} // namespace gravity::user
