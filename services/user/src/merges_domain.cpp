#include "merges_domain.hpp"

#include <gravity/base/crypto.hpp>
#include <gravity/base/encoding.hpp>
#include <gravity/json/codec.hpp>

#include <algorithm>
#include <stdexcept>

namespace gravity::user {
namespace {

template <class T>
Json shown(const std::optional<T>& value) {
    return value ? Json(value->str()) : Json();
}
constexpr std::size_t most_choices = 200;

// Of the rest there is nothing to choose: both have the same address or group, the winner is active, and what somebody has agreed to is not for others to say.
bool is_choosable(ConflictKind kind) {
    switch (kind) {
    case ConflictKind::handle:
    case ConflictKind::external_id:
    case ConflictKind::profile:
    case ConflictKind::locale:
    case ConflictKind::time_zone:
    case ConflictKind::custom:
    case ConflictKind::preference: return true;
    default: return false;
    }
}

// A profile is put together as a document; each of its members was let through with the one or the other.
std::optional<Profile> profile_of(const Json& document) {
    Profile profile;
    meta::Errors errors;
    json::decode(document, meta::mutable_ref(profile), errors);
    if (!errors.empty()) throw std::runtime_error("a merged profile is not readable: " + errors.to_string());
    return profile;
}
Json document_of_profile(const UserEdit& user) { return user.profile ? json::to_document(*user.profile) : Json::object(); }

template <class T>
std::optional<T> text_of(const Json& value) {
    return value.is_string() ? std::optional<T>(T::parse(value.as_string()).or_throw()) : std::nullopt;
}

bool is_empty(const Json& value) { return value.is_null() || ((value.is_array() || value.is_object()) && value.size() == 0); }

class Planner {
public:
    Planner(const MergeSide& winner, const MergeSide& loser, const std::vector<MergeChoice>& choices)
        : winner_(winner), loser_(loser), choices_(choices), met_(choices.size()) {
        plan_.winner = winner.user;
    }

    MergePlan plan() && {
        say_what_is_lost();
        plan_contacts();
        plan_groups();
        plan_consents();
        plan_preferences();
        for (std::size_t i = 0; i < met_.size(); ++i)
            if (!met_[i]) plan_.unmet.push_back(i);
        plan_.fingerprint = fingerprint();
        return std::move(plan_);
    }

private:
    MergeAccount choice_of(ConflictKind kind, const std::string& what) {
        if (!is_choosable(kind)) return MergeAccount::winner;
        for (std::size_t i = 0; i < choices_.size(); ++i) {
            const MergeChoice& choice = choices_[i];
            if (choice.kind != kind || (choice.what ? choice.what->str() : "") != what) continue;
            met_[i] = true;
            return choice.keep;
        }
        return MergeAccount::winner;
    }
    // True: the loser's stays instead.
    bool lost(ConflictKind kind, std::string what, Json winner, Json loser) {
        const MergeAccount keep = choice_of(kind, what);
        if (keep == MergeAccount::loser) plan_.record.chosen.push_back({kind, what, winner, loser});
        plan_.outcome.conflicts.push_back({kind, std::move(what), std::move(winner), std::move(loser), keep});
        return keep == MergeAccount::loser;
    }

    // What an account has once.
    void say_what_is_lost() {
        const User &winner = winner_.user, &loser = loser_.user;
        UserEdit& kept = plan_.winner;
        if (lost(ConflictKind::handle, "", winner.handle.str(), loser.handle.str())) kept.handle = loser.handle;
        if (loser.external_id && lost(ConflictKind::external_id, "", shown(winner.external_id), shown(loser.external_id))) kept.external_id = loser.external_id;
        if (winner.state != loser.state) lost(ConflictKind::state, "", json::to_document(winner.state), json::to_document(loser.state));
        if (loser.profile) keep_profile(document_of_profile(winner), json::to_document(*loser.profile));
        if (loser.locale && loser.locale != winner.locale && lost(ConflictKind::locale, "", shown(winner.locale), shown(loser.locale)))
            kept.locale = loser.locale;
        if (loser.time_zone && loser.time_zone != winner.time_zone && lost(ConflictKind::time_zone, "", shown(winner.time_zone), shown(loser.time_zone)))
            kept.time_zone = loser.time_zone;
        for (const std::string& name : lost_members(ConflictKind::custom, json::to_document(winner.custom), json::to_document(loser.custom)))
            kept.custom[name] = loser.custom.find(name)->second;
    }
    void keep_profile(Json winner, const Json& loser) {
        const auto chosen = lost_members(ConflictKind::profile, winner, loser);
        if (chosen.empty()) return;
        for (const std::string& name : chosen) winner[name] = *loser.find(name);
        plan_.winner.profile = profile_of(winner);
    }
    // Those where the loser's stay.
    std::vector<std::string> lost_members(ConflictKind kind, const Json& winner, const Json& loser) {
        std::vector<std::string> chosen;
        for (const auto& [name, value] : loser.as_object()) {
            const Json* const there = winner.find(name);
            if (is_empty(value) || (there != nullptr && *there == value)) continue;
            if (lost(kind, name, there == nullptr ? Json() : *there, value)) chosen.push_back(name);
        }
        return chosen;
    }

    void plan_contacts() {
        plan_.contacts = winner_.contacts;
        for (const StoredContact& theirs : loser_.contacts) {
            MergedContact entry;
            static_cast<StoredContact&>(entry) = theirs;
            const auto same = [&](const StoredContact& c) { return c.kind == theirs.kind && c.canonical == theirs.canonical; };
            const auto there = std::find_if(plan_.contacts.begin(), plan_.contacts.end(), same);
            if (there == plan_.contacts.end()) {
                entry.moved = true;
                StoredContact moved = theirs;
                const auto primary = [&](const StoredContact& c) { return c.kind == theirs.kind && c.primary; };
                if (std::any_of(plan_.contacts.begin(), plan_.contacts.end(), primary)) moved.primary = false;
                plan_.contacts.push_back(std::move(moved));
                (theirs.kind == ContactKind::email ? plan_.outcome.moves.emails : plan_.outcome.moves.phones).push_back(theirs.value);
            } else {
                const ConflictKind kind = theirs.kind == ContactKind::email ? ConflictKind::email : ConflictKind::phone;
                lost(kind, theirs.canonical, shown_contact(*there), shown_contact(theirs));
                entry.vouched = theirs.verified_at && !there->verified_at;
                if (entry.vouched) there->verified_at = theirs.verified_at;
            }
            plan_.record.contacts.push_back(std::move(entry));
        }
    }
    static Json shown_contact(const StoredContact& contact) {
        return Json::object({{"value", contact.value}, {"type", contact.type ? Json(*contact.type) : Json()}, {"verified", contact.verified_at.has_value()}});
    }

    void plan_groups() {
        for (const GroupOfUser& group : loser_.groups) {
            const bool both = std::any_of(winner_.groups.begin(), winner_.groups.end(), [&](const GroupOfUser& g) { return g.id == group.id; });
            if (both) lost(ConflictKind::group, group.id.to_string(), group.display, group.display);
            if (!both) plan_.outcome.moves.groups.push_back(group);
            (both ? plan_.record.both_groups : plan_.record.groups).push_back(group.id);
        }
    }

    void plan_consents() {
        const auto said = [](const ConsentBrief& c) {
            return Json::object({{"given_at", c.given_at.to_string()}, {"withdrawn_at", c.withdrawn_at ? Json(c.withdrawn_at->to_string()) : Json()}});
        };
        for (const ConsentBrief& theirs : loser_.consents) {
            const auto against = [&](const ConsentBrief& ours) {
                if (ours.purpose != theirs.purpose) return false;
                if (!theirs.withdrawn_at) return !ours.withdrawn_at || *ours.withdrawn_at > theirs.given_at;
                return !ours.withdrawn_at && ours.given_at < *theirs.withdrawn_at;
            };
            const auto there = std::find_if(winner_.consents.begin(), winner_.consents.end(), against);
            const bool stays = there != winner_.consents.end() && !theirs.withdrawn_at;
            if (there != winner_.consents.end()) lost(ConflictKind::consent, theirs.purpose.str(), said(*there), said(theirs));
            if (stays) continue;
            plan_.outcome.moves.consents.push_back(theirs.id);
            plan_.record.consents.push_back(theirs.id);
        }
    }

    void plan_preferences() {
        for (const LayerValue& theirs : loser_.preferences) {
            const auto there = std::find_if(winner_.preferences.begin(), winner_.preferences.end(), [&](const LayerValue& v) { return v.key == theirs.key; });
            if (there != winner_.preferences.end()) {
                if (there->value != theirs.value && lost(ConflictKind::preference, theirs.key.str(), there->value, theirs.value))
                    plan_.preferences.push_back(theirs);
                continue;
            }
            plan_.outcome.moves.preferences.push_back(theirs.key.str());
            plan_.record.preferences.push_back(theirs);
        }
    }

    // Of both as they are, whatever comes of it: who has seen a plan has seen this.
    std::string fingerprint() const {
        std::string all = json::encode(plan_.outcome) + json::encode(plan_.record);
        for (const MergeSide* const side : {&winner_, &loser_}) all += json::encode(side->user) + json::encode(side->contacts);
        return hex_encode(sha256(all));
    }

    const MergeSide &winner_, &loser_;
    const std::vector<MergeChoice>& choices_;
    std::vector<bool> met_;
    MergePlan plan_;
};

Json present_of(const User& winner, const std::vector<LayerValue>& preferences, const MergeChosen& chosen) {
    const auto member = [](const Json& document, const std::string& name) {
        const Json* const found = document.find(name);
        return found == nullptr ? Json() : *found;
    };
    switch (chosen.kind) {
    case ConflictKind::handle: return winner.handle.str();
    case ConflictKind::external_id: return shown(winner.external_id);
    case ConflictKind::locale: return shown(winner.locale);
    case ConflictKind::time_zone: return shown(winner.time_zone);
    case ConflictKind::profile: return member(document_of_profile(winner), chosen.what);
    case ConflictKind::custom: return member(json::to_document(winner.custom), chosen.what);
    default: break;
    }
    const auto found = std::find_if(preferences.begin(), preferences.end(), [&](const LayerValue& value) { return value.key.view() == chosen.what; });
    return found == preferences.end() ? Json() : found->value;
}

void put_back(SplitChoices& split, const MergeChosen& chosen) {
    UserEdit& winner = split.winner;
    switch (chosen.kind) {
    case ConflictKind::handle: winner.handle = Handle::parse(chosen.before.as_string()).or_throw(); return;
    case ConflictKind::external_id: winner.external_id = text_of<Text<1, 255>>(chosen.before); return;
    case ConflictKind::locale: winner.locale = text_of<Locale>(chosen.before); return;
    case ConflictKind::time_zone: winner.time_zone = text_of<TimeZone>(chosen.before); return;
    case ConflictKind::profile: {
        Json document = document_of_profile(winner);
        document[chosen.what] = chosen.before;
        if (chosen.before.is_null()) document.as_object().erase(chosen.what);
        winner.profile = profile_of(document);
        return;
    }
    case ConflictKind::custom:
        if (chosen.before.is_null())
            winner.custom.erase(chosen.what);
        else
            winner.custom[chosen.what] = chosen.before;
        return;
    default: break;
    }
    split.preferences.push_back({PreferenceKey::parse(chosen.what).or_throw(), chosen.before}); // both had one
}

} // namespace

void check(const NewMerge& merge, meta::Errors& errors) {
    if (merge.choices.size() > most_choices) errors.reject("choices", "must have at most 200 items");
}

MergePlan plan_merge(const MergeSide& winner, const MergeSide& loser, const std::vector<MergeChoice>& choices) {
    return Planner(winner, loser, choices).plan();
}

SplitChoices split_choices(const User& winner, const std::vector<LayerValue>& preferences, const std::vector<MergeChosen>& chosen) {
    SplitChoices split;
    split.winner = winner;
    for (const MergeChosen& one : chosen) {
        if (one.kind == ConflictKind::handle) split.handle = Handle::parse(one.after.as_string()).or_throw();
        if (one.kind == ConflictKind::external_id) split.external_id = text_of<Text<1, 255>>(one.after);
        if (present_of(winner, preferences, one) == one.after) put_back(split, one);
    }
    return split;
}

SplitContacts split_contacts(const std::vector<StoredContact>& present, const std::vector<MergedContact>& record) {
    SplitContacts split{present, {}, {}};
    for (const MergedContact& was : record) {
        StoredContact back = was;
        const auto same = [&](const StoredContact& c) { return c.kind == was.kind && c.canonical == was.canonical; };
        const auto there = std::find_if(split.winner.begin(), split.winner.end(), same);
        if ((was.moved || was.vouched) && there == split.winner.end())
            split.conflicts.push_back(was.value + " was taken away since");
        else if (was.moved) { // it may have been verified meanwhile
            back.verified_at = there->verified_at;
            split.winner.erase(there);
        } else if (was.vouched && there->verified_at == was.verified_at)
            there->verified_at.reset();
        else if (was.vouched)
            split.conflicts.push_back(was.value + " was proved anew since");
        split.loser.push_back(std::move(back));
    }
    return split;
}

} // namespace gravity::user
