#pragma once

#include "items.hpp"
#include "layers.hpp"
#include "references.hpp"
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
    /// Whom a set of this application and profile is for, as far as there are sets of theirs or of whom they refer to: a shared one is for all, one of the
    /// default profile for every profile.
    std::vector<Layer> heirs_of(std::string_view application, std::string_view profile) const;
    /// The same, and the heirs of all who refer to the application, if only through others.
    std::vector<Layer> affected_by(std::string_view application, std::string_view profile) const;
    /// Whether the application has a set of its own in the profile or in the default one: else nobody runs it there, as far as can be told.
    bool lives_in(const Layer& heir) const;
};

/// How many others an application may refer to, in all its profiles together and through others as well.
inline constexpr std::size_t most_others = 16;

/// Who refers to whom among the applications of a label, in whatever profile.
class Relations {
public:
    explicit Relations(const LabelSettings& label);
    /// Whom an application refers to, through others as well: not itself, and no more than are one too many.
    std::vector<std::string> others_of(const std::string& application) const;
    /// The application itself and who refers to it, through others as well.
    std::vector<std::string> dependents_of(const std::string& application) const;

private:
    const Names* named_by(const std::string& application) const;

    std::map<std::string, Names, std::less<>> named_; // with what is inherited
};

/// What the other applications of a label have in these profiles, as `shown` shows secrets. Refers to the label.
Others others_in(const LabelSettings& label, std::vector<std::string> profiles, Items (*shown)(Items));

/// With all that an application inherits; of the shared application all there is, as where any application of the label refers to another. Of what is being
/// rolled out: what everybody else has, or what its instances have.
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
