#pragma once

#include "effective_model.hpp"
#include "frames.hpp"
#include "layers.hpp"
#include "references.hpp"
#include "secrets.hpp"

#include <gravity/pg/tx.hpp>

#include <map>
#include <memory>

namespace gravity::config {

/// Which secrets somebody sees.
enum class SecretsSeen {
    none,
    own, // of the application that is asked for, and those that all inherit; not of others that it refers to
    all
};
/// Whose eyes: secrets are opened by the vault, or masked.
struct Sight {
    const Vault* vault = nullptr;
    SecretsSeen secrets = SecretsSeen::none;
};
/// All are for who has the scope `configs:secrets`, its own for an application itself: the `sub` of its tokens is its name.
SecretsSeen sees_secrets(const Caller& caller, const Selection& selection);

/// An application that is referred to, as everybody has it who is in none of its rollouts: in the same profiles, under the same label.
struct OtherApplication {
    Items items;          // references as they are written
    std::int64_t seq = 0; // the last publication among its layers
};
using OtherApplications = std::map<std::string, std::shared_ptr<const OtherApplication>, std::less<>>;

/// What is in force for a selection under a label, the highest first.
struct InForce {
    std::vector<Origin> origins;
    std::vector<Items> layers; // of the origins
    std::vector<std::map<std::string, std::string>> fingerprints; // of the secrets among them
    OtherApplications others;  // that are referred to, by these or by others
    std::int64_t version = 0;  // the last publication among them and the others
};

/// What the others have. Refers into it.
Others others_of(const InForce& in_force);

std::shared_ptr<const Releases> releases_of(const std::vector<Origin>& origins);

/// What is in force of one set for whoever is in a rollout of it, and for everybody else.
struct ViewedRelease {
    Origin origin;
    std::int64_t seq = 0;
    Items items;
    std::map<std::string, std::string> fingerprints; // of the secrets among them
    Names named; // applications that it refers to
};
struct ViewedSet {
    ViewedRelease general;
    std::optional<Uuid> rollout;
    std::optional<ViewedRelease> candidate;
    std::vector<int> shares;        // of its steps
    std::vector<std::int64_t> seqs; // from which on they have it
};

/// What is in force for a selection under a label, the highest first, whoever asks.
struct View {
    std::vector<ViewedSet> sets;
    OtherApplications others;           // that are referred to by either side of a rollout
    std::map<std::string, Names> named; // whom those refer to
    std::int64_t seq = 0;               // the last publication that was about any of it

    bool rolls() const;
    /// For each set the step by which an instance has the candidate; -1: it has not. The same for all who see the same. Without a name nothing is rolled out.
    std::vector<int> cohort(const std::optional<std::string>& instance) const;
    InForce for_cohort(const std::vector<int>& cohort) const;
    InForce for_instance(const std::optional<std::string>& instance) const { return for_cohort(cohort(instance)); }
};

/// What a query selects; refuses more names than there may be.
Selection selection_of_query(const EffectiveQuery& query);

/// All of one moment: what is referred to as well. With `at` what was in force at that publication.
View read_view(Tx& tx, const Selection& selection, const LabelName& label, const Sight& sight, std::optional<std::int64_t> at = {});

/// The values that come of the layers.
Items merged(const InForce& in_force);

} // namespace gravity::config
