#include "merges_domain.hpp"

#include <gravity/base/crypto.hpp>
#include <gravity/base/encoding.hpp>
#include <gravity/json/codec.hpp>

#include <algorithm>

namespace gravity::user {
namespace {

template <class T>
Json shown(const std::optional<T>& value) {
    return value ? Json(value->str()) : Json();
}
bool is_empty(const Json& value) { return value.is_null() || ((value.is_array() || value.is_object()) && value.size() == 0); }

class Planner {
public:
    Planner(const MergeSide& winner, const MergeSide& loser) : winner_(winner), loser_(loser) {}

    MergePlan plan() && {
        say_what_is_lost();
        plan_contacts();
        plan_groups();
        plan_consents();
        plan_preferences();
        plan_.fingerprint = fingerprint();
        return std::move(plan_);
    }

private:
    void lost(ConflictKind kind, std::string what, Json winner, Json loser) {
        plan_.outcome.conflicts.push_back({kind, std::move(what), std::move(winner), std::move(loser)});
    }

    // What an account has once: the winner's stays as it is.
    void say_what_is_lost() {
        const User &winner = winner_.user, &loser = loser_.user;
        lost(ConflictKind::handle, "", winner.handle.str(), loser.handle.str());
        if (loser.external_id) lost(ConflictKind::external_id, "", shown(winner.external_id), shown(loser.external_id));
        if (winner.state != loser.state) lost(ConflictKind::state, "", json::to_document(winner.state), json::to_document(loser.state));
        if (loser.profile) say_members(ConflictKind::profile, winner.profile ? json::to_document(*winner.profile) : Json(), json::to_document(*loser.profile));
        if (loser.locale && loser.locale != winner.locale) lost(ConflictKind::locale, "", shown(winner.locale), shown(loser.locale));
        if (loser.time_zone && loser.time_zone != winner.time_zone) lost(ConflictKind::time_zone, "", shown(winner.time_zone), shown(loser.time_zone));
        say_members(ConflictKind::custom, json::to_document(winner.custom), json::to_document(loser.custom));
    }
    void say_members(ConflictKind kind, const Json& winner, const Json& loser) {
        for (const auto& [name, value] : loser.as_object()) {
            const Json* const there = winner.is_object() ? winner.find(name) : nullptr;
            if (is_empty(value) || (there != nullptr && *there == value)) continue;
            lost(kind, name, there == nullptr ? Json() : *there, value);
        }
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
                if (there->value != theirs.value) lost(ConflictKind::preference, theirs.key.str(), there->value, theirs.value);
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
    MergePlan plan_;
};

} // namespace

MergePlan plan_merge(const MergeSide& winner, const MergeSide& loser) { return Planner(winner, loser).plan(); }

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
