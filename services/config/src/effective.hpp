#pragma once

#include "effective_model.hpp"
#include "frames.hpp"
#include "layers.hpp"
#include "secrets.hpp"

#include <gravity/pg/tx.hpp>

namespace gravity::config {

/// Whose eyes: secrets are opened by the vault, or masked.
struct Sight {
    const Vault* vault = nullptr;
    bool secrets = false;
};
/// Secrets are for who has the scope `configs:secrets`, and for an application itself: the `sub` of its tokens is its name.
bool sees_secrets(const Caller& caller, const Selection& selection);

/// What is in force for a selection under a label, the highest first.
struct InForce {
    std::vector<Origin> origins;
    std::vector<Items> layers; // of the origins
    std::vector<std::map<std::string, std::string>> fingerprints; // of the secrets among them
    std::int64_t version = 0;  // the last publication among them
};

std::shared_ptr<const Releases> releases_of(const std::vector<Origin>& origins);

/// What is in force of one set for whoever is in a rollout of it, and for everybody else.
struct ViewedRelease {
    Origin origin;
    std::int64_t seq = 0;
    Items items;
    std::map<std::string, std::string> fingerprints; // of the secrets among them
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
    std::int64_t seq = 0; // the last publication that was about any of it

    bool rolls() const;
    /// For each set the step by which an instance has the candidate; -1: it has not. The same for all who see the same. Without a name nothing is rolled out.
    std::vector<int> cohort(const std::optional<std::string>& instance) const;
    InForce for_cohort(const std::vector<int>& cohort) const;
    InForce for_instance(const std::optional<std::string>& instance) const { return for_cohort(cohort(instance)); }
};

/// What a query selects; refuses more names than there may be.
Selection selection_of_query(const EffectiveQuery& query);

/// With `at` what was in force at that publication.
View read_view(Tx& tx, const Selection& selection, const LabelName& label, const Sight& sight, std::optional<std::int64_t> at = {});

/// What an instance sees of it. Refuses with 404 a label that the project does not have, unless it is the one of who asks for none.
InForce read_in_force(Tx& tx, const Selection& selection, const LabelName& label, const LabelName& default_label, const Sight& sight,
                      const std::optional<std::string>& instance);

/// The values that come of the layers.
Items merged(const InForce& in_force);

} // namespace gravity::config
