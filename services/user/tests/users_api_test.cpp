#include "user_fixture.hpp"
#include "users_model.hpp"

#include <gravity/base/clock.hpp>
#include <gravity/testkit/loop.hpp>

#include <atomic>

namespace gravity::user {
namespace {

class Users : public UserApi {};

TEST_F(Users, AreCreatedReadAndChanged) {
    const Json body = Json::object({{"handle", "Ada"},
                                    {"profile", Json::object({{"name", Json::object({{"family_name", "Lovelace"}})}, {"display_name", "Ada L"}})},
                                    {"locale", "de-at"},
                                    {"time_zone", "Europe/Vienna"},
                                    {"external_id", "x-1"},
                                    {"emails", Json::array({Json::object({{"address", "Ada@Example.com"}, {"primary", true}, {"type", "work"}}),
                                                            Json::object({{"address", "ada@example.org"}})})},
                                    {"phones", Json::array({Json::object({{"number", "+49 30 12345678"}})})}});
    const auto made = operator_.post("/api/v1/users", testkit::Members(body)).expect(201);
    EXPECT_EQ(made.location(), "/api/v1/users/" + made.text("/id"));
    made.field("/handle", "Ada").field("/state", "active").field("/subject", made.text("/id")).field("/locale", "de-AT").field("/version", 1);
    made.field("/emails/0/address", "Ada@example.com").field("/emails/0/primary", true).field("/emails/0/verified", false).field("/emails/1/primary", false);
    made.field("/phones/0/number", "+49 30 12345678").field("/profile/name/family_name", "Lovelace").field("/profile/addresses", Json::array());
    EXPECT_EQ(event_types(), "user.created ");
    const auto read = operator_.get(made.location()).expect(200);
    EXPECT_EQ(read.json(), made.json());
    const auto changed = operator_.patch(made.location(), {{"profile", Json::object({{"nick_name", "al"}})}}).if_match(read.etag()).expect(200);
    changed.field("/profile/nick_name", "al").field("/profile/display_name", "Ada L").field("/version", 2).field("/emails/1/address", "ada@example.org");
    operator_.patch(made.location(), {{"handle", "late"}}).if_match(read.etag()).expect_problem(412, "stale-version");
    operator_.patch(made.location(), {{"profile", Json::object({{"nick_name", "al"}})}}).expect(200).field("/version", 2); // as it is
    operator_.patch(made.location(), {{"emails", Json::array()}, {"external_id", Json()}})
        .expect(200)
        .field("/emails", Json::array())
        .field("/external_id", Json());
    operator_.patch(made.location(), {{"state", "suspended"}}).expect_problem(400, "malformed-request");
    EXPECT_EQ(event_types(), "user.updated user.updated ");
    operator_.get("/api/v1/users/" + UserId::fresh().to_string()).expect_problem(404, "not-found");
}

TEST_F(Users, AreRefusedWithWhatIsWrong) {
    const auto wrong = [&](Json body, std::string pointer) {
        operator_.post("/api/v1/users", testkit::Members(std::move(body))).expect_problem(422, "invalid-value").field("/errors/0/pointer", pointer);
    };
    for (const std::string handle : {"", "a b", "\u0430dmin", "a\u200bb", "a\u202eb"}) wrong(Json::object({{"handle", handle}}), "/handle");
    wrong(Json::object({{"handle", std::string(10'000, 'a')}}), "/handle");
    wrong(Json::object({{"handle", "ada"}, {"profile", Json::object({{"display_name", std::string(10'240, 'x')}})}}), "/profile/display_name");
    wrong(Json::object({{"handle", "ada"}, {"locale", "deutsch!"}}), "/locale");
    wrong(Json::object({{"handle", "ada"}, {"time_zone", "Europe/Atlantis"}}), "/time_zone");
    wrong(Json::object({{"handle", "ada"}, {"emails", Json::array({Json::object({{"address", "ada"}})})}}), "/emails/0/address");
    wrong(Json::object({{"handle", "ada"}, {"profile", Json::object({{"profile_url", "javascript:x"}})}}), "/profile/profile_url");
    wrong(Json::object({{"handle", "ada"}, {"subject", "a b"}}), "/subject");
    wrong(Json::object({{"handle", "ada"}, {"state", "erased"}}), "/state");
    operator_.post("/api/v1/users").raw("{\"handle\":\"\\ud800\"}", "application/json").expect_problem(400, "malformed-request");
    operator_.post("/api/v1/users", {{"handle", "ada"}, {"admin", true}}).expect_problem(400, "malformed-request");
}

TEST_F(Users, HaveHandlesThatNobodySpoofs) {
    const auto ace = user("ace");
    for (const std::string other : {"ACE", "\u0430\u0441\u0435", "\uff41ce"})
        operator_.post("/api/v1/users", {{"handle", other}}).expect_problem(409, "handle-taken");
    const auto bob = user("bob");
    operator_.patch(bob.location(), {{"handle", "Ace"}}).expect_problem(409, "handle-taken");
    operator_.patch(ace.location(), {{"handle", "Ace"}}).expect(200).field("/handle", "Ace");
    operator_.post("/api/v1/users", {{"handle", "eve"}, {"subject", bob.text("/subject")}}).expect_problem(409, "subject-taken");
    operator_.post("/api/v1/users", {{"handle", "eve"}, {"external_id", "1"}}).expect(201);
    operator_.patch(bob.location(), {{"external_id", "1"}}).expect_problem(409, "external-id-taken");
    as.stranger.post("/api/v1/users", {{"handle", "ace"}, {"external_id", "1"}}).expect(201); // another project
}

// One of fifty wins; nobody else gets anything but 409.
TEST_F(Users, HaveOneOfAHandleHoweverManyAreCreatedAtOnce) {
    std::atomic<int> made{0}, refused{0};
    const std::string spellings[] = {"ace", "ACE", "\u0430\u0441\u0435", "\uff21ce", "aCe"};
    at_once(50, [&](int i) {
        const auto answer = operator_.post("/api/v1/users", {{"handle", spellings[i % 5]}}).send();
        if (answer.status() == 201) ++made;
        if (answer.status() == 409 && answer.text("/type") == problem_type("handle-taken")) ++refused;
    });
    EXPECT_EQ(made, 1);
    EXPECT_EQ(refused, 49);
    EXPECT_EQ(service.database().admin("select count(*) from users"), "1");
}

TEST_F(Users, HaveAVerifiedAddressAlone) {
    const auto with = [](std::string address, bool verified) {
        return Json::array({Json::object({{"address", address}, {"verified", verified}})});
    };
    const auto clerk = person("clerk", "users:write");
    const auto ada = user("ada"), bob = user("bob");
    clerk.patch(ada.location(), {{"emails", with("x@example.com", true)}}).expect_problem(403, "verified-by-admin");
    operator_.patch(bob.location(), {{"emails", with("X@example.com", false)}}).expect(200); // whoever says so
    operator_.patch(ada.location(), {{"emails", with("x@EXAMPLE.com", true)}}).expect(200).field("/emails/0/verified", true);
    operator_.patch(bob.location(), {{"emails", with("x@example.com", true)}}).expect_problem(409, "contact-taken");
    clerk.patch(ada.location(), {{"emails", with("x@example.com", true)}, {"locale", "de"}}).expect(200).field("/emails/0/verified", true); // it was
    as.stranger.post("/api/v1/users", {{"handle", "eve"}, {"emails", with("x@example.com", false)}}).expect(201);
    std::atomic<int> won{0}, lost{0};
    std::vector<testkit::Answer> people;
    for (int i = 0; i < 10; ++i) people.push_back(user("racer-" + std::to_string(i)));
    at_once(10, [&](int i) {
        const auto status = operator_.patch(people[static_cast<std::size_t>(i)].location(), {{"emails", with("y@example.com", true)}}).send().status();
        if (status == 200) ++won;
        if (status == 409) ++lost;
    });
    EXPECT_EQ(won, 1);
    EXPECT_EQ(lost, 9);
}

TEST_F(Users, GoThroughTheStatesOfAnAccount) {
    const auto made = operator_.post("/api/v1/users", {{"handle", "ada"}, {"state", "invited"}}).expect(201).field("/state", "invited");
    const std::string at = made.location();
    const auto change = [&](std::string verb) { return operator_.post(at + "/" + verb, {{"reason", "because"}}).send(); };
    EXPECT_EQ(change("suspend").status(), 409);
    change("activate").field("/state", "active").field("/state_reason", "because").field("/version", 2);
    EXPECT_EQ(change("activate").at("/version"), Json(2)); // as it is
    operator_.post(at + "/suspend", {{"reason", "x"}}).if_match("\"1\"").expect_problem(412, "stale-version");
    change("suspend").field("/state", "suspended").field("/state_actor", "tester");
    EXPECT_EQ(change("restore").text("/type"), problem_type("wrong-state"));
    change("reactivate").field("/state", "active");
    change("deactivate").field("/state", "deactivated");
    EXPECT_EQ(change("reactivate").status(), 409);
    change("restore").field("/state", "active");
    operator_.post(at + "/suspend", {{"reason", ""}}).expect_problem(422, "invalid-value");
    operator_.post(at + "/suspend").raw("{}", "application/json").expect_problem(400, "malformed-request");
    person("x", "users:write").post(at + "/suspend", {{"reason", "x"}}).expect_problem(403, "forbidden");
    as.stranger.post(at + "/suspend", {{"reason", "x"}}).expect_problem(404, "not-found");
    EXPECT_EQ(event_types(), "user.created user.activated user.suspended user.activated user.deactivated user.activated ");
}

TEST_F(Users, AreErasedForGoodOnceDeactivated) {
    const auto made = operator_.post("/api/v1/users", {{"handle", "ada"},
                                                       {"external_id", "7"},
                                                       {"profile", Json::object({{"title", "Countess"}})},
                                                       {"emails", Json::array({Json::object({{"address", "ada@example.com"}})})}})
                          .expect(201);
    operator_.del(made.location()).expect_problem(409, "wrong-state");
    operator_.post(made.location() + "/deactivate", {{"reason", "left"}}).expect(200);
    operator_.del(made.location()).if_match("\"1\"").expect_problem(412, "stale-version");
    const std::string then = now().to_string();
    event_types();
    operator_.del(made.location()).expect(204);
    EXPECT_EQ(event_types(), "user.erased ");
    operator_.get(made.location()).expect_problem(404, "not-found");
    operator_.get(made.location() + "?at=" + then).expect_problem(404, "not-found");
    operator_.post(made.location() + "/restore", {{"reason", "x"}}).expect_problem(404, "not-found");
    operator_.get("/api/v1/users").expect(200).field("/items", Json::array());
    person(made.text("/id")).get("/api/v1/users/me").expect_problem(404, "not-a-user");
    for (const std::string table : {"user_contact", "user_history"}) EXPECT_EQ(service.database().admin("select count(*) from " + table), "0");
    const std::string left = "select state || state_actor || num_nonnulls(handle, handle_key, handle_skeleton, subject, profile, external_id, state_reason) "
                             "from users";
    EXPECT_EQ(service.database().admin(left), "erased0");
    EXPECT_ANY_THROW(service.database().admin("update users set locale = 'de'")); // whatever the statement
    user("ada");
}

TEST_F(Users, AreAsTheyWere) {
    const std::string before = now().to_string();
    const auto made = user("ada");
    const std::string first = now().to_string();
    operator_.patch(made.location(), {{"locale", "de"}}).expect(200);
    const std::string second = now().to_string();
    operator_.post(made.location() + "/suspend", {{"reason", "x"}}).expect(200);
    operator_.get(made.location() + "?at=" + before).expect_problem(404, "not-found");
    EXPECT_EQ(operator_.get(made.location() + "?at=" + first).expect(200).json(), made.json());
    operator_.get(made.location() + "?at=" + second).expect(200).field("/locale", "de").field("/state", "active");
    operator_.get(made.location() + "?at=" + now().to_string()).expect(200).field("/state", "suspended");
    as.stranger.get(made.location() + "?at=" + second).expect_problem(404, "not-found");
    operator_.get(made.location() + "?at=yesterday").expect_problem(422, "invalid-value");
}

// Whoever waited for the row has the later time, whenever their transactions began.
TEST_F(Users, WereOneThingAtATimeHoweverManyChangeThem) {
    const auto made = user("ada");
    at_once(20, [&](int i) { operator_.patch(made.location(), {{"external_id", std::to_string(i)}}).expect(200); });
    EXPECT_EQ(service.database().admin("select count(*) || ' ' || count(*) filter (where upper_inf(valid)) from user_history"), "21 1");
    const std::string gaps = "select count(*) from (select lower(valid) <> lag(upper(valid)) over (order by valid) as gap from user_history) h where gap";
    EXPECT_EQ(service.database().admin(gaps), "0");
    operator_.get(made.location()).expect(200).field("/version", 21);
}

// Whoever waits for somebody's row changes what is there then, addresses too, which are rows of their own.
TEST_F(Users, KeepTheAddressThatWasAddedWhileOthersWaited) {
    const auto made = user("ada");
    for (int round = 0; round < 10; ++round) {
        const std::string address = "a" + std::to_string(round) + "@example.com";
        at_once(8, [&](int i) {
            if (i == 0)
                operator_.patch(made.location(), {{"emails", Json::array({Json::object({{"address", address}})})}}).expect(200);
            else
                operator_.patch(made.location(), {{"external_id", std::to_string(round) + "-" + std::to_string(i)}}).expect(200);
        });
        operator_.get(made.location()).expect(200).field("/emails/0/address", address);
    }
}

TEST_F(Users, AreListedByStateHandleAndAddress) {
    for (const std::string handle : {"Adam", "ada", "bob", "\u00e4da"}) user(handle);
    const Json emails = Json::array({Json::object({{"address", "Eve@example.com"}})});
    const auto eve = operator_.post("/api/v1/users", {{"handle", "eve"}, {"state", "invited"}, {"emails", emails}})
                         .expect(201);
    const auto handles = [&](std::string query) {
        std::string all;
        const auto page = operator_.get("/api/v1/users" + query).expect(200);
        const Json item_list = page.at("/items");
        for (const auto& item : item_list.as_array()) all += item.find("handle")->as_string() + " ";
        return all;
    };
    EXPECT_EQ(handles(""), "eve \u00e4da bob ada Adam ");
    EXPECT_EQ(handles("?prefix=AD"), "ada Adam ");
    EXPECT_EQ(handles("?prefix=%C3%84"), "\u00e4da ");
    EXPECT_EQ(handles("?prefix=a%25"), "");
    EXPECT_EQ(handles("?handle=ADAM"), "Adam ");
    EXPECT_EQ(handles("?state=invited"), "eve ");
    EXPECT_EQ(handles("?email=EVE%40example.com"), "eve ");
    EXPECT_EQ(handles("?prefix=ad&state=suspended"), "");
    const auto page = operator_.get("/api/v1/users?limit=3").expect(200).field("/items/2/handle", "bob");
    EXPECT_EQ(handles("?limit=3&cursor=" + page.text("/next_cursor")), "ada Adam ");
    operator_.get("/api/v1/users?state=erased").expect_problem(422, "invalid-value");
    as.stranger.get("/api/v1/users?handle=ada").expect(200).field("/items", Json::array());
}

TEST_F(Users, AreFoundByANameThatIsNearlyTheirs) {
    const auto named = [&](std::string handle, std::string display, std::string family) {
        return operator_.post("/api/v1/users", {{"handle", handle},
                                                {"profile", Json::object({{"display_name", display}, {"name", Json::object({{"family_name", family}})}})}})
            .expect(201);
    };
    const auto ada = named("ada", "Augusta King", "Lovelace"), love = named("love", "Courtney", "Love"), weiss = named("w", "Zo\u00eb", "Wei\u00dfm\u00fcller");
    for (int i = 0; i < 30; ++i) named("extra" + std::to_string(i), "Somebody Else", "Number" + std::to_string(i));
    const auto found = [&](std::string query) {
        std::string all;
        const Json items = operator_.get("/api/v1/users?" + query).expect(200).at("/items");
        for (const Json& one : items.as_array()) all += one.find("handle")->as_string() + " ";
        return all;
    };
    EXPECT_EQ(found("name=Lovelace"), "ada ");
    EXPECT_EQ(found("name=lovelase"), "ada "); // nearly
    EXPECT_EQ(found("name=LOVEL"), "ada love "); // the nearest first: of what is as near the newest
    EXPECT_EQ(found("name=love"), "love ada "); // a part
    EXPECT_EQ(found("name=king%20augusta"), "ada ");
    EXPECT_EQ(found("name=zo%C3%AB"), "w ");
    EXPECT_EQ(found("name=wei%C3%9Fmueller"), "w ");
    EXPECT_EQ(found("name=nobody%20at%20all"), "");
    EXPECT_EQ(found("name=%25%25"), "");
    EXPECT_EQ(found("name=love&state=suspended"), "");
    const auto page = operator_.get("/api/v1/users?name=somebody&limit=20").expect(200).field("/items/0/handle", "extra29");
    operator_.get("/api/v1/users?name=somebody&limit=20&cursor=" + page.text("/next_cursor")).expect(200).field("/items/9/handle", "extra0");
    // Page by page each of them once and in one order, whatever comes newly between.
    named("nearer", "Plain Name", "Somebodi"), named("near", "Plain Name", "Somebot");
    std::string by_pages, whole = found("name=somebody&limit=200"), cursor;
    EXPECT_TRUE(whole.starts_with("extra29 ")) << whole;
    EXPECT_TRUE(whole.ends_with("extra0 nearer near ")) << whole; // though they came last
    for (int pages = 0; pages < 40; ++pages) {
        const auto one = operator_.get("/api/v1/users?name=somebody&limit=1" + cursor).expect(200);
        by_pages += one.text("/items/0/handle") + " ";
        if (one.text("/next_cursor").empty()) break;
        cursor = "&cursor=" + one.text("/next_cursor");
        if (pages == 3) named("later", "Somebody", "New"); // nearer than where this is
    }
    EXPECT_EQ(by_pages, whole);
    EXPECT_EQ(found("name=somebody&limit=2"), "later extra29 ");
    // A cursor is of its own search.
    const std::string other = "&cursor=" + operator_.get("/api/v1/users?limit=1").expect(200).text("/next_cursor");
    EXPECT_EQ(operator_.get("/api/v1/users?name=somebody" + other).send().status(), 400);
    EXPECT_EQ(operator_.get("/api/v1/users?name=some" + cursor).send().status(), 400);
    operator_.get("/api/v1/users?name=x").expect_problem(422, "invalid-value");
    operator_.get("/api/v1/users?name=" + std::string(101, 'x')).expect_problem(422, "invalid-value");
    // As they are called now.
    operator_.patch(ada.location(), {{"profile", Json::object({{"name", Json::object({{"family_name", "Byron"}})}})}}).expect(200);
    EXPECT_EQ(found("name=lovelace"), "");
    EXPECT_EQ(found("name=byron"), "ada ");
    operator_.post(love.location() + "/deactivate", {{"reason", "x"}}).expect(200);
    operator_.del(love.location()).expect(204);
    EXPECT_EQ(service.database().admin("select count(*) from user_gram where user_id = '" + love.text("/id") + "'"), "0");
    as.stranger.get("/api/v1/users?name=byron").expect(200).field("/items", Json::array());
    const auto group = operator_.post("/api/v1/user-groups", {{"display_name", "g"}}).expect(201);
    for (const auto& one : {ada, weiss}) operator_.call("PUT", group.location() + "/members/" + one.text("/id")).expect(204);
    EXPECT_EQ(found("group=" + group.text("/id")), "w ada ");
    EXPECT_EQ(found("group=" + group.text("/id") + "&name=byron"), "ada ");
    EXPECT_EQ(found("group=" + Uuid::v7().to_string()), "");
    operator_.get("/api/v1/users?group=x").expect_problem(422, "invalid-value");
}

TEST_F(Users, ReadAndChangeThemselves) {
    const auto ada = operator_.post("/api/v1/users", {{"handle", "ada"}, {"subject", "auth0|ada"}}).expect(201);
    user("bob");
    const auto me = person("auth0|ada");
    me.get("/api/v1/users/me").expect(200).field("/id", ada.text("/id"));
    me.patch("/api/v1/users/me", {{"locale", "fr"}, {"profile", Json::object({{"nick_name", "al"}})}}).if_match("\"1\"").expect(200).field("/version", 2);
    operator_.get(ada.location()).expect(200).field("/locale", "fr").field("/profile/nick_name", "al");
    me.patch("/api/v1/users/me", {{"locale", "de"}}).if_match("\"1\"").expect_problem(412, "stale-version");
    me.patch("/api/v1/users/me", {{"handle", "queen"}}).expect_problem(400, "malformed-request");
    me.get(ada.location()).expect_problem(403, "forbidden");
    const auto card = me.get("/api/v1/users/me/vcard").expect(200);
    EXPECT_EQ(card.header("Content-Type"), "text/vcard; charset=utf-8");
    EXPECT_NE(card.body().find("NICKNAME:al\r\n"), std::string::npos);
    EXPECT_EQ(operator_.get(ada.location() + "/vcard").expect(200).body(), card.body());
    as.stranger.get(ada.location() + "/vcard").expect_problem(404, "not-found");
    person("nobody").get("/api/v1/users/me/vcard").expect_problem(404, "not-a-user");
    person("nobody").get("/api/v1/users/me").expect_problem(404, "not-a-user");
    person("auth0|ada", "profile").patch("/api/v1/users/me", {{"locale", "de"}}).expect_problem(403, "forbidden");
    service.caller(ProjectId::fresh(), "profile", "auth0|ada").get("/api/v1/users/me").expect_problem(404, "not-a-user");
    as.anonymous.get("/api/v1/users/me").expect_problem(401, "unauthenticated");
}

} // namespace
} // namespace gravity::user
