#include "scim_fixture.hpp"
#include "users_model.hpp"

#include <gravity/base/clock.hpp>

#include <atomic>

namespace gravity::user {
namespace {

class Merges : public ScimApi {
protected:
    const std::string merges = "/api/v1/user-merges";

    testkit::Answer account(const std::string& handle, Json emails = Json::array()) {
        return operator_.post("/api/v1/users", {{"handle", handle}, {"subject", "sub-" + handle}, {"emails", std::move(emails)}}).expect(201);
    }
    static Json address(const std::string& address, bool verified = false) { return Json::object({{"address", address}, {"verified", verified}}); }
    testkit::Answer propose(const testkit::Answer& winner, const testkit::Answer& loser) {
        return operator_.post(merges, {{"winner_id", winner.text("/id")}, {"loser_id", loser.text("/id")}, {"reason", "one person"}}).expect(201);
    }
    testkit::Answer merge(const testkit::Answer& winner, const testkit::Answer& loser) {
        return operator_.post(propose(winner, loser).location() + "/confirm").expect(200).field("/state", "merged");
    }
    std::string at(const testkit::Answer& merge) const { return merges + "/" + merge.text("/id"); }
    testkit::Answer read(const testkit::Answer& account) { return operator_.get("/api/v1/users/" + account.text("/id")).expect(200); }
    // The kinds of what was lost.
    static std::string lost(const testkit::Answer& merge) {
        std::string all;
        const Json conflicts = merge.at("/outcome/conflicts");
        for (const Json& one : conflicts.as_array()) all += one.find("kind")->as_string() + " ";
        return all;
    }
    std::string groups_of(const testkit::Answer& account) {
        std::string all;
        const Json groups = operator_.get("/api/v1/user-groups?member=" + account.text("/id")).expect(200).at("/items");
        for (const Json& one : groups.as_array()) all += one.find("display_name")->as_string() + " ";
        return all;
    }
    std::string consent_to(const std::string& purpose) {
        return operator_.post("/api/v1/consent-texts", {{"purpose", purpose}, {"label", "1"}, {"language", "en"}, {"text", "About " + purpose}})
            .expect(201)
            .text("/sha256");
    }
};

TEST_F(Merges, AreShownBeforeTheyAreDone) {
    const auto winner = account("ada", Json::array({address("ada@example.com")})), loser = account("ada2", Json::array({address("ADA@example.com", true)}));
    service.take_events();
    const auto proposed = propose(winner, loser).field("/state", "proposed").field("/merged_at", Json()).field("/outcome/conflicts/1/what", "ada@example.com");
    EXPECT_EQ(lost(proposed), "handle email ");
    EXPECT_EQ(read(loser).text("/handle"), "ada2"); // nothing has happened yet
    EXPECT_EQ(event_types(), "");
    EXPECT_EQ(operator_.get(proposed.location()).expect(200).json(), proposed.json());
    operator_.patch(loser.location(), {{"locale", "fr"}}).expect(200);
    operator_.post(proposed.location() + "/confirm").expect_problem(409, "merge-outdated");
    const auto again = propose(winner, loser);
    EXPECT_EQ(lost(again), "handle locale email ");
    operator_.post(again.location() + "/confirm").if_match("\"7\"").expect_problem(412, "stale-version");
    const auto done = operator_.post(again.location() + "/confirm").if_match("\"1\"").expect(200).field("/state", "merged").field("/version", 2);
    EXPECT_EQ(operator_.post(again.location() + "/confirm").expect(200).json(), done.json()); // who asks twice
    operator_.get(merges + "?state=merged&user_id=" + loser.text("/id")).expect(200).field("/items/0/id", done.text("/id")).field("/items/1", Json());
    operator_.get(merges + "?state=proposed").expect(200).field("/items/0/id", proposed.text("/id")).field("/items/1", Json());
    as.stranger.get(at(done)).expect_problem(404, "not-found");
    as.stranger.post(at(done) + "/undo").expect_problem(404, "not-found");
    as.stranger.get(merges).expect(200).field("/items", Json::array());
    person("clerk", "users:write").get(merges).expect_problem(403, "forbidden");
}

TEST_F(Merges, LeadFromTheOldIdToTheOther) {
    const auto winner = account("ada", Json::array({address("a@example.com")}));
    const auto loser = account("ada2", Json::array({address("b@example.com", true)}));
    for (int i = 0; i < 3; ++i) operator_.patch(loser.location(), {{"external_id", std::to_string(i)}}).expect(200);
    const std::string then = now().to_string();
    service.take_events();
    merge(winner, loser);
    const auto events = service.take_events();
    ASSERT_EQ(events.size(), 2U);
    EXPECT_EQ(events[1].type, "gravity.user.user.merged");
    EXPECT_EQ(events[1].data.find("id")->as_string(), winner.text("/id"));
    EXPECT_EQ(events[1].data.find("old_id")->as_string(), loser.text("/id"));
    EXPECT_EQ(events[1].data.find("subject")->as_string(), "sub-ada");
    EXPECT_EQ(events[1].data.find("old_subject")->as_string(), "sub-ada2");

    const auto by_old_id = operator_.get(loser.location()).expect(200);
    EXPECT_EQ(by_old_id.header("Content-Location"), winner.location());
    by_old_id.field("/id", winner.text("/id")).field("/emails/0/address", "a@example.com").field("/emails/1/address", "b@example.com");
    by_old_id.field("/emails/1/verified", true).field("/version", 5); // above what either was
    EXPECT_EQ(operator_.get(winner.location()).expect(200).header("Content-Location"), "");
    operator_.get(loser.location() + "?at=" + then).expect(200).field("/handle", "ada2"); // as it was
    EXPECT_EQ(operator_.get(loser.location() + "?at=" + (now() + Duration::seconds(1)).to_string()).expect(200).header("Content-Location"), winner.location());
    EXPECT_NE(operator_.get(loser.location() + "/vcard").expect(200).body().find("b@example.com"), std::string::npos);
    operator_.get(loser.location() + "/preferences").expect(200);
    // Whose tokens they were is who they are now.
    const auto me = person("sub-ada2");
    me.get("/api/v1/users/me").expect(200).field("/id", winner.text("/id"));
    me.patch("/api/v1/users/me", {{"locale", "de"}}).expect(200);
    operator_.get(winner.location()).expect(200).field("/locale", "de");
    // What is to be changed is changed at the other one.
    const auto refused = operator_.patch(loser.location(), {{"locale", "fr"}}).expect_problem(409, "merged");
    EXPECT_EQ(refused.text("/merged_into"), winner.text("/id"));
    for (const std::string verb : {"suspend", "deactivate"}) operator_.post(loser.location() + "/" + verb, {{"reason", "x"}}).expect_problem(409, "merged");
    operator_.del(loser.location()).expect_problem(409, "merged");
    operator_.patch(loser.location() + "/preferences", {{"values", Json::object()}}).expect_problem(409, "merged");
    operator_.post("/api/v1/legal-holds", {{"user_id", loser.text("/id")}, {"reason", "x"}}).expect_problem(422, "no-such-user");
    // They are listed once, and found by the old handle, which is nobody else's.
    operator_.get("/api/v1/users").expect(200).field("/items/0/id", winner.text("/id")).field("/items/1", Json());
    operator_.get("/api/v1/users?handle=ADA2").expect(200).field("/items/0/id", winner.text("/id"));
    operator_.post("/api/v1/users", {{"handle", "ada2"}}).expect_problem(409, "handle-taken");
}

TEST_F(Merges, AreNotThereForDirectories) {
    const auto winner = user("ada"), loser = user("ada2", R"("externalId":"e2")");
    const auto group = ScimApi::group("g", {loser.text("/id")});
    const std::string version = group.text("/meta/version");
    merge(winner, loser);
    EXPECT_EQ(refusal(directory.get(ScimApi::at(loser)).send()), "404");
    EXPECT_EQ(refusal(patch(ScimApi::at(loser), R"({"op":"replace","path":"title","value":"x"})")), "404");
    EXPECT_EQ(refusal(directory.del(ScimApi::at(loser)).send()), "404");
    EXPECT_EQ(filtered("userName sw \"ada\""), "ada ");
    EXPECT_EQ(refusal(send("POST", users, user_json("ada2")).send()), "409 uniqueness");
    EXPECT_EQ(refusal(send("POST", users, user_json("new", R"("externalId":"e2")")).send()), "409 uniqueness");
    const auto after = directory.get(ScimApi::at(group)).expect(200).field("/members/0/value", winner.text("/id")).field("/members/1", Json());
    EXPECT_NE(after.text("/meta/version"), version);
    EXPECT_EQ(refusal(send("POST", groups, group_json("h", {loser.text("/id")})).send()), "400 invalidValue");
    operator_.call("PUT", "/api/v1/user-groups/" + group.text("/id") + "/members/" + loser.text("/id")).expect_problem(404, "not-found");
}

TEST_F(Merges, MoveWhatBothHaveOnceAndGiveItBack) {
    const auto winner = account("ada", Json::array({address("a@example.com"), address("both@example.com")}));
    const auto loser = account("ada2", Json::array({address("b@example.com"), address("both@example.com", true)}));
    const auto group = [&](std::string name, const std::vector<testkit::Answer>& members) {
        const auto made = operator_.post("/api/v1/user-groups", {{"display_name", name}}).expect(201);
        for (const auto& one : members) operator_.call("PUT", made.location() + "/members/" + one.text("/id")).expect(204);
    };
    group("theirs", {loser}), group("both", {winner, loser}), group("ours", {winner});
    for (const std::string key : {"theme", "digest"})
        operator_.put("/api/v1/preference-definitions/" + key, {{"json_schema", Json::object({{"type", "string"}})}, {"default", "x"}}).expect(200);
    operator_.patch(loser.location() + "/preferences", {{"values", Json::object({{"theme", "dark"}, {"digest", "weekly"}})}}).expect(200);
    operator_.patch(winner.location() + "/preferences", {{"values", Json::object({{"theme", "light"}})}}).expect(200);
    const auto record = [&](const testkit::Answer& who, const std::string& text) {
        return operator_.post(who.location() + "/consents", {{"text_sha256", text}, {"evidence", Json::object({{"source", "paper"}})}}).expect(201);
    };
    const std::string mail = consent_to("mail"), calls = consent_to("calls");
    const auto ours = record(winner, mail), theirs = record(loser, mail), moved = record(loser, calls);
    const auto before_winner = read(winner), before_loser = read(loser);

    const auto done = merge(winner, loser);
    EXPECT_EQ(lost(done), "handle email group consent preference ");
    done.field("/outcome/moves/emails/0", "b@example.com").field("/outcome/moves/groups/0/display", "theirs").field("/outcome/moves/preferences/0", "digest");
    done.field("/outcome/moves/consents/0", moved.text("/id"));
    EXPECT_EQ(groups_of(winner), "ours both theirs ");
    EXPECT_EQ(groups_of(loser), "");
    read(winner).field("/emails/1/verified", true).field("/emails/2/address", "b@example.com");
    operator_.get(winner.location() + "/preferences").expect(200).field("/preferences/theme/value", "light").field("/preferences/digest/value", "weekly");
    operator_.get("/api/v1/consents?user_id=" + winner.text("/id")).expect(200).field("/items/0/id", moved.text("/id")).field("/items/1/id", ours.text("/id"));
    operator_.get(theirs.location()).expect(200).field("/user_id", loser.text("/id")); // stays where it was given
    person("sub-ada2").del("/api/v1/consents/" + moved.text("/id")).expect(204);       // it is theirs as before

    service.take_events();
    const auto undone = operator_.post(at(done) + "/undo").expect(200).field("/state", "undone").field("/outcome", Json());
    EXPECT_EQ(event_types(), "group_member.removed group_member.added group_member.added user.updated user.updated user.split ");
    EXPECT_EQ(operator_.post(at(done) + "/undo").expect(200).json(), undone.json()); // who asks twice
    operator_.post(at(done) + "/confirm").expect_problem(409, "merge-state");
    const auto as_before = [&](const testkit::Answer& before) {
        const auto after = read(before);
        EXPECT_EQ(after.header("Content-Location"), "");
        for (const std::string member : {"/handle", "/subject", "/emails", "/phones", "/profile", "/state"})
            EXPECT_EQ(after.at(member), before.at(member)) << member;
        EXPECT_GT(after.at("/version").as_integer(), before.at("/version").as_integer());
    };
    as_before(before_winner), as_before(before_loser);
    EXPECT_EQ(groups_of(winner), "ours both ");
    EXPECT_EQ(groups_of(loser), "both theirs ");
    operator_.get(loser.location() + "/preferences").expect(200).field("/preferences/theme/value", "dark").field("/preferences/digest/value", "weekly");
    operator_.get(winner.location() + "/preferences").expect(200).field("/preferences/theme/value", "light").field("/preferences/digest/layer", "default");
    operator_.get(moved.location()).expect(200).field("/user_id", loser.text("/id")).field("/withdrawn_by", winner.text("/id"));
    person("sub-ada2").get("/api/v1/users/me").expect(200).field("/id", loser.text("/id"));
    EXPECT_EQ(service.database().admin("select count(*) from user_merge where record is not null or outcome is not null"), "0");
    merge(loser, winner); // and the other way round
}

TEST_F(Merges, KeepWhatAnOperatorChoosesOfEach) {
    const auto schema = Json::object({{"type", "object"}});
    operator_.put("/api/v1/profile-schemas/shop", {{"schema", schema}}).expect(200);
    operator_.put("/api/v1/preference-definitions/theme", {{"json_schema", Json::object({{"type", "string"}})}, {"default", "x"}}).expect(200);
    const auto winner = account("ada"), loser = account("ada2");
    const auto about = [&](const testkit::Answer& who, const std::string& tag) {
        operator_.patch(who.location(), {{"external_id", tag},
                                         {"locale", tag == "w" ? "fr" : "de"},
                                         {"profile", Json::object({{"title", tag}, {"nick_name", tag}})},
                                         {"custom", Json::object({{"shop", Json::object({{"tag", tag}})}})}})
            .expect(200);
        operator_.patch(who.location() + "/preferences", {{"values", Json::object({{"theme", tag}})}}).expect(200);
    };
    about(winner, "w"), about(loser, "l");
    const auto wanted = [](std::string kind, std::string what = "", std::string keep = "loser") {
        Json one = Json::object({{"kind", kind}, {"keep", keep}});
        if (!what.empty()) one["what"] = what;
        return one;
    };
    const auto proposed_with = [&](Json choices) {
        return operator_.post(merges, {{"winner_id", winner.text("/id")}, {"loser_id", loser.text("/id")}, {"choices", std::move(choices)}});
    };
    proposed_with(Json::array({wanted("handle"), wanted("time_zone"), wanted("profile", "nothing"), wanted("handle")}))
        .expect_problem(422, "invalid-value")
        .field("/errors/0/pointer", "/choices/1")
        .field("/errors/1/pointer", "/choices/2")
        .field("/errors/2/pointer", "/choices/3");
    proposed_with(Json::array({wanted("state")})).expect_problem(422, "invalid-value");
    proposed_with(Json::array({wanted("handle", "", "neither")})).expect_problem(422, "invalid-value");
    proposed_with(Json::array({wanted("soul")})).expect_problem(422, "invalid-value");
    Json many = Json::array();
    for (int i = 0; i < 201; ++i) many.push_back(wanted("handle"));
    proposed_with(many).expect_problem(422, "invalid-value");

    const Json choices = Json::array({wanted("handle"), wanted("external_id"), wanted("locale"), wanted("profile", "title"), wanted("custom", "shop"),
                                      wanted("preference", "theme"), wanted("profile", "nick_name", "winner")});
    const auto proposed = proposed_with(choices).expect(201).field("/choices/1/kind", "external_id").field("/outcome/conflicts/0/keep", "loser");
    read(winner).field("/handle", "ada"); // nothing has happened yet
    operator_.post(proposed.location() + "/confirm").expect(200);
    const auto now = read(winner).field("/handle", "ada2").field("/external_id", "l").field("/locale", "de").field("/custom/shop/tag", "l");
    now.field("/profile/title", "l").field("/profile/nick_name", "w").field("/subject", "sub-ada");
    operator_.get(winner.location() + "/preferences").expect(200).field("/preferences/theme/value", "l");
    for (const std::string name : {"ada", "ada2"}) { // both stay theirs
        operator_.get("/api/v1/users?handle=" + name).expect(200).field("/items/0/id", winner.text("/id")).field("/items/1", Json());
        operator_.post("/api/v1/users", {{"handle", name}}).expect_problem(409, "handle-taken");
    }
    for (const std::string name : {"w", "l"})
        operator_.post("/api/v1/users", {{"handle", "x"}, {"external_id", name}}).expect_problem(409, "external-id-taken");
    EXPECT_EQ(filtered("externalId eq \"l\""), "ada2 ");

    operator_.patch(winner.location(), {{"locale", "en"}}).expect(200);
    operator_.put("/api/v1/preference-definitions/theme", {{"json_schema", Json::object({{"enum", Json::array({"l"})}})}, {"default", "l"}}).expect(200);
    operator_.post(at(proposed) + "/undo").expect_problem(409, "undo-conflicts"); // what was given up is let through no more
    operator_.put("/api/v1/preference-definitions/theme", {{"json_schema", Json::object({{"type", "string"}})}, {"default", "x"}}).expect(200);
    operator_.post(at(proposed) + "/undo").expect(200).field("/choices", Json::array()).field("/outcome", Json());
    const auto back = read(winner).field("/handle", "ada").field("/external_id", "w").field("/locale", "en").field("/custom/shop/tag", "w");
    back.field("/profile/title", "w").field("/profile/nick_name", "w");
    const auto other = read(loser).field("/handle", "ada2").field("/external_id", "l").field("/locale", "de").field("/custom/shop/tag", "l");
    other.field("/profile/title", "l").field("/deleted_at", Json());
    operator_.get(winner.location() + "/preferences").expect(200).field("/preferences/theme/value", "w");
    operator_.get(loser.location() + "/preferences").expect(200).field("/preferences/theme/value", "l");

    // Whoever takes a name meanwhile keeps it: the account cannot be as it was.
    const auto again = proposed_with(Json::array({wanted("handle")})).expect(201);
    operator_.post(again.location() + "/confirm").expect(200);
    operator_.patch(winner.location(), {{"handle", "countess"}}).expect(200);
    const auto taker = operator_.post("/api/v1/users", {{"handle", "ada2"}}).expect(201);
    operator_.post(at(again) + "/undo").expect_problem(409, "handle-taken");
    operator_.patch(taker.location(), {{"handle", "somebody"}}).expect(200);
    operator_.post(at(again) + "/undo").expect(200);
    read(winner).field("/handle", "countess"); // theirs since
    read(loser).field("/handle", "ada2");
    operator_.post("/api/v1/users", {{"handle", "ada"}}).expect(201);
    as.stranger.post(merges, {{"winner_id", winner.text("/id")}, {"loser_id", loser.text("/id")}, {"choices", choices}}).expect_problem(422, "no-such-user");
}

TEST_F(Merges, AreUndoneUnlessSomethingElseHasHappened) {
    const auto winner = account("ada"), loser = account("ada2", Json::array({address("b@example.com")})), third = account("third");
    const auto group = operator_.post("/api/v1/user-groups", {{"display_name", "crew"}}).expect(201);
    const std::string membership = group.location() + "/members/";
    operator_.call("PUT", membership + loser.text("/id")).expect(204);
    const auto done = merge(winner, loser);
    const auto told = [&] {
        const auto refused = operator_.post(at(done) + "/undo").expect_problem(409, "undo-conflicts");
        std::string all;
        const Json errors = refused.at("/errors");
        for (const Json& one : errors.as_array()) all += one.find("detail")->as_string() + "; ";
        return all;
    };
    operator_.patch(winner.location(), {{"emails", Json::array()}}).expect(200);
    operator_.del(membership + winner.text("/id")).expect(204);
    operator_.post(winner.location() + "/suspend", {{"reason", "x"}}).expect(200);
    EXPECT_EQ(told(), "b@example.com was taken away since; the account is not active any more; was taken out of group crew (" + group.text("/id") +
                          ") since; ");
    operator_.post(winner.location() + "/reactivate", {{"reason", "x"}}).expect(200);
    operator_.patch(winner.location(), {{"emails", Json::array({address("b@example.com"), address("new@example.com")})}}).expect(200);
    operator_.call("PUT", membership + winner.text("/id")).expect(204);
    const auto export_ = operator_.post("/api/v1/privacy-requests", {{"kind", "export"}, {"user_id", winner.text("/id")}}).expect(201);
    EXPECT_EQ(told(), "a privacy request (export) is not over; ");
    operator_.post(export_.location() + "/cancel").expect(200);
    const auto onwards = merge(third, winner); // what was merged is merged on
    EXPECT_EQ(told(), "the account was itself merged into another one since: undo that first; ");
    EXPECT_EQ(operator_.get(loser.location()).expect(200).header("Content-Location"), third.location());
    operator_.post(at(onwards) + "/undo").expect(200);
    EXPECT_EQ(operator_.get(loser.location()).expect(200).header("Content-Location"), winner.location());
    operator_.post(at(done) + "/undo").expect(200);
    read(winner).field("/emails/0/address", "new@example.com").field("/emails/1", Json()); // what came since stays
    read(loser).field("/emails/0/address", "b@example.com");
    EXPECT_EQ(groups_of(loser), "crew ");
}

TEST_F(Merges, AreRefusedWhereTheyCannotBe) {
    const auto winner = account("ada"), loser = account("ada2");
    const auto wrong = [&](const std::string& a, const std::string& b) { return operator_.post(merges, {{"winner_id", a}, {"loser_id", b}}).send(); };
    EXPECT_EQ(wrong(winner.text("/id"), winner.text("/id")).text("/errors/0/pointer"), "/loser_id");
    EXPECT_EQ(wrong(UserId::fresh().to_string(), loser.text("/id")).text("/errors/0/pointer"), "/winner_id");
    EXPECT_EQ(wrong(winner.text("/id"), UserId::fresh().to_string()).text("/type"), problem_type("no-such-user"));
    operator_.post(merges, {{"winner_id", "x"}, {"loser_id", loser.text("/id")}}).expect_problem(422, "invalid-value");
    operator_.post(merges, {{"winner_id", winner.text("/id")}}).expect_problem(400, "malformed-request");
    const auto theirs = as.stranger.post("/api/v1/users", {{"handle", "eve"}}).expect(201);
    EXPECT_EQ(wrong(winner.text("/id"), theirs.text("/id")).text("/type"), problem_type("no-such-user"));
    operator_.post(merges + "/" + Uuid::v7().to_string() + "/confirm").expect_problem(404, "not-found");
    const auto proposed = propose(winner, loser);
    operator_.post(proposed.location() + "/undo").expect_problem(409, "merge-state");
    const auto request = operator_.post("/api/v1/privacy-requests", {{"kind", "erasure"}, {"user_id", loser.text("/id")}}).expect(201);
    operator_.post(proposed.location() + "/confirm").expect_problem(409, "merge-not-possible");
    EXPECT_EQ(wrong(winner.text("/id"), loser.text("/id")).text("/type"), problem_type("merge-not-possible"));
    operator_.post(request.location() + "/cancel").expect(200);
    operator_.post(winner.location() + "/suspend", {{"reason", "x"}}).expect(200);
    EXPECT_EQ(wrong(winner.text("/id"), loser.text("/id")).text("/type"), problem_type("merge-not-possible"));
    operator_.post(winner.location() + "/reactivate", {{"reason", "x"}}).expect(200);
    Json ours = Json::array(), others = Json::array();
    for (int i = 0; i < 11; ++i) ours.push_back(address("w" + std::to_string(i) + "@example.com"));
    for (int i = 0; i < 11; ++i) others.push_back(address("l" + std::to_string(i) + "@example.com"));
    operator_.patch(winner.location(), {{"emails", ours}}).expect(200);
    operator_.patch(loser.location(), {{"emails", others}}).expect(200);
    EXPECT_EQ(wrong(winner.text("/id"), loser.text("/id")).text("/type"), problem_type("merge-not-possible"));
    operator_.patch(loser.location(), {{"emails", Json::array()}}).expect(200);
    merge(winner, loser);
    const auto again = wrong(winner.text("/id"), loser.text("/id"));
    EXPECT_EQ(again.text("/type"), problem_type("merged"));
    EXPECT_EQ(again.text("/merged_into"), winner.text("/id"));
}

// A into B and B into A at once: one of them is done, whole; the other one is told where they are.
TEST_F(Merges, AreDoneOnceFromWhicheverSide) {
    for (int round = 0; round < 5; ++round) {
        const std::string name = "ada" + std::to_string(round);
        const auto a = account(name, Json::array({address(name + "@example.com", true)}));
        const auto b = account(name + "b", Json::array({address(name + "b@example.com", true)}));
        const std::string one = propose(a, b).location(), other = propose(b, a).location();
        std::atomic<int> won{0}, lost{0};
        at_once(8, [&](int i) {
            const auto answer = operator_.post((i % 2 == 0 ? one : other) + "/confirm").send();
            if (answer.status() == 200) ++won;
            if (answer.status() == 409 && answer.text("/type") == problem_type("merged")) ++lost;
        });
        EXPECT_EQ(won, 4); // who asks twice gets the same answer
        EXPECT_EQ(lost, 4);
        const auto winner = read(a);
        EXPECT_EQ(read(b).text("/id"), winner.text("/id"));
        winner.field("/emails/1/verified", true).field("/emails/2", Json());
    }
    EXPECT_EQ(service.database().admin("select count(*) from users where merged_into is not null"), "5");
}

TEST_F(Merges, AreDoneWhileOthersChangeThem) {
    const auto winner = account("ada"), loser = account("ada2", Json::array({address("b@example.com")}));
    const auto group = operator_.post("/api/v1/user-groups", {{"display_name", "crew"}}).expect(201);
    std::atomic<int> done{0}, refused{0};
    at_once(12, [&](int i) {
        if (i % 3 == 0) {
            const auto proposed = operator_.post(merges, {{"winner_id", winner.text("/id")}, {"loser_id", loser.text("/id")}}).send();
            const int status = proposed.status() == 201 ? operator_.post(proposed.location() + "/confirm").send().status() : proposed.status();
            if (status == 200) ++done;
            if (status == 409) ++refused;
        } else if (i % 3 == 1) {
            const auto status = operator_.patch(loser.location(), {{"external_id", std::to_string(i)}}).send().status();
            EXPECT_TRUE(status == 200 || status == 409) << status;
        } else {
            const auto status = operator_.call("PUT", group.location() + "/members/" + loser.text("/id")).send().status();
            EXPECT_TRUE(status == 204 || status == 404) << status;
        }
    });
    EXPECT_EQ(done + refused, 4);
    if (done == 0) merge(winner, loser);
    EXPECT_EQ(service.database().admin("select count(*) from user_group_member m join users u on u.id = m.user_id where u.merged_into is not null"), "0");
    EXPECT_EQ(service.database().admin("select count(*) from user_contact c join users u on u.id = c.user_id where u.merged_into is not null"), "0");
    read(loser).field("/id", winner.text("/id"));
}

TEST_F(Merges, AreOfOnePersonWhoIsSuspendedAndErasedAsOne) {
    const auto winner = account("ada"), loser = account("yves", Json::array({address("yves@example.com")}));
    operator_.patch(loser.location(), {{"profile", Json::object({{"title", "yves"}})}}).expect(200);
    const auto text = consent_to("mail");
    operator_.post(loser.location() + "/consents", {{"text_sha256", text}, {"evidence", Json::object({{"source", "yves"}})}}).expect(201);
    const auto held = operator_.post("/api/v1/legal-holds", {{"user_id", loser.text("/id")}, {"reason", "case"}}).expect(201);
    merge(winner, loser);
    service.take_events();
    operator_.post(winner.location() + "/suspend", {{"reason", "x"}}).expect(200);
    std::string subjects;
    for (const auto& event : service.take_events()) subjects += event.data.find("subject")->as_string() + " ";
    EXPECT_EQ(subjects, "sub-ada sub-yves "); // whichever they sign in with
    operator_.post(winner.location() + "/deactivate", {{"reason", "x"}}).expect(200);
    operator_.del(winner.location()).expect_problem(409, "under-legal-hold");
    operator_.del(held.location()).expect(204);
    service.take_events();
    operator_.del(winner.location()).expect(204);
    EXPECT_EQ(event_types(), "user.erased user.erased ");
    for (const auto& one : {winner, loser}) operator_.get(one.location()).expect_problem(404, "not-found");
    person("sub-yves").get("/api/v1/users/me").expect_problem(404, "not-a-user");
    for (const std::string table : {"users", "user_contact", "user_history", "user_merge", "consent"})
        EXPECT_EQ(service.database().admin("select count(*) from " + table + " t where t::text like '%yves%'"), "0") << table;
    operator_.get(merges).expect(200).field("/items/0/outcome", Json()).field("/items/0/reason", Json());
}

// Whoever keeps data by either id is told of both.
TEST_F(Merges, AreKnownToThoseWhoAreAskedForData) {
    const auto winner = account("ada"), loser = account("yves");
    merge(winner, loser);
    operator_.put("/api/v1/data-holders/order", {{"client", "client:order"}, {"holds", "Orders"}}).expect(200);
    service.take_events();
    const auto asked = operator_.post("/api/v1/privacy-requests", {{"kind", "export"}, {"user_id", winner.text("/id")}}).expect(201);
    operator_.post(asked.location() + "/approve").expect(200);
    const auto events = service.take_events();
    ASSERT_EQ(events.size(), 1U);
    const Json former = Json::array({Json::object({{"user_id", loser.text("/id")}, {"subject", "sub-yves"}})});
    EXPECT_EQ(*events[0].data.find("former"), former);
    const auto tasks = person("client:order", "privacy-requests:write").get("/api/v1/data-holders/order/tasks").expect(200);
    EXPECT_EQ(tasks.at("/items/0/former"), former);
}

TEST_F(Merges, AreForGoodAfterThirtyDays) {
    const auto winner = account("ada"), loser = account("ada2"), other = account("other");
    propose(winner, other);
    const auto done = merge(winner, loser);
    service.database().admin("update user_merge set created_at = created_at - interval '31 days', merged_at = merged_at - interval '31 days', "
                             "undo_until = undo_until - interval '31 days'");
    operator_.post(at(done) + "/undo").expect_problem(409, "merge-state");
    service.database().admin("insert into gravity.job (id, project, kind, payload, caller, due_at, max_attempts, created_at) values (gen_random_uuid(), '" +
                             service.project().to_string() + "', 'forget-ended', '{}', 'test', now(), 3, now())");
    service.run_jobs_until_idle();
    operator_.get(at(done)).expect(200).field("/outcome", Json()).field("/state", "merged");
    operator_.get(merges + "?state=proposed").expect(200).field("/items", Json::array()); // nobody confirmed it
    EXPECT_EQ(operator_.get(loser.location()).expect(200).header("Content-Location"), winner.location()); // for ever
    operator_.patch(winner.location(), {{"handle", "ada2"}}).expect(200); // the name is free
    operator_.get("/api/v1/users?handle=ada2").expect(200).field("/items/0/id", winner.text("/id")).field("/items/1", Json());
}

} // namespace
} // namespace gravity::user
