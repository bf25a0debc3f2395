#pragma once

#include "effective_model.hpp"
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

/// What a query selects; refuses more names than there may be.
Selection selection_of_query(const EffectiveQuery& query);

/// With `at` what was in force at that publication.
InForce read_layers(Tx& tx, const Selection& selection, const LabelName& label, const Sight& sight, std::optional<std::int64_t> at = {});

/// The same, but refuses with 404 a label that the project does not have, unless it is the one of who asks for none.
InForce read_in_force(Tx& tx, const Selection& selection, const LabelName& label, const LabelName& default_label, const Sight& sight);

/// The values that come of the layers.
Items merged(const InForce& in_force);

} // namespace gravity::config
