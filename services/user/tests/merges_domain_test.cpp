#include "merges_domain.hpp"

#include <gtest/gtest.h>

namespace gravity::user {
namespace {

const Timestamp early = Timestamp::from_unix_seconds(1'000'000), late = Timestamp::from_unix_seconds(2'000'000);

MergeSide side(std::string_view handle) {
    MergeSide one;
    one.user.id = UserId::fresh();
    one.user.version = Version(1);
    one.user.subject = Subject::parse(handle).or_throw();
    one.user.handle = Handle::parse(handle).or_throw();
    one.user.state = UserState::active;
    one.user.state_at = one.user.created_at = one.user.updated_at = early;
    return one;
}
StoredContact email(std::string address, bool primary = false, std::optional<Timestamp> verified = {}) {
    return {ContactKind::email, address, address, {}, primary, verified};
}
ConsentBrief consent(std::string_view purpose, Timestamp given, std::optional<Timestamp> withdrawn = {}) {
    return {ConsentId::fresh(), Purpose::parse(purpose).or_throw(), given, withdrawn};
}
// "handle email:a@x.org ": what is lost, in the order in which it is said.
std::string lost(const MergePlan& plan) {
    std::string all;
    for (const MergeConflict& one : plan.outcome.conflicts)
        all += json::to_document(one.kind).as_string() + (one.what.empty() ? "" : ":" + one.what) + " ";
    return all;
}
std::string addresses(const std::vector<StoredContact>& contacts) {
    std::string all;
    for (const StoredContact& c : contacts) all += c.canonical + (c.primary ? "*" : "") + (c.verified_at ? "!" : "") + " ";
    return all;
}

TEST(MergePlan, SaysWhatIsLost) {
    MergeSide winner = side("ada"), loser = side("ada2");
    loser.user.state = UserState::suspended;
    loser.user.external_id = Text<1, 255>::parse("x").or_throw();
    loser.user.profile.emplace();
    loser.user.profile->title = Text<1, 200>::parse("Dr").or_throw();
    loser.user.custom["shop"] = Json::object({{"colour", "red"}});
    winner.user.custom["shop"] = Json::object({{"colour", "blue"}});
    loser.user.custom["same"] = winner.user.custom["same"] = Json::object({{"a", 1}});
    const MergePlan plan = plan_merge(winner, loser);
    EXPECT_EQ(lost(plan), "handle external_id state profile:title custom:shop ");
    EXPECT_EQ(plan.outcome.conflicts[0].winner, Json("ada"));
    EXPECT_EQ(plan.outcome.conflicts[0].loser, Json("ada2"));
    EXPECT_EQ(plan.outcome.conflicts[4].loser, loser.user.custom["shop"]);
}

MergeChoice choice(ConflictKind kind, std::string_view what = "", MergeAccount keep = MergeAccount::loser) {
    MergeChoice one{kind, {}, keep};
    if (!what.empty()) one.what = Text<1, 500>::parse(what).or_throw();
    return one;
}
LayerValue preference(std::string_view key, std::string_view value) { return {PreferenceKey::parse(key).or_throw(), std::string(value)}; }

TEST(MergePlan, KeepsWhatIsChosenAndGivesItBackUnlessItWasChanged) {
    MergeSide winner = side("ada"), loser = side("ada2");
    loser.user.external_id = Text<1, 255>::parse("x").or_throw();
    loser.user.locale = Locale::parse("de").or_throw();
    loser.user.time_zone = TimeZone::parse("Europe/Vienna").or_throw();
    loser.user.profile.emplace();
    loser.user.profile->title = Text<1, 200>::parse("Dr").or_throw();
    loser.user.profile->nick_name = Text<1, 200>::parse("al").or_throw();
    loser.user.custom["shop"] = Json::object({{"colour", "red"}});
    winner.user.custom["shop"] = Json::object({{"colour", "blue"}});
    loser.user.custom["club"] = Json::object({{"a", 1}});
    winner.preferences = {preference("theme", "light"), preference("digest", "daily")};
    loser.preferences = {preference("theme", "dark"), preference("digest", "weekly")};
    const std::vector<MergeChoice> choices = {choice(ConflictKind::handle), choice(ConflictKind::external_id), choice(ConflictKind::locale),
                                              choice(ConflictKind::time_zone, "", MergeAccount::winner), choice(ConflictKind::profile, "title"),
                                              choice(ConflictKind::custom, "shop"), choice(ConflictKind::custom, "club"),
                                              choice(ConflictKind::preference, "theme")};
    const MergePlan plan = plan_merge(winner, loser, choices);
    EXPECT_TRUE(plan.unmet.empty());
    EXPECT_EQ(plan.winner.handle, loser.user.handle);
    EXPECT_EQ(plan.winner.external_id, loser.user.external_id);
    EXPECT_EQ(plan.winner.locale, loser.user.locale);
    EXPECT_EQ(plan.winner.time_zone, std::nullopt);
    EXPECT_EQ(plan.winner.profile->title, loser.user.profile->title);
    EXPECT_EQ(plan.winner.profile->nick_name, std::nullopt);
    EXPECT_EQ(plan.winner.custom, loser.user.custom);
    ASSERT_EQ(plan.preferences.size(), 1U);
    EXPECT_EQ(plan.preferences[0].value, Json("dark"));
    std::string kept;
    for (const MergeConflict& one : plan.outcome.conflicts) kept += json::to_document(one.kind).as_string() + (*one.keep == MergeAccount::loser ? "! " : " ");
    EXPECT_EQ(kept, "handle! external_id! profile profile! locale! time_zone custom! custom! preference! preference ");

    User present = winner.user;
    static_cast<UserEdit&>(present) = plan.winner;
    const auto values = std::vector{preference("digest", "daily"), preference("theme", "dark")};
    const SplitChoices split = split_choices(present, values, plan.record.chosen);
    EXPECT_EQ(json::encode(split.winner.custom), json::encode(winner.user.custom));
    EXPECT_EQ(split.winner.handle, winner.user.handle);
    EXPECT_EQ(split.handle, loser.user.handle);
    EXPECT_EQ(split.winner.external_id, std::nullopt);
    EXPECT_EQ(split.external_id, loser.user.external_id);
    EXPECT_EQ(split.winner.locale, std::nullopt);
    EXPECT_EQ(split.winner.profile->title, std::nullopt);
    ASSERT_EQ(split.preferences.size(), 1U);
    EXPECT_EQ(split.preferences[0].value, Json("light"));
    // What was changed since is theirs.
    present.locale = Locale::parse("fr").or_throw();
    present.handle = Handle::parse("countess").or_throw();
    present.profile->title = Text<1, 200>::parse("Prof").or_throw();
    present.custom.erase("club");
    const SplitChoices later = split_choices(present, {}, plan.record.chosen);
    EXPECT_EQ(later.winner.locale, present.locale);
    EXPECT_EQ(later.winner.handle, present.handle);
    EXPECT_EQ(later.handle, loser.user.handle);
    EXPECT_EQ(later.winner.profile->title, present.profile->title);
    EXPECT_TRUE(later.preferences.empty());
}

TEST(MergePlan, SaysWhatChoicesAreOfNoConflict) {
    MergeSide winner = side("ada"), loser = side("ada2");
    winner.contacts = loser.contacts = {email("a@x.org")};
    loser.user.state = UserState::suspended;
    const std::vector<MergeChoice> choices = {choice(ConflictKind::locale), choice(ConflictKind::handle), choice(ConflictKind::handle),
                                              choice(ConflictKind::state), choice(ConflictKind::email, "a@x.org"), choice(ConflictKind::handle, "ada2")};
    EXPECT_EQ(plan_merge(winner, loser, choices).unmet, (std::vector<std::size_t>{0, 2, 3, 4, 5}));
    EXPECT_NE(plan_merge(winner, loser, {choice(ConflictKind::handle)}).fingerprint, plan_merge(winner, loser).fingerprint);
}

TEST(MergePlan, MovesAddressesAndKeepsOnePrimary) {
    MergeSide winner = side("ada"), loser = side("ada2");
    winner.contacts = {email("a@x.org", true), email("b@x.org")};
    loser.contacts = {email("c@x.org", true, early), email("b@x.org", false, late), email("a@x.org")};
    loser.contacts.push_back({ContactKind::phone, "+49301", "+49301", {}, true, {}});
    const MergePlan plan = plan_merge(winner, loser);
    EXPECT_EQ(addresses(plan.contacts), "a@x.org* b@x.org! c@x.org! +49301* "); // who has proved it has proved it for both
    EXPECT_EQ(lost(plan), "handle email:b@x.org email:a@x.org ");
    EXPECT_EQ(plan.outcome.moves.emails, std::vector<std::string>{"c@x.org"});
    EXPECT_EQ(plan.outcome.moves.phones, std::vector<std::string>{"+49301"});
    const SplitContacts split = split_contacts(plan.contacts, plan.record.contacts);
    EXPECT_TRUE(split.conflicts.empty());
    EXPECT_EQ(addresses(split.winner), "a@x.org* b@x.org ");
    EXPECT_EQ(addresses(split.loser), "c@x.org*! b@x.org! a@x.org +49301* ");
}

TEST(MergePlan, IsUndoneUnlessAnAddressIsGone) {
    MergeSide winner = side("ada"), loser = side("ada2");
    winner.contacts = {email("b@x.org")};
    loser.contacts = {email("b@x.org", false, early), email("c@x.org")};
    const MergePlan plan = plan_merge(winner, loser);
    EXPECT_EQ(split_contacts({}, plan.record.contacts).conflicts.size(), 2U);
    auto proved = plan.contacts;
    proved[0].verified_at = late;
    EXPECT_EQ(split_contacts(proved, plan.record.contacts).conflicts, std::vector<std::string>{"b@x.org was proved anew since"});
    auto better = plan.contacts;
    better[1].verified_at = late; // of one that moved it goes back with it
    better.push_back(email("new@x.org"));
    const SplitContacts split = split_contacts(better, plan.record.contacts);
    EXPECT_EQ(addresses(split.winner), "b@x.org new@x.org ");
    EXPECT_EQ(addresses(split.loser), "b@x.org! c@x.org! ");
}

TEST(MergePlan, KeepsWhatTheWinnerSaidOfAPurpose) {
    const auto moved = [](const ConsentBrief& ours, const ConsentBrief& theirs) {
        MergeSide winner = side("ada"), loser = side("ada2");
        winner.consents = {ours};
        loser.consents = {theirs};
        const MergePlan plan = plan_merge(winner, loser);
        return lost(plan) + (plan.outcome.moves.consents.empty() ? "stays" : "moves");
    };
    EXPECT_EQ(moved(consent("mail", early), consent("other", early)), "handle moves");
    EXPECT_EQ(moved(consent("mail", early), consent("mail", late)), "handle consent:mail stays");
    EXPECT_EQ(moved(consent("mail", early, late), consent("mail", early)), "handle consent:mail stays");       // taken back since
    EXPECT_EQ(moved(consent("mail", early, early), consent("mail", late)), "handle moves");                    // agreed to since
    EXPECT_EQ(moved(consent("mail", early), consent("mail", early, late)), "handle consent:mail moves");       // shown, for the operator to see to
    EXPECT_EQ(moved(consent("mail", late), consent("mail", early, early)), "handle moves");
}

TEST(MergePlan, HasAFingerprintOfBoth) {
    MergeSide winner = side("ada"), loser = side("ada2");
    const std::string before = plan_merge(winner, loser).fingerprint;
    EXPECT_EQ(plan_merge(winner, loser).fingerprint, before);
    winner.contacts = {email("a@x.org")};
    EXPECT_NE(plan_merge(winner, loser).fingerprint, before);
    EXPECT_NE(plan_merge(loser, winner).fingerprint, plan_merge(winner, loser).fingerprint);
}

} // namespace
} // namespace gravity::user
