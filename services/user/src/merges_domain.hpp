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
    UserEdit winner;                     // but for its contacts
    std::vector<LayerValue> preferences; // that the winner has from then on in place of its own
    std::vector<std::size_t> unmet;      // choices of what is no conflict, or nothing to choose
    std::string fingerprint;             // of all that was looked at
};

/// Where both have something the winner's stays, unless the loser's is chosen; but an address that either has proved is proved. An open consent moves unless
/// the winner has one for the purpose, or has taken one back since.
MergePlan plan_merge(const MergeSide& winner, const MergeSide& loser, const std::vector<MergeChoice>& choices = {});

/// What was chosen goes back where it still is as it was chosen; what has been changed since stays as it is.
struct SplitChoices {
    UserEdit winner;                     // but for its contacts
    std::vector<LayerValue> preferences; // that the winner had
    std::optional<Handle> handle;        // the loser's own, where the winner was given it
    std::optional<Text<1, 255>> external_id;
};
SplitChoices split_choices(const User& winner, const std::vector<LayerValue>& preferences, const std::vector<MergeChosen>& chosen);

/// The contacts of both once the merge is undone, or why they cannot be as they were.
struct SplitContacts {
    std::vector<StoredContact> winner;
    std::vector<StoredContact> loser;
    std::vector<std::string> conflicts;
};
SplitContacts split_contacts(const std::vector<StoredContact>& present, const std::vector<MergedContact>& record);

} // namespace gravity::user
