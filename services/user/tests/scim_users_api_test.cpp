#include "scim_fixture.hpp"

#include <atomic>

namespace gravity::user {
namespace {

class ScimUsers : public ScimApi {};

const std::string full = R"("externalId":"e-1","name":{"formatted":"Ada Lovelace","familyName":"Lovelace","givenName":"Ada"},)"
                         R"("displayName":"Ada","nickName":"al",)"
                         R"("profileUrl":"https://example.com/ada","title":"Countess","userType":"Employee","preferredLanguage":"en-GB",)"
                         R"("locale":"en-GB","timezone":"Europe/London",)"
                         R"("active":true,"emails":[{"value":"Ada@example.com","type":"work","primary":true},{"value":"ada@example.org"}],)"
                         R"("phoneNumbers":[{"value":"5550123","type":"mobile"}],"addresses":[{"locality":"London","country":"GB","type":"home"}],)"
                         R"("urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":{"employeeNumber":"7","department":"Engines",)"
                         R"("manager":{"value":"m-7"}})";

// RFC 9865.
TEST_F(ScimUsers, AreListedByCursorWhateverIsMadeOrDeletedMeanwhile) {
    std::vector<testkit::Answer> made;
    for (const std::string name : {"a", "b", "c", "d", "e"}) made.push_back(user(name));
    std::string seen, cursor;
    for (int page = 0; page < 10; ++page) {
        const auto answer = directory.get(users + "?count=2&cursor=" + cursor).expect(200);
        EXPECT_EQ(answer.at("/startIndex"), Json());
        const Json rows = answer.at("/Resources");
        for (const Json& one : rows.as_array()) seen += one.find("userName")->as_string() + " ";
        if (page == 0) {
            answer.field("/totalResults", 5).field("/itemsPerPage", 2);
            directory.del(at(made[0])).expect(204); // an index would skip one now
            user("f");
        }
        cursor = answer.text("/nextCursor");
        if (cursor.empty()) break;
    }
    EXPECT_EQ(seen, "a b c d e f ");
    const std::string urn = R"({"schemas":["urn:ietf:params:scim:api:messages:2.0:SearchRequest"])";
    const auto first = send("POST", users + "/.search", urn + R"(,"cursor":"","count":1,"filter":"userName sw \"b\" or userName sw \"c\""})").expect(200);
    first.field("/Resources/0/userName", "b");
    const std::string next = first.text("/nextCursor");
    const std::string filter = R"(","count":1,"filter":"userName sw \"b\" or userName sw \"c\""})";
    const auto second = send("POST", users + "/.search", urn + R"(,"cursor":")" + next + filter).expect(200);
    second.field("/Resources/0/userName", "c").field("/nextCursor", Json());
    EXPECT_EQ(refusal(directory.get(users + "?cursor=" + next).send()), "400 invalidCursor"); // of another filter
    EXPECT_EQ(refusal(directory.get(groups + "?cursor=" + next).send()), "400 invalidCursor");
    for (const std::string& bad : {std::string("x"), std::string("AAAA"), std::string("!!"), std::string(500, 'A')})
        EXPECT_EQ(refusal(directory.get(users + "?cursor=" + bad).send()), "400 invalidCursor") << bad;
    EXPECT_EQ(refusal(directory.get(users + "?cursor=&startIndex=1").send()), "400 invalidValue");
    EXPECT_EQ(refusal(directory.get(users + "?cursor=&sortBy=userName").send()), "400 invalidValue");
    EXPECT_EQ(refusal(send("POST", "/scim/v2/.search", urn + R"(,"cursor":""})").send()), "400 invalidValue");
    directory.get(users + "?cursor=&count=0").expect(200).field("/Resources", Json::array()).field("/nextCursor", Json());
    group("g1"), group("g2");
    const auto page = directory.get(groups + "?cursor=&count=1").expect(200).field("/Resources/0/displayName", "g1");
    directory.get(groups + "?count=1&cursor=" + page.text("/nextCursor")).expect(200).field("/Resources/0/displayName", "g2").field("/nextCursor", Json());
    directory.get("/scim/v2/ServiceProviderConfig").expect(200).field("/pagination/cursor", true).field("/pagination/maxPageSize", 200);
    const auto stranger = service.caller(ProjectId::fresh(), "scim:write", "directory");
    EXPECT_EQ(stranger.get(groups + "?cursor=" + page.text("/nextCursor")).send().status(), 400);
}

TEST_F(ScimUsers, AreCreatedReadReplacedAndDeleted) {
    const auto made = user("Ada", full);
    made.expect_header("Content-Type", "application/scim+json").expect_header("ETag", "\"1\"").expect_header("Location", made.text("/meta/location"));
    EXPECT_EQ(made.text("/meta/location"), "http://127.0.0.1:8082/scim/v2/Users/" + made.text("/id"));
    made.field("/userName", "Ada").field("/active", true).field("/name/familyName", "Lovelace").field("/emails/0/value", "Ada@example.com");
    made.field("/emails/1/primary", false);
    made.field("/phoneNumbers/0/value", "5550123").field("/addresses/0/country", "GB").field("/meta/resourceType", "User").field("/meta/version", "\"1\"");
    made.field("/urn:ietf:params:scim:schemas:extension:enterprise:2.0:User/department", "Engines");
    made.field("/schemas/1", "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User");
    EXPECT_EQ(event_types(), "user.created ");
    const auto read = directory.get(at(made)).expect(200);
    EXPECT_EQ(read.json(), made.json());
    EXPECT_EQ(directory.get(at(made)).header("If-None-Match", "\"1\"").send().status(), 304);
    operator_.get("/api/v1/users/" + made.text("/id"))
        .expect(200)
        .field("/handle", "Ada")
        .field("/profile/employment/department", "Engines")
        .field("/profile/name/given_name", "Ada");
    send("PUT", at(made), made.body()).expect(200).field("/meta/version", "\"1\""); // as it is
    const auto replaced = send("PUT", at(made), user_json("ada", R"("title":"Dr")"))
                              .if_match("\"1\"")
                              .expect(200)
                              .field("/meta/version", "\"2\"")
                              .field("/title", "Dr");
    replaced.field("/name", Json()).field("/emails", Json()).field("/active", true); // what is not told of is gone, and the state stays
    EXPECT_EQ(refusal(send("PUT", at(made), user_json("ada")).if_match("\"1\"").send()), "412");
    EXPECT_EQ(refusal(directory.del(at(made)).if_match("\"1\"").send()), "412");
    directory.del(at(made)).expect(204);
    for (const std::string method : {"GET", "DELETE"}) EXPECT_EQ(refusal(directory.call(method, at(made)).send()), "404");
    EXPECT_EQ(refusal(send("PUT", at(made), user_json("ada")).send()), "404");
    EXPECT_EQ(refusal(patch(at(made), R"({"op":"add","path":"title","value":"x"})")), "404");
    directory.get(users).expect(200).field("/totalResults", 0);
    EXPECT_EQ(event_types(), "user.updated user.deactivated ");
}

// A directory sends DELETE for a lost licence too: nothing is lost, and the handle is free.
TEST_F(ScimUsers, CanBeRestoredOnceDeleted) {
    const auto made = user("ada", R"("externalId":"1")");
    const std::string here = "/api/v1/users/" + made.text("/id");
    directory.del(at(made)).expect(204);
    operator_.get(here).expect(200).field("/state", "deactivated").field("/state_actor", "directory");
    const auto again = user("ADA", R"("externalId":"1")");
    EXPECT_NE(again.text("/id"), made.text("/id"));
    operator_.post(here + "/restore", {{"reason", "x"}}).expect_problem(409, "handle-taken");
    directory.del(at(again)).expect(204);
    operator_.post(here + "/restore", {{"reason", "x"}}).expect(200).field("/state", "active").field("/deleted_at", Json());
    directory.get(at(made)).expect(200).field("/active", true);
}

TEST_F(ScimUsers, AreActiveOrNot) {
    const auto made = user("ada", R"("active":false)");
    made.field("/active", false);
    EXPECT_EQ(event_types(), "user.created user.suspended ");
    patch(at(made), R"({"op":"replace","path":"active","value":true})").field("/active", true);
    patch(at(made), R"({"op":"replace","value":{"active":false}})").field("/active", false);
    operator_.get("/api/v1/users/" + made.text("/id")).expect(200).field("/state", "suspended");
    operator_.post("/api/v1/users/" + made.text("/id") + "/deactivate", {{"reason", "x"}}).expect(200);
    patch(at(made), R"({"op":"replace","path":"active","value":false})").field("/active", false);
    patch(at(made), R"({"op":"replace","path":"active","value":true})").field("/active", true);
    const auto invited = operator_.post("/api/v1/users", {{"handle", "bob"}, {"state", "invited"}}).expect(201);
    directory.get(users + "/" + invited.text("/id")).expect(200).field("/active", false);
    patch(users + "/" + invited.text("/id"), R"({"op":"replace","path":"active","value":true})").field("/active", true);
}

TEST_F(ScimUsers, ArePatched) {
    const auto made = user("ada", full);
    const auto changed = patch(at(made), R"({"op":"replace","path":"emails[type eq \"work\"].value","value":"al@example.com"},)"
                                         R"({"op":"remove","path":"nickName"},)"
                                         R"({"op":"add","path":"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:division","value":"D"})");
    changed.field("/emails/0/value", "al@example.com").field("/nickName", Json());
    changed.field("/urn:ietf:params:scim:schemas:extension:enterprise:2.0:User/division", "D").field("/title", "Countess");
    patch(at(made), R"({"op":"replace","path":"title","value":"Countess"})").field("/meta/version", "\"2\""); // as it is
    EXPECT_EQ(refusal(patch(at(made), R"({"op":"add","path":"title","value":"lost"},{"op":"replace","path":"locale","value":"no language"})")),
              "400 invalidValue");
    directory.get(at(made)).expect(200).field("/title", "Countess");
    EXPECT_EQ(refusal(send("PATCH", at(made), patch_json(R"({"op":"remove","path":"title"})")).if_match("\"1\"").send()), "412");
    EXPECT_EQ(refusal(patch(at(made), R"({"op":"replace","path":"emails[type eq \"none\"].value","value":"x@example.com"})")), "400 noTarget");
    EXPECT_EQ(refusal(patch(at(made), R"({"op":"Replace","path":"active","value":"False"})")), "400 invalidSyntax");
}

TEST_F(ScimUsers, KeepWhatScimDoesNotShow) {
    const auto made = operator_.post("/api/v1/users", {{"handle", "ada"},
                                                       {"profile", Json::object({{"picture_url", "https://example.com/a.png"}})},
                                                       {"emails", Json::array({Json::object({{"address", "ada@example.com"}, {"verified", true}}),
                                                                               Json::object({{"address", "ada@example.org"}})})}})
                          .expect(201);
    patch(users + "/" + made.text("/id"), R"({"op":"replace","path":"emails","value":[{"value":"ADA@example.com"},{"value":"new@example.com"}]})")
        .field("/emails/1/value", "new@example.com");
    operator_.get(made.location())
        .expect(200)
        .field("/emails/0/verified", true)
        .field("/emails/1/verified", false)
        .field("/profile/picture_url", "https://example.com/a.png");
}

TEST_F(ScimUsers, AreRefusedInScimsOwnWords) {
    user("ada", R"("externalId":"1")");
    EXPECT_EQ(refusal(send("POST", users, user_json("ADA")).send()), "409 uniqueness");
    EXPECT_EQ(refusal(send("POST", users, user_json("bob", R"("externalId":"1")")).send()), "409 uniqueness");
    EXPECT_EQ(refusal(send("POST", users, user_json("\u0430dmin")).send()), "400 invalidValue");
    EXPECT_EQ(refusal(send("POST", users, user_json("b", R"("emails":[{"value":"nonsense"}])")).send()), "400 invalidValue");
    EXPECT_EQ(refusal(send("POST", users, user_json("b", R"("emails":[{"type":"work"}])")).send()), "400 invalidValue");
    EXPECT_EQ(refusal(send("POST", users, "{\"userName\":\"b\"}").send()), "400 invalidValue");
    EXPECT_EQ(refusal(send("POST", users, "{").send()), "400 invalidSyntax");
    EXPECT_EQ(refusal(send("POST", users, "[]").send()), "400 invalidSyntax");
    EXPECT_EQ(refusal(directory.call("POST", users).raw(user_json("b"), "text/plain").send()), "415");
    EXPECT_EQ(refusal(send("POST", users, user_json("b")).header("Content-Encoding", "gzip").send()), "415");
    EXPECT_EQ(refusal(send("POST", "/scim/v2/Bulk", "{}").header("Content-Encoding", "gzip").send()), "415");
    send("POST", users, user_json("plain")).header("Content-Encoding", "identity").expect(201);
    EXPECT_EQ(refusal(directory.get(users + "/nonsense").send()), "404");
    EXPECT_EQ(refusal(directory.get("/scim/v2/Nonsense").send()), "404");
    EXPECT_EQ(refusal(directory.get("/scim/v2/Users/a/b").send()), "404");
    EXPECT_EQ(refusal(directory.get(users + "?count=x").send()), "400 invalidValue");
    EXPECT_EQ(refusal(directory.get(users + "?sortOrder=sideways&sortBy=userName").send()), "400 invalidValue");
    EXPECT_EQ(refusal(directory.get(users + "?attributes=a&excludedAttributes=b").send()), "400 invalidValue");
    EXPECT_EQ(refusal(directory.get(users + "?filter=%zz").send()), "400 invalidSyntax");
    EXPECT_EQ(directory.del(users).send().status(), 405);
    EXPECT_EQ(as.anonymous.get(users).send().status(), 401);
    EXPECT_EQ(person("x").get(users).send().status(), 403);
}

TEST_F(ScimUsers, HaveOneOfANameHoweverManyAreCreatedAtOnce) {
    std::atomic<int> made{0}, refused{0};
    at_once(20, [&](int i) {
        const auto answer = send("POST", users, user_json(i % 2 == 0 ? "ace" : "ACE")).send();
        if (answer.status() == 201) ++made;
        if (answer.status() == 409 && answer.text("/scimType") == "uniqueness") ++refused;
    });
    EXPECT_EQ(made, 1);
    EXPECT_EQ(refused, 19);
}

TEST_F(ScimUsers, AreFiltered) {
    user("ada", full);
    user("bob", R"("title":"50%","emails":[{"value":"bob@example.org","type":"home"}],"active":false)");
    user("cleo", R"("name":{"familyName":"O'Malley"})");
    const std::pair<std::string, std::string> all[] = {
        {"userName eq \"ADA\"", "ada "},
        {"userName ne \"ada\"", "bob cleo "},
        {"userName co \"O\"", "bob cleo "},
        {"userName sw \"A\"", "ada "},
        {"userName ew \"b\"", "bob "},
        {"userName gt \"ada\" and userName le \"bob\"", "bob "},
        {"urn:ietf:params:scim:schemas:core:2.0:User:userName eq \"ada\"", "ada "},
        {"externalId eq \"e-1\"", "ada "},
        {"externalId eq \"E-1\"", ""}, // caseExact
        {"title pr", "ada bob "},
        {"not (title pr)", "cleo "},
        {"title eq null", "cleo "},
        {"title ne null", "ada bob "},
        {"title ne \"Countess\"", "bob cleo "},
        {"title co \"%\"", "bob "},
        {"title co \"_\"", ""},
        {"title sw \"\"", "ada bob "},
        {"active eq true", "ada cleo "},
        {"active ne true", "bob "},
        {"name.familyName eq \"o'malley\"", "cleo "},
        {"name pr", "ada cleo "},
        {"emails pr", "ada bob "},
        {"emails eq \"ADA@EXAMPLE.COM\"", "ada "},
        {"emails.value eq \"no address\"", ""},
        {"emails co \"EXAMPLE\"", "ada bob "},
        {"emails.type eq \"home\"", "bob "},
        {"emails[type eq \"work\" and value co \"@example.com\"]", "ada "},
        {"emails[type eq \"work\" and value co \"@example.org\"]", ""}, // not of two different ones
        {"emails[primary eq true or not (type pr)]", "ada "},
        {"not (emails[type eq \"work\"])", "bob cleo "},
        {"phoneNumbers.value ew \"123\"", "ada "},
        {"addresses[country eq \"gb\" and locality sw \"Lon\"]", "ada "},
        {"addresses.primary eq true", ""},
        {"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department eq \"engines\"", "ada "},
        {"meta.created gt \"2011-05-13T04:42:34Z\"", "ada bob cleo "},
        {"meta.lastModified lt \"2011-05-13T04:42:34Z\"", ""},
        {"userName eq \"ada\" or userName eq \"bob\" and title eq \"x\"", "ada "},
        {"(userName eq \"ada\" or userName eq \"bob\") and title co \"5\"", "bob "},
        {"meta.lastModified ge \"2011-05-13T04:42:34+02:00\" and meta.created lt \"2311-05-13T04:42:34.123-08:00\"", "ada bob cleo "},
        {"meta pr and meta.resourceType eq \"User\"", "ada bob cleo "},
        {"meta.resourceType eq \"Group\"", ""},
        {"meta.version eq \"\\\"1\\\"\"", "ada cleo "}, // bob's state was set
        {"schemas eq \"urn:ietf:params:scim:schemas:core:2.0:User\"", "ada bob cleo "},
        {"schemas eq \"URN:ietf:params:scim:schemas:extension:enterprise:2.0:User\"", "ada "},
        {"not (schemas co \"enterprise\")", "bob cleo "},
        {"emails eq null", "cleo "},
        {"emails ne null", "ada bob "},
        {"groups pr or addresses eq null", "bob cleo "},
        {"NOT(USERNAME EQ \"ada\") AnD (title PR oR name.familyname Pr)", "bob cleo "},
        {"not (userName eq \"ada\" or (title pr and not (active eq true)))", "cleo "},
        {"emails[ (type eq \"work\" or type eq \"home\") and not (value ew \".com\") ]", "bob "},
        {"name.familyName eq \"\\u004f'Malley\"", "cleo "},
        {"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager.value eq \"m-7\"", "ada "},
        {"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager pr", "ada "},
        {"id eq \"nonsense\"", ""},
        {"userName eq \"x' or '1'='1\"", ""},
    };
    for (const auto& [filter, found] : all) EXPECT_EQ(filtered(filter), found) << filter;
    EXPECT_EQ(filtered("id eq \"" + directory.get(users + "?filter=userName%20eq%20%22bob%22").expect(200).text("/Resources/0/id") + "\""), "bob ");
    const auto wrong = [&](const std::string& filter) { return refusal(directory.get(users + "?filter=" + http::percent_encode(filter)).send()); };
    for (const std::string filter : {"userName eq \"x\" or 1 eq 1--", "nothing eq \"x\"", "userName eq 1", "active eq \"true\"", "active gt true",
                                     "meta.created eq \"x\"", "meta.created co \"2\"", "name eq \"x\"",
                                     "addresses eq \"x\"", "emails[nothing eq \"x\"]", "emails.nothing eq \"x\"", "emails[value[type pr]]",
                                     "userName[type pr]", "password eq \"x\"", "handle eq \"x\""})
        EXPECT_EQ(wrong(filter), "400 invalidFilter") << filter;
    EXPECT_EQ(wrong(std::string(1000, '(') + "title pr" + std::string(1000, ')')), "400 invalidFilter");
    service.caller(ProjectId::fresh(), "scim:write").get(users + "?filter=userName%20eq%20%22ada%22").expect(200).field("/totalResults", 0);
}

// Whatever the schemas have can be asked for, or is refused: the database never minds.
TEST_F(ScimUsers, AreFilteredAndSortedByWhateverTheSchemasHave) {
    user("ada", full);
    int tried = 0;
    const auto ask = [&](const std::string& path, const std::string& query) {
        const auto answer = directory.get(path + "?" + query).send();
        ++tried;
        EXPECT_TRUE(answer.status() == 200 || answer.status() == 400) << query << ": " << answer.status() << " " << answer.body();
        return answer.status();
    };
    const auto schemas = directory.get("/scim/v2/Schemas").expect(200);
    const Json schema_list = schemas.at("/Resources");
    for (const Json& schema : schema_list.as_array()) {
        const std::string urn = schema.find("id")->as_string();
        const std::string& path = urn.ends_with("Group") ? groups : users;
        std::vector<std::string> attributes;
        for (const Json& one : schema.find("attributes")->as_array()) {
            const std::string name = urn + ":" + one.find("name")->as_string();
            attributes.push_back(name);
            if (const Json* const sub = one.find("subAttributes"))
                for (const Json& inner : sub->as_array()) attributes.push_back(name + "." + inner.find("name")->as_string());
        }
        for (const auto& attribute : attributes) {
            EXPECT_TRUE(ask(path, "filter=" + http::percent_encode(attribute + " pr")) == 200 || attribute.ends_with("$ref")) << attribute;
            for (const std::string op : {"eq", "ne", "co", "sw", "ew", "gt", "ge", "lt", "le"})
                for (const std::string value : {"\"x\"", "true", "null", "7", "\"2011-05-13T04:42:34Z\"", "\"0190c5a8-7d3a-7b52-a1f6-0d3f3a2c9e11\""})
                    ask(path, "filter=" + http::percent_encode("not (" + attribute + " " + op + " " + value + ")"));
            ask(path, "sortBy=" + attribute);
        }
    }
    EXPECT_GT(tried, 2000);
}

TEST_F(ScimUsers, AreSortedAndPaged) {
    user("bob", R"("title":"b","emails":[{"value":"1@example.com"},{"value":"9@example.com","primary":true}])");
    user("ada", R"("title":"C","emails":[{"value":"5@example.com"}])");
    user("cleo");
    EXPECT_EQ(names(users, ""), "bob ada cleo "); // by id: in the order of their creation
    EXPECT_EQ(names(users, "sortBy=userName"), "ada bob cleo ");
    EXPECT_EQ(names(users, "sortBy=userName&sortOrder=descending"), "cleo bob ada ");
    EXPECT_EQ(names(users, "sortBy=title"), "bob ada cleo "); // whatever the case; nothing comes last
    EXPECT_EQ(names(users, "sortBy=title&sortOrder=descending"), "cleo ada bob ");
    EXPECT_EQ(names(users, "sortBy=emails.value"), "ada bob cleo "); // by the primary one
    EXPECT_EQ(names(users, "sortBy=userName&startIndex=2&count=1"), "bob ");
    EXPECT_EQ(names(users, "sortBy=userName&startIndex=-5&count=1"), "ada ");
    EXPECT_EQ(names(users, "startIndex=4"), "");
    directory.get(users + "?startIndex=2&count=1").expect(200).field("/totalResults", 3).field("/startIndex", 2).field("/itemsPerPage", 1);
    directory.get(users + "?count=0").expect(200).field("/totalResults", 3).field("/Resources", Json::array());
    directory.get(users + "?count=-1").expect(200).field("/totalResults", 3).field("/itemsPerPage", 0);
    EXPECT_EQ(refusal(directory.get(users + "?sortBy=nothing").send()), "400 invalidPath");
    EXPECT_EQ(refusal(directory.get(users + "?sortBy=name").send()), "400 invalidPath");
    directory.get(users + "?attributes=userName&count=1")
        .expect(200)
        .field("/Resources/0/title", Json())
        .field("/Resources/0/userName", "bob")
        .field("/Resources/0/meta", Json());
    directory.get(users + "?excludedAttributes=title,emails&count=1").expect(200).field("/Resources/0/title", Json()).field("/Resources/0/userName", "bob");
    user("dan", R"("title":"x")");
    EXPECT_EQ(send("POST", users + "?attributes=title", user_json("eve", R"("title":"y")")).expect(201).at("/userName"), Json());
}

TEST_F(ScimUsers, AreSearchedByMessage) {
    user("ada");
    user("bob");
    group("admins");
    const std::string urn = R"({"schemas":["urn:ietf:params:scim:api:messages:2.0:SearchRequest"])";
    send("POST", users + "/.search", urn + R"(,"filter":"userName sw \"a\"","attributes":["userName"]})")
        .expect(200)
        .field("/totalResults", 1)
        .field("/Resources/0/userName", "ada");
    send("POST", groups + "/.search", urn + R"(,"sortBy":"displayName","count":5})").expect(200).field("/Resources/0/displayName", "admins");
    const auto everything = send("POST", "/scim/v2/.search", urn + R"(,"startIndex":2,"count":2})")
                                .expect(200)
                                .field("/totalResults", 3)
                                .field("/startIndex", 2);
    everything.field("/Resources/0/userName", "bob").field("/Resources/1/displayName", "admins");
    send("POST", "/scim/v2/.search", urn + R"(,"filter":"userName pr"})").expect(200).field("/totalResults", 2); // groups have none
    send("POST", "/scim/v2/.search", urn + R"(,"filter":"meta.created pr","count":1})").expect(200).field("/totalResults", 3).field("/itemsPerPage", 1);
    for (const std::string wrong : {"[]", "{}", R"({"schemas":"x"})"}) EXPECT_EQ(refusal(send("POST", users + "/.search", wrong).send()),
                                                                                 "400 invalidSyntax");
    for (const std::string member : {R"("count":"1")", R"("filter":1)", R"("attributes":"userName")", R"("attributes":[1])"})
        EXPECT_EQ(refusal(send("POST", users + "/.search", urn + "," + member + "}").send()), "400 invalidSyntax") << member;
    EXPECT_EQ(refusal(send("POST", "/scim/v2/.search", urn + R"(,"filter":"nothing pr"})").send()), "400 invalidFilter");
}

// What somebody is shown with is another content, though nothing was written to them: who has read them before must not be told that all is as it was.
TEST_F(ScimUsers, HaveAnotherTagInOtherGroups) {
    const auto ada = user("ada");
    const std::string id = ada.text("/id"), team = at(group("team"));
    const auto tag = [&] { return directory.get(at(ada)).expect(200).etag(); };
    const auto status_for = [&](const std::string& known) { return directory.get(at(ada)).header("If-None-Match", known).send().status(); };
    const std::string alone = tag();
    EXPECT_EQ(alone, ada.etag());
    EXPECT_EQ(patch(team, R"({"op":"add","path":"members","value":[{"value":")" + id + R"("}]})").status(), 200);
    const std::string together = tag();
    EXPECT_NE(together, alone);
    EXPECT_EQ(status_for(alone), 200);
    EXPECT_EQ(status_for(together), 304);
    directory.get(at(ada)).expect(200).field("/meta/version", together);
    EXPECT_EQ(directory.get(at(ada) + "?excludedAttributes=groups").expect(200).etag(), alone);
    EXPECT_EQ(patch(team, R"({"op":"replace","path":"displayName","value":"crew"})").status(), 200);
    EXPECT_EQ(status_for(together), 200); // groups are shown by name
    EXPECT_EQ(filtered("meta.version eq " + Json(tag()).dump()), "ada ");

    // Either is of the version that is written.
    const std::string renamed = tag(), title = patch_json(R"({"op":"replace","path":"title","value":"Dr"})");
    send("PATCH", at(ada), title).if_match(together).expect(200).field("/title", "Dr");
    EXPECT_EQ(refusal(send("PATCH", at(ada), title).if_match(renamed).send()), "412");
    const std::string bulk = R"({"schemas":["urn:ietf:params:scim:api:messages:2.0:BulkRequest"],"Operations":[{"method":"DELETE","path":"/Users/)" + id +
                             R"(","version":)";
    send("POST", "/scim/v2/Bulk", bulk + Json(renamed).dump() + "}]}").expect(200).field("/Operations/0/status", "412");
    const std::string now = tag();
    EXPECT_EQ(patch(team, R"({"op":"remove","path":"members"})").status(), 200);
    EXPECT_NE(tag(), now);
    EXPECT_EQ(status_for(now), 200);
    send("POST", "/scim/v2/Bulk", bulk + Json(now).dump() + "}]}").expect(200).field("/Operations/0/status", "204");
}

// RFC 7644 section 3.4.2.1: an attribute that a type has not is there one without a value.
TEST_F(ScimUsers, AreSearchedBesideGroups) {
    user("ada", R"("displayName":"Ada")");
    user("bob", R"("displayName":"Bob")");
    const std::string id = user("carl").text("/id");
    group("Admins", {id});
    group("Bakers");
    const auto found = [&](const std::string& filter, const std::string& more = "") {
        Json message = Json::object({{"schemas", Json::array({"urn:ietf:params:scim:api:messages:2.0:SearchRequest"})}, {"filter", filter}});
        if (!more.empty()) message["sortBy"] = more;
        const auto answer = send("POST", "/scim/v2/.search", message.dump()).send();
        if (answer.status() != 200) return refusal(answer);
        std::string all;
        const Json list = answer.at("/Resources");
        for (const Json& one : list.as_array()) all += (one.find("userName") != nullptr ? *one.find("userName") : *one.find("displayName")).as_string() + " ";
        return all;
    };
    EXPECT_EQ(found(R"(displayName sw "A" or userName eq "bob")"), "ada bob Admins ");
    EXPECT_EQ(found(R"(displayName sw "B" and not (userName eq "bob"))"), "Bakers ");
    EXPECT_EQ(found("members pr or userName sw \"c\""), "carl Admins ");
    EXPECT_EQ(found("not (members pr)"), "ada bob carl Bakers ");
    EXPECT_EQ(found(R"(members[type eq "User"] or emails[type eq "work"])"), "Admins ");
    EXPECT_EQ(found(R"(userName ne "ada")"), "bob carl Admins Bakers ");
    EXPECT_EQ(found("userName eq null"), "Admins Bakers ");
    EXPECT_EQ(found("members.value ne \"" + id + "\""), "");
    EXPECT_EQ(found("id pr", "userName"), "ada bob carl Admins Bakers ");
    EXPECT_EQ(found("id pr", "nothing"), "400 invalidPath");
    EXPECT_EQ(found("userName eq 5"), "400 invalidFilter");
    EXPECT_EQ(found(R"(nothing pr or displayName sw "A")"), "400 invalidFilter");
    EXPECT_EQ(found("members pr and emails[nothing pr]"), "400 invalidFilter");
}

TEST_F(ScimUsers, AreProvisionedWithAnAccessKeyToo) {
    const auto owner = service.caller(service.project(), service.all_scopes() + " access-keys:write scim:write");
    const auto key = owner.post("/api/v1/user/access-keys", {{"name", "Entra"}, {"kind", "secret"}, {"scopes", Json::array({"scim:write"})}}).expect(201);
    testkit::Client(service.port(), key.text("/key")).get(users).expect(200).field("/totalResults", 0);
}

TEST_F(ScimUsers, ComeFromAServiceThatDescribesItself) {
    directory.get("/scim/v2/ServiceProviderConfig")
        .expect(200)
        .field("/patch/supported", true)
        .field("/bulk/maxOperations", 1000)
        .field("/filter/maxResults", 200);
    directory.get("/scim/v2/ResourceTypes").expect(200).field("/totalResults", 2).field("/Resources/0/endpoint", "/Users");
    directory.get("/scim/v2/ResourceTypes/Group").expect(200).field("/schema", "urn:ietf:params:scim:schemas:core:2.0:Group");
    directory.get("/scim/v2/Schemas").expect(200).field("/totalResults", 3);
    directory.get("/scim/v2/Schemas/urn:ietf:params:scim:schemas:core:2.0:User")
        .expect(200)
        .field("/attributes/0/name", "userName")
        .field("/attributes/0/uniqueness", "server");
    for (const std::string path : {"ResourceTypes/Nothing", "Schemas/urn:nothing"}) EXPECT_EQ(refusal(directory.get("/scim/v2/" + path).send()), "404");
    for (const std::string path : {"ResourceTypes", "Schemas"}) EXPECT_EQ(refusal(directory.get("/scim/v2/" + path + "?filter=id%20pr").send()), "403");
}

class ScimOfEntra : public ScimApi {
protected:
    ScimOfEntra() : ScimApi({{"USER_SCIM_MODE", "entra"}}) {}
};

// Requests as Entra ID sends them.
TEST_F(ScimOfEntra, IsTakenAsItComes) {
    const auto made = user("ada@example.com", R"("active":"True","externalId":"00aa00aa")");
    made.field("/active", true);
    patch(at(made), R"({"op":"Add","path":"emails[type eq \"work\"].value","value":"ada@example.com"},)"
                    R"({"op":"Replace","path":"name.familyName","value":"Lovelace"})")
        .field("/emails/0/type", "work")
        .field("/name/familyName", "Lovelace");
    patch(at(made), R"({"op":"Replace","path":"active","value":"False"})").field("/active", false);
    const auto other = user("bob@example.com");
    const auto team = group("team", {made.text("/id"), other.text("/id")});
    patch(at(team), R"({"op":"Remove","path":"members","value":[{"value":")" + made.text("/id") + "\"}]}")
        .field("/members/0/value", other.text("/id"))
        .field("/members/1", Json());
}

} // namespace
} // namespace gravity::user
