#include "effective.hpp"

#include "data_keys.hpp"
#include "layers_store.hpp"
#include "membership.hpp"
#include "problems.hpp"

#include <algorithm>

namespace gravity::config {

namespace {

std::vector<std::string> names_in_query(std::string_view parameter, const Text<1, 650>& text) {
    auto names = split_names(text.view());
    if (!names)
        throw Refusal(problems::invalid)
            .with_faults({{"/" + std::string(parameter), "must be at most " + std::to_string(max_selected) + " names", "query"}});
    return *std::move(names);
}

} // namespace

Selection selection_of_query(const EffectiveQuery& query) {
    return {names_in_query("application", query.application), names_in_query("profiles", query.profiles)};
}

std::shared_ptr<const Releases> releases_of(const std::vector<Origin>& origins) {
    auto releases = std::make_shared<Releases>();
    for (const Origin& origin : origins) releases->push_back({origin.set_id, origin.release});
    return releases;
}

SecretsSeen sees_secrets(const Caller& caller, const Selection& selection) {
    if (caller.may("configs:secrets")) return SecretsSeen::all;
    const bool itself = selection.applications.size() == 1 && caller.subject == selection.applications.front();
    return itself ? SecretsSeen::own : SecretsSeen::none;
}

Others others_of(const InForce& in_force) {
    return [&in_force](const std::string& application) -> const Items* {
        const auto found = in_force.others.find(application);
        return found == in_force.others.end() ? nullptr : &found->second->items;
    };
}

namespace {

// An application may refer to 16, and 10 may be asked for, of each what is being rolled out as well. Beyond are references that nobody has checked, in secrets.
constexpr std::size_t most_others_read = 320;
constexpr int most_readings = 400; // each leads one step further, unless something is published in between

std::function<const Names*(const std::string&)> names_in(const std::map<std::string, Names>& named) {
    return [&named](const std::string& application) -> const Names* {
        const auto found = named.find(application);
        return found == named.end() ? nullptr : &found->second;
    };
}

} // namespace

bool View::rolls() const {
    return std::any_of(sets.begin(), sets.end(), [](const ViewedSet& set) { return set.candidate.has_value(); });
}

std::vector<int> View::cohort(const std::optional<std::string>& instance) const {
    std::vector<int> cohort;
    if (!rolls()) return cohort;
    for (const ViewedSet& set : sets) {
        int step = -1;
        if (instance && set.candidate) {
            const int place = place_in_rollout(*set.rollout, *instance);
            const auto has = std::find_if(set.shares.begin(), set.shares.end(), [&](int share) { return place < share; });
            if (has != set.shares.end()) step = static_cast<int>(has - set.shares.begin());
        }
        cohort.push_back(step);
    }
    return cohort;
}

InForce View::for_cohort(const std::vector<int>& cohort) const {
    InForce in_force;
    Names first;
    for (std::size_t i = 0; i < sets.size(); ++i) {
        const int step = cohort.empty() ? -1 : cohort[i];
        const ViewedRelease& release = step < 0 ? sets[i].general : *sets[i].candidate;
        in_force.origins.push_back(release.origin);
        in_force.layers.push_back(release.items);
        in_force.fingerprints.push_back(release.fingerprints);
        in_force.version = std::max(in_force.version, step < 0 ? release.seq : sets[i].seqs[static_cast<std::size_t>(step)]);
        first.insert(release.named.begin(), release.named.end());
    }
    for (const std::string& name : reached(first, names_in(named), most_others_read)) {
        const auto other = others.find(name);
        if (other == others.end()) continue;
        in_force.others.insert(*other);
        in_force.version = std::max(in_force.version, other->second->seq); // so that it moves when what is referred to does
    }
    return in_force;
}

namespace {

/// The sets that a selection is made of, the highest first.
std::vector<ActiveSet> sets_in_order(const std::vector<ActiveSet>& active, const Selection& selection) {
    std::vector<ActiveSet> sets;
    for (const Layer& layer : layers_of(selection)) {
        const auto found = std::find_if(active.begin(), active.end(), [&](const ActiveSet& set) {
            return set.application.view() == layer.application && set.profile.view() == layer.profile;
        });
        if (found != active.end()) sets.push_back(*found);
    }
    return sets;
}

/// Reads what is in force. Whom it refers to is known only when it has been read; so that all is of one moment, which releases are in force is then asked
/// again, of all of them at once, until that brings nobody new. Releases stay as they are: what has been read of one is good whatever is published meanwhile.
class Reading {
public:
    Reading(Tx& tx, const Selection& selection, const LabelName& label, const Sight& sight, std::optional<std::int64_t> at)
        : tx_(tx), selection_(selection), label_(label), sight_(sight), at_(at) {}

    View read() {
        std::vector<std::string> asked;
        for (int i = 0; i < most_readings; ++i) {
            View view;
            std::vector<std::string> wanted = take(view, asked);
            const auto is_asked = [&](const std::string& name) { return std::find(asked.begin(), asked.end(), name) != asked.end(); };
            if (std::all_of(wanted.begin(), wanted.end(), is_asked)) {
                drop_others(view, wanted);
                return view;
            }
            asked = std::move(wanted);
        }
        throw Refusal(problems::overloaded);
    }

private:
    using ReleaseOf = std::pair<ConfigSetId, int>;

    /// What is in force now of the selection and of the others that are asked for; whom all of that refers to.
    std::vector<std::string> take(View& view, const std::vector<std::string>& asked) {
        const std::vector<ActiveSet> active = active_now(asked);
        const std::vector<ActiveSet> own = sets_in_order(active, selection_);
        std::map<std::string, std::vector<ActiveSet>> layers; // of the others
        for (const std::string& name : asked) layers[name] = sets_in_order(active, {{name}, selection_.profiles});
        read_items(own, layers);
        for (const ActiveSet& set : own) add_set(view, set);
        for (const auto& [name, sets] : layers) add_other(view, name, sets);
        return wanted_by(view);
    }

    std::vector<ActiveSet> active_now(const std::vector<std::string>& asked) {
        std::vector<std::string> applications = asked, profiles;
        for (const Layer& layer : layers_of(selection_)) {
            applications.push_back(layer.application);
            profiles.push_back(layer.profile);
        }
        return at_ ? tx_.all(active_sets_at, label_, applications, profiles, *at_) : tx_.all(active_sets, label_, applications, profiles);
    }

    /// Fills in the releases that have not been read yet.
    void read_items(const std::vector<ActiveSet>& own, const std::map<std::string, std::vector<ActiveSet>>& layers) {
        std::map<ReleaseOf, bool> missing; // and whether their secrets are opened
        const auto need = [&](const ActiveSet& set, int number) {
            if (const ReleaseOf release{set.set_id, number}; !known_.contains(release)) missing[release] = opens(set.application.view());
        };
        for (const ActiveSet& set : own) {
            need(set, set.number);
            if (set.candidate) need(set, *set.candidate);
        }
        for (const auto& [name, sets] : layers)
            for (const ActiveSet& set : sets) need(set, set.number);
        if (missing.empty()) return;
        std::vector<ConfigSetId> ids;
        std::vector<int> numbers;
        for (const auto& [release, is_opened] : missing) {
            ids.push_back(release.first);
            numbers.push_back(release.second);
            known_[release];
        }
        for (ActiveItem& item : tx_.all(active_items, ids, numbers)) {
            ViewedRelease& release = known_[{item.set_id, item.number}];
            if (is_secret(item.value)) release.fingerprints[item.key] = fingerprint_of(item.value);
            release.items.emplace(std::move(item.key), std::move(item.value));
        }
        show_secrets(missing);
    }

    /// The application's own are its own where it asks itself; those that all inherit it has as well.
    bool opens(std::string_view application) const {
        if (sight_.secrets == SecretsSeen::own)
            return application == shared_application || application == selection_.applications.front();
        return sight_.secrets == SecretsSeen::all;
    }

    void show_secrets(const std::map<ReleaseOf, bool>& releases) {
        std::vector<ConfigSetId> ids;
        std::vector<Items> opened;
        for (const auto& [release, is_opened] : releases) {
            Items& items = known_[release].items;
            if (!is_opened) {
                items = mask(std::move(items));
                continue;
            }
            ids.push_back(release.first);
            opened.push_back(std::move(items));
        }
        if (!ids.empty()) open_secrets(tx_, *sight_.vault, ids, opened);
        auto next = opened.begin();
        for (const auto& [release, is_opened] : releases) {
            ViewedRelease& shown = known_[release];
            if (is_opened) shown.items = std::move(*next++);
            shown.named = referred_applications(shown.items);
        }
    }

    void add_set(View& view, const ActiveSet& set) {
        ViewedSet& viewed = view.sets.emplace_back();
        viewed.general = known_[{set.set_id, set.number}];
        viewed.general.origin = {set.set_id, set.application, set.profile, set.number};
        viewed.general.seq = set.seq;
        view.seq = std::max(view.seq, set.seq);
        if (!set.candidate || set.shares.empty()) return;
        viewed.rollout = set.rollout;
        viewed.shares = set.shares;
        viewed.seqs = set.seqs;
        viewed.candidate = known_[{set.set_id, *set.candidate}];
        viewed.candidate->origin = {set.set_id, set.application, set.profile, *set.candidate};
        view.seq = std::max(view.seq, set.seqs.back());
    }

    /// One that has nothing of its own in these profiles is none.
    void add_other(View& view, const std::string& name, const std::vector<ActiveSet>& sets) {
        if (std::none_of(sets.begin(), sets.end(), [&](const ActiveSet& set) { return set.application.view() == name; })) return;
        auto other = std::make_shared<OtherApplication>();
        std::vector<const Items*> layers;
        Names& named = view.named[name];
        for (const ActiveSet& set : sets) {
            const ViewedRelease& release = known_[{set.set_id, set.number}];
            layers.push_back(&release.items);
            named.insert(release.named.begin(), release.named.end());
            other->seq = std::max(other->seq, set.seq);
        }
        other->items = values_of(overlay(layers));
        view.others[name] = std::move(other);
    }

    /// What everybody has before what is being rolled out: so that the one does not take the room of the other.
    static std::vector<std::string> wanted_by(const View& view) {
        Names general, rolled_out;
        for (const ViewedSet& set : view.sets) {
            general.insert(set.general.named.begin(), set.general.named.end());
            if (set.candidate) rolled_out.insert(set.candidate->named.begin(), set.candidate->named.end());
        }
        std::vector<std::string> wanted = reached(general, names_in(view.named), most_others_read);
        for (std::string& name : reached(rolled_out, names_in(view.named), most_others_read))
            if (wanted.size() < most_others_read && std::find(wanted.begin(), wanted.end(), name) == wanted.end()) wanted.push_back(std::move(name));
        return wanted;
    }

    /// Some were asked for that nobody refers to any more.
    static void drop_others(View& view, const std::vector<std::string>& wanted) {
        std::erase_if(view.others, [&](const auto& other) { return std::find(wanted.begin(), wanted.end(), other.first) == wanted.end(); });
        for (const auto& [name, other] : view.others) view.seq = std::max(view.seq, other->seq);
    }

    Tx& tx_;
    const Selection& selection_;
    const LabelName& label_;
    const Sight& sight_;
    std::optional<std::int64_t> at_;
    std::map<ReleaseOf, ViewedRelease> known_; // items as they are to be seen
};

} // namespace

View read_view(Tx& tx, const Selection& selection, const LabelName& label, const Sight& sight, std::optional<std::int64_t> at) {
    return Reading(tx, selection, label, sight, at).read();
}

Items merged(const InForce& in_force) {
    std::vector<const Items*> layers;
    for (const Items& layer : in_force.layers) layers.push_back(&layer);
    return values_of(overlay(layers));
}

} // namespace gravity::config
