#include "preview_api.hpp"

#include "instances_store.hpp"
#include "references.hpp"
#include "schemas_store.hpp"
#include "sets_store.hpp"

#include <algorithm>

namespace gravity::config::drafts {
namespace {

constexpr std::size_t most_heirs_shown = 100;
constexpr std::size_t most_changes_shown = 200;
constexpr std::size_t most_keys_compared = 2'000'000; // of all heirs together: some seconds

constexpr int most_selections = 100;

std::vector<std::string> profiles_of(const Layer& heir) { return {heir.profile}; }
std::vector<std::string> profiles_of(const Selection& selection) { return selection.profiles; }

template <class Who>
Items resolved_of(const LabelSettings& label, const Who& who) {
    return resolve(with_fingerprints(label.in_force(who)), others_in(label, profiles_of(who), with_fingerprints)).items;
}

PatchOp op_of(const Change& change) {
    if (change.before == nullptr) return PatchOp::add;
    return change.after == nullptr ? PatchOp::remove : PatchOp::replace;
}

AffectedHeir affected_heir(const Layer& heir, const std::vector<Change>& changes) {
    AffectedHeir affected;
    affected.application = ConfigName::parse(heir.application).or_throw();
    affected.profile = ConfigName::parse(heir.profile).or_throw();
    affected.keys = static_cast<std::int64_t>(changes.size());
    for (const Change& change : changes)
        if (affected.changes.size() < most_changes_shown) affected.changes.push_back({change.key, op_of(change)});
    return affected;
}

/// Compares what is in force before and after, as long as there is room for it.
class Comparing {
public:
    Comparing(const LabelSettings& before, const LabelSettings& after, DryRun& run) : before_(before), after_(after), run_(run) { run.complete = true; }

    void heirs(const std::vector<Layer>& heirs) {
        for (const Layer& heir : heirs)
            compare(heir, [&](const std::vector<Change>& changes) {
                ++run_.affected_count;
                if (run_.affected.size() < most_heirs_shown) run_.affected.push_back(affected_heir(heir, changes));
            });
    }
    void instances(const std::vector<Selecting>& selections) {
        for (const Selecting& who : selections)
            compare(Selection{who.applications, who.profiles}, [&](const std::vector<Change>& changes) {
                run_.instance_count += who.count;
                run_.instances.push_back({who.applications, who.profiles, who.count, who.names, static_cast<std::int64_t>(changes.size())});
            });
    }

private:
    template <class Who, class F>
    void compare(const Who& who, const F& found) {
        if (compared_ > most_keys_compared) {
            run_.complete = false;
            return;
        }
        const Items were = resolved_of(before_, who), are = resolved_of(after_, who);
        compared_ += were.size() + are.size();
        if (const auto changes = changes_between(were, are); !changes.empty()) found(changes);
    }

    const LabelSettings& before_;
    const LabelSettings& after_;
    DryRun& run_;
    std::size_t compared_ = 0;
};

/// Some may ask for several applications, whose sets have to be looked at as well, or refer to them.
std::string_view applications_of(const ConfigSet& set, const Items& items, const std::vector<Selecting>& selections) {
    if (!referred_applications(items).empty()) return shared_application;
    for (const Selecting& who : selections)
        for (const std::string& application : who.applications)
            if (application != set.application.view() && application != shared_application) return shared_application;
    return set.application.view();
}

/// Those that are there of applications that refer to the set's own, beside those that the set is for.
void add_dependents(Tx& tx, const ConfigSet& set, const std::vector<Layer>& heirs, std::vector<Selecting>& selections) {
    if (set.application.view() == shared_application) return; // it is for everybody
    Names dependents;
    for (const Layer& heir : heirs)
        if (heir.application != set.application.view()) dependents.insert(heir.application);
    if (dependents.empty()) return;
    const Strings names(dependents.begin(), dependents.end());
    for (Selecting& found : tx.all(selections_of_applications, set.label, names, set.profile.str(), most_selections)) {
        const auto same = [&](const Selecting& one) { return one.applications == found.applications && one.profiles == found.profiles; };
        if (std::none_of(selections.begin(), selections.end(), same)) selections.push_back(std::move(found));
    }
}

} // namespace

DraftValidation validate(Tx& tx, Path<"id", ConfigSetId> id) {
    const ConfigSet set = tx.one(get_set, *id);
    const DraftRow draft = tx.one(get_draft, *id);
    DraftValidation validation;
    validation.draft_version = draft.version;
    validation.stale = draft.base_number != set.release;
    validation.faults = faults_with(tx, set, from_json(draft.items));
    validation.valid = validation.faults.empty() && !validation.stale;
    return validation;
}

DryRun dry_run(Tx& tx, Path<"id", ConfigSetId> id) {
    const ConfigSet set = tx.one(get_set, *id);
    const DraftRow draft = tx.one(get_draft, *id);
    DryRun run;
    run.draft_version = draft.version;
    run.stale = draft.base_number != set.release;
    const Items items = from_json(draft.items);
    auto selections = tx.all(selections_of_set, instances_of(set), most_selections);
    const LabelSettings before = read_label(tx, set.label, applications_of(set, items, selections)); // all of it, if anybody refers to another
    const LabelSettings after = with_items(before, set, items);
    const std::vector<Layer> heirs = after.affected_by(set.application.view(), set.profile.view());
    add_dependents(tx, set, heirs, selections);
    Comparing comparing(before, after, run);
    comparing.instances(selections); // they are there; the others might be
    comparing.heirs(heirs);
    run.faults = faults_of(after, heirs, tx.all(schemas_of_label, set.label));
    return run;
}

} // namespace gravity::config::drafts
