#pragma once

#include "items.hpp"
#include "layers.hpp"
#include "sets_model.hpp"

#include <gravity/pg/tx.hpp>

#include <map>
#include <string>
#include <utility>
#include <vector>

/// What applications make of the sets of a label. Looked at are the profiles one by one: of several at once there are more than anybody can look at.
namespace gravity::config {

/// Sets of a label with what is in force of them, by application and profile. Secrets are sealed.
struct LabelSettings {
    std::map<std::pair<std::string, std::string>, Items> sets;

    /// What is in force for an application in a profile, references as they are written.
    Items in_force(const Layer& heir) const;
    Items in_force(const Selection& selection) const;
    /// Whom a set of this application and profile is for, as far as there are sets of theirs: a shared one is for all, one of the default profile for every
    /// profile.
    std::vector<Layer> heirs_of(std::string_view application, std::string_view profile) const;
    /// Whether the application has a set of its own in the profile or in the default one: else nobody runs it there, as far as can be told.
    bool lives_in(const Layer& heir) const;
};

/// With all that an application inherits; of the shared application all there is. Of what is being rolled out: what everybody else has, or what its
/// instances have.
enum class RollingSide {
    general,
    candidate
};
LabelSettings read_label(Tx& tx, const LabelName& label, std::string_view application, RollingSide side = RollingSide::general);
/// Whether anything is being rolled out under a label.
bool rolls(Tx& tx, const LabelName& label);

/// The same with `items` in place of what is in force of the set.
LabelSettings with_items(LabelSettings label, const ConfigSet& set, const Items& items);

/// With secrets as their fingerprints, so that one that is another is another value.
Items with_fingerprints(Items items);

} // namespace gravity::config
