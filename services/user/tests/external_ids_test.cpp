// What each directory calls the people and groups that it provisions, and nobody else.
#include "scim_fixture.hpp"
#include "user_migrations.hpp"

#include <gravity/testkit/postgres.hpp>

#include <algorithm>
#include <atomic>

namespace gravity::user {
namespace {

class ExternalIds : public ScimApi {
protected:
    const std::string clients = "/api/v1/user/scim-clients";
    testkit::Client entra = tokens_of("entra"), okta = tokens_of("okta");

    void SetUp() override {
        for (const std::string name : {"entra", "okta"}) client(name);
    }
    testkit::Client tokens_of(const std::string& subject) { return service.caller(service.project(), "scim:write", subject); }
    testkit::Answer client(const std::string& name, bool adopts = false) {
        return operator_.post(clients, {{"name", name}, {"subject", name}, {"adopt_external_ids", adopts}}).expect(201);
    }
    static testkit::Call sent(const testkit::Client& by, const std::string& method, const std::string& path, const std::string& body) {
        return by.call(method, path).raw(body, "application/scim+json");
    }
    static testkit::Answer patched(const testkit::Client& by, const std::string& path, const std::string& operation) {
        return sent(by, "PATCH", path, patch_json(operation)).send();
    }
    static std::string named(const std::string& name) { return R"("externalId":")" + name + "\""; }
    static std::string naming(const std::string& name) { return R"({"op":"replace","path":"externalId","value":")" + name + "\"}"; }
    testkit::Answer provisioned(const testkit::Client& by, const std::string& name, const std::string& external) {
        return sent(by, "POST", users, user_json(name, named(external))).expect(201);
    }
    /// Who is found, by name.
    static std::string found(const testkit::Client& by, const std::string& path, const std::string& filter) {
        std::string all;
        const Json list = by.get(path + "?sortBy=externalId&filter=" + http::percent_encode(filter)).expect(200).at("/Resources");
        for (const Json& one : list.as_array()) {
            const Json* const name = one.find("userName");
            all += (name != nullptr ? *name : *one.find("displayName")).as_string() + " ";
        }
        return all;
    }
    static std::string found(const testkit::Client& by, const std::string& filter) { return found(by, users, filter); }
    std::string sql(const std::string& statement) { return service.database().admin(statement); }
};

TEST_F(ExternalIds, AreOfTheDirectoryThatGaveThem) {
    const auto ada = provisioned(entra, "ada", "e-1").field("/externalId", "e-1");
    const auto bob = provisioned(entra, "bob", "e-2");
    okta.get(at(ada)).expect(200).field("/externalId", Json());
    directory.get(at(ada)).expect(200).field("/externalId", Json());
    patched(okta, at(ada), naming("o-1")).field("/externalId", "o-1");
    patched(okta, at(bob), naming("e-1")).field("/externalId", "e-1"); // another's name for somebody else
    entra.get(at(ada)).expect(200).field("/externalId", "e-1");
    operator_.get("/api/v1/users/" + ada.text("/id")).expect(200).field("/external_id", Json());
    patched(directory, at(ada), naming("p-1")).field("/externalId", "p-1"); // of whoever is no client, and of the API
    operator_.get("/api/v1/users/" + ada.text("/id")).expect(200).field("/external_id", "p-1");

    for (const auto& [by, name] : {std::pair(entra, "e-1"), std::pair(okta, "o-1"), std::pair(directory, "p-1")}) {
        by.get(users + "?filter=userName%20eq%20%22ada%22").expect(200).field("/Resources/0/externalId", name);
        by.get(users + "?sortBy=userName&excludedAttributes=groups").expect(200).field("/Resources/0/externalId", name);
    }
    entra.get(users + "?sortBy=userName").expect(200).field("/Resources/1/externalId", "e-2");
    directory.get(users + "?sortBy=userName").expect(200).field("/Resources/1/externalId", Json());
    EXPECT_EQ(found(entra, R"(externalId eq "e-1")"), "ada ");
    EXPECT_EQ(found(okta, R"(externalId eq "e-1")"), "bob ");
    EXPECT_EQ(found(okta, R"(externalId eq "o-1")"), "ada ");
    for (const std::string other : {"o-1", "p-1", "E-1"}) EXPECT_EQ(found(entra, "externalId eq \"" + other + "\""), "") << other;
    EXPECT_EQ(found(directory, R"(externalId eq "e-1")"), "");
    EXPECT_EQ(found(directory, R"(externalId pr)"), "ada ");
    EXPECT_EQ(found(entra, R"(externalId sw "e-" and userName eq "bob")"), "bob ");
    EXPECT_EQ(found(entra, R"(externalId co "1" or externalId ew "2")"), "ada bob ");
    EXPECT_EQ(found(okta, R"(externalId ne "e-1")"), "ada ");
    EXPECT_EQ(found(okta, R"(not (externalId eq "e-1"))"), "ada ");
    EXPECT_EQ(found(okta, "externalId pr"), "bob ada "); // in the order of its own names: e-1, o-1
    EXPECT_EQ(found(entra, R"(externalId gt "e-1")"), "bob ");
    EXPECT_EQ(refusal(okta.get(users + "?filter=externalId%20eq%20true").send()), "400 invalidFilter");
    const std::string message = R"({"schemas":["urn:ietf:params:scim:api:messages:2.0:SearchRequest"],"filter":"externalId eq \"e-1\""})";
    for (const std::string& path : {users + "/.search", std::string("/scim/v2/.search")})
        sent(okta, "POST", path, message).expect(200).field("/totalResults", 1).field("/Resources/0/userName", "bob").field("/Resources/0/externalId", "e-1");

    const auto list = operator_.get("/api/v1/users/" + ada.text("/id") + "/external-ids").expect(200);
    std::string told;
    const Json items = list.at("/items");
    for (const Json& one : items.as_array()) told += one.find("name")->as_string() + "=" + one.find("external_id")->as_string() + " ";
    EXPECT_EQ(told, "entra=e-1 okta=o-1 ");
    as.stranger.get("/api/v1/users/" + ada.text("/id") + "/external-ids").expect_problem(404, "not-found");
    person("x").get("/api/v1/users/" + ada.text("/id") + "/external-ids").expect_problem(403, "forbidden");
}

TEST_F(ExternalIds, AreOneOfAKindInEachDirectory) {
    const auto ada = provisioned(entra, "ada", "1");
    EXPECT_EQ(refusal(sent(entra, "POST", users, user_json("bob", named("1"))).send()), "409 uniqueness");
    directory.get(users + "?filter=userName%20eq%20%22bob%22").expect(200).field("/totalResults", 0); // all or nothing
    const auto bob = provisioned(okta, "bob", "1");
    EXPECT_EQ(refusal(patched(entra, at(bob), naming("1"))), "409 uniqueness");
    EXPECT_EQ(refusal(patched(entra, at(bob), R"({"op":"replace","path":"title","value":"lost"},)" + naming("1"))), "409 uniqueness");
    entra.get(at(bob)).expect(200).field("/title", Json());
    EXPECT_EQ(refusal(patched(entra, at(bob), naming(std::string(256, 'x')))), "400 invalidValue");
    EXPECT_EQ(refusal(sent(entra, "PUT", at(bob), user_json("bob", R"("externalId":7)")).send()), "400 invalidValue");
    // Another project's directory of the same subject.
    const ProjectId other = ProjectId::fresh();
    service.caller(other, "users:admin").post(clients, {{"name", "entra"}, {"subject", "entra"}}).expect(201);
    const auto theirs = service.caller(other, "scim:write", "entra");
    sent(theirs, "POST", users, user_json("ada", named("1"))).expect(201).field("/externalId", "1");
    EXPECT_EQ(found(theirs, "externalId pr"), "ada ");
    EXPECT_EQ(found(entra, "externalId pr"), "ada ");
}

TEST_F(ExternalIds, AreAPartOfTheResource) {
    const auto ada = provisioned(entra, "ada", "1").field("/meta/version", "\"1\"");
    service.take_events();
    patched(entra, at(ada), naming("1")).field("/meta/version", "\"1\""); // as it is
    EXPECT_EQ(event_types(), "");
    patched(entra, at(ada), naming("2")).field("/meta/version", "\"2\"").field("/externalId", "2");
    EXPECT_EQ(event_types(), "user.updated ");
    EXPECT_EQ(refusal(entra.call("PATCH", at(ada)).if_match("\"1\"").raw(patch_json(naming("3")), "application/scim+json").send()), "412");
    patched(entra, at(ada), R"({"op":"replace","path":"title","value":"Dr"},)" + naming("3")).field("/meta/version", "\"3\""); // once for both
    sent(entra, "PUT", at(ada), user_json("ada", named("3"))).expect(200).field("/externalId", "3").field("/title", Json()).field("/meta/version", "\"4\"");
    sent(okta, "PUT", at(ada), user_json("ada")).expect(200).field("/meta/version", "\"4\""); // which has no name for her: nothing changes
    entra.get(at(ada)).expect(200).field("/externalId", "3");
    patched(entra, at(ada), R"({"op":"remove","path":"externalId"})").field("/externalId", Json()).field("/meta/version", "\"5\"");
    sent(entra, "PUT", at(ada), user_json("ada")).expect(200).field("/meta/version", "\"5\"");
    EXPECT_EQ(found(entra, "externalId pr"), "");
    const std::string bulk = R"({"schemas":["urn:ietf:params:scim:api:messages:2.0:BulkRequest"],"Operations":[{"method":"PATCH","path":"/Users/)" +
                             ada.text("/id") + R"(","data":)" + patch_json(naming("in bulk")) + "}]}";
    sent(entra, "POST", "/scim/v2/Bulk", bulk).expect(200).field("/Operations/0/status", "200");
    EXPECT_EQ(found(entra, R"(externalId eq "in bulk")"), "ada ");
    EXPECT_EQ(found(okta, R"(externalId eq "in bulk")"), "");
}

TEST_F(ExternalIds, GroupsHaveThemToo) {
    const auto team = sent(entra, "POST", groups, R"({"schemas":["urn:ietf:params:scim:schemas:core:2.0:Group"],"displayName":"team","externalId":"g-1"})")
                          .expect(201)
                          .field("/externalId", "g-1");
    okta.get(at(team)).expect(200).field("/externalId", Json());
    service.take_events();
    patched(okta, at(team), naming("o-1")).field("/externalId", "o-1").field("/meta/version", "\"2\"");
    EXPECT_EQ(event_types(), "group.updated ");
    patched(okta, at(team), naming("o-1")).field("/meta/version", "\"2\"");
    patched(entra, at(team), R"({"op":"replace","path":"displayName","value":"crew"})").field("/externalId", "g-1").field("/meta/version", "\"3\"");
    EXPECT_EQ(found(entra, groups, R"(externalId eq "g-1")"), "crew ");
    EXPECT_EQ(found(okta, groups, R"(externalId eq "g-1")"), "");
    EXPECT_EQ(found(okta, groups, R"(externalId sw "o")"), "crew ");
    EXPECT_EQ(found(directory, groups, "externalId pr"), "");
    okta.get(groups).expect(200).field("/Resources/0/externalId", "o-1");
    sent(okta, "PUT", at(team), group_json("crew")).expect(200).field("/externalId", Json());
    EXPECT_EQ(found(entra, groups, "externalId pr"), "crew ");
    entra.del(at(team)).expect(204);
    EXPECT_EQ(sql("select count(*) from group_external_id"), "0");
}

// Who was deleted gives the name back, and has it again if it is free still.
TEST_F(ExternalIds, AreFreeOnceADirectoryHasDeletedSomebody) {
    const auto ada = provisioned(entra, "ada", "1");
    const std::string here = "/api/v1/users/" + ada.text("/id");
    okta.del(at(ada)).expect(204); // whichever it was
    EXPECT_EQ(found(entra, R"(externalId eq "1")"), "");
    const auto again = provisioned(entra, "other", "1");
    operator_.post(here + "/restore", {{"reason", "x"}}).expect_problem(409, "external-id-taken");
    entra.del(at(again)).expect(204);
    operator_.post(here + "/restore", {{"reason", "x"}}).expect(200);
    EXPECT_EQ(found(entra, R"(externalId eq "1")"), "ada ");
    EXPECT_EQ(refusal(sent(entra, "POST", users, user_json("bob", named("1"))).send()), "409 uniqueness");
}

TEST_F(ExternalIds, OneOfAKindIsGivenHoweverManyWantItAtOnce) {
    std::vector<testkit::Answer> people;
    for (int i = 0; i < 8; ++i) people.push_back(user("p" + std::to_string(i)));
    std::atomic<int> of_entra{0}, of_okta{0}, refused{0};
    at_once(16, [&](int i) {
        const testkit::Client mine = i % 2 == 0 ? entra : okta; // a client belongs to one thread
        const auto answer = patched(mine, at(people[static_cast<std::size_t>(i / 2)]), naming("one"));
        if (answer.status() == 200) ++(i % 2 == 0 ? of_entra : of_okta);
        if (answer.status() == 409 && answer.text("/scimType") == "uniqueness") ++refused;
    });
    EXPECT_EQ(of_entra, 1);
    EXPECT_EQ(of_okta, 1);
    EXPECT_EQ(refused, 14);
    // Of one person by many: each is all or nothing, and one of them is the last.
    at_once(8, [&](int i) {
        const testkit::Client mine = entra;
        EXPECT_EQ(patched(mine, at(people[0]), naming("n" + std::to_string(i))).status(), 200);
    });
    EXPECT_EQ(sql("select count(*) from user_external_id e join scim_client c on c.id = e.client_id where c.subject = 'entra' and e.user_id = '" +
                  people[0].text("/id") + "'"),
              "1");
}

TEST_F(ExternalIds, StayWithAClientWhateverItsTokens) {
    const auto ada = provisioned(entra, "ada", "1");
    const std::string id = sql("select id from scim_client where subject = 'entra'");
    operator_.patch(clients + "/" + id, {{"subject", "access_key:new"}}).expect(200);
    entra.get(at(ada)).expect(200).field("/externalId", Json()); // nobody's tokens now
    tokens_of("access_key:new").get(at(ada)).expect(200).field("/externalId", "1");
    // One that has provisioned before it was known.
    patched(directory, at(ada), naming("p-1"));
    const auto bob = user("bob", named("p-2"));
    directory.del(at(bob)).expect(204);
    client("third");
    EXPECT_EQ(found(tokens_of("third"), "externalId pr"), "");
    client("directory", true);
    EXPECT_EQ(found(directory, "externalId pr"), "ada ");
    EXPECT_EQ(refusal(send("POST", users, user_json("eve", named("p-1"))).send()), "409 uniqueness");
    user("eve", named("p-2"));
    operator_.post("/api/v1/users/" + bob.text("/id") + "/restore", {{"reason", "x"}}).expect_problem(409, "external-id-taken");
    // What is forgotten is forgotten with it.
    operator_.del(clients + "/" + id).expect(204);
    EXPECT_EQ(sql("select count(*) from user_external_id where external_id = '1'"), "0");
}

TEST_F(ExternalIds, GoWithWhoeverIsErasedAndAreExported) {
    const auto ada = provisioned(entra, "ada", "secret-name");
    const std::string here = "/api/v1/users/" + ada.text("/id");
    const auto asked = operator_.post("/api/v1/privacy-requests", {{"kind", "export"}, {"user_id", ada.text("/id")}}).expect(201);
    operator_.post(asked.location() + "/approve").expect(200);
    service.run_jobs_until_idle();
    const std::string archive = operator_.get(asked.location() + "/download").expect(200).body();
    EXPECT_NE(archive.find(R"(user/external-ids.json[{"directory":"entra","external_id":"secret-name"}])"), std::string::npos);
    operator_.post(here + "/deactivate", {{"reason", "x"}}).expect(200);
    operator_.del(here).expect(204);
    EXPECT_EQ(sql("select count(*) from user_external_id"), "0");
    EXPECT_EQ(sql("select count(*) from user_history t where t::text like '%secret-name%'"), "0");
}

TEST_F(ExternalIds, OfAnAccountThatWasGivenUpAreTakenForThirtyDays) {
    const auto winner = provisioned(entra, "ada", "1"), loser = provisioned(entra, "ada2", "2");
    const auto proposed = operator_.post("/api/v1/user-merges", {{"winner_id", winner.text("/id")}, {"loser_id", loser.text("/id")}}).expect(201);
    operator_.post(proposed.location() + "/confirm").expect(200);
    EXPECT_EQ(found(entra, "externalId pr"), "ada ");
    EXPECT_EQ(refusal(patched(entra, at(winner), naming("2"))), "409 uniqueness");
    operator_.post(proposed.location() + "/undo").expect(200);
    EXPECT_EQ(found(entra, "externalId pr"), "ada ada2 ");
    const auto again = operator_.post("/api/v1/user-merges", {{"winner_id", winner.text("/id")}, {"loser_id", loser.text("/id")}}).expect(201);
    operator_.post(again.location() + "/confirm").expect(200);
    sql("update user_merge set merged_at = merged_at - interval '31 days', undo_until = undo_until - interval '31 days' where undone_at is null");
    sql("insert into gravity.job (id, project, kind, payload, caller, due_at, max_attempts, created_at) values (gen_random_uuid(), '" +
        service.project().to_string() + "', 'forget-ended', '{}', 'test', now(), 3, now())");
    service.run_jobs_until_idle();
    EXPECT_EQ(sql("select count(*) from user_external_id where external_id = '2'"), "0");
    patched(entra, at(winner), naming("2")).field("/externalId", "2");
}

// Before there was one for all directories: each goes on with what it has seen.
TEST(ExternalIdsOfBefore, AreThoseOfEachDirectory) {
    const auto all = user_migrations();
    const auto own = std::find_if(all.begin(), all.end(), [](const pg::Migration& file) { return file.name == "0012_external_ids"; });
    ASSERT_NE(own, all.end());
    testkit::TestDatabase store;
    pg::migrate(store.owner_url(), all.first(static_cast<std::size_t>(own - all.begin())), "gravity_test_app");
    const std::string one = Uuid::v7().to_string(), other = Uuid::v7().to_string();
    const auto client = [&](const std::string& project, const std::string& name) {
        store.admin("insert into scim_client (id, project, subject, name, mode, on_delete, created_at, updated_at) values (gen_random_uuid(), '" + project +
                    "', '" + name + "', '" + name + "', 'strict', 'deactivate', now(), now())");
    };
    const auto user = [&](const std::string& project, const std::string& name, const std::string& external, bool deleted = false) {
        store.admin("insert into users (id, project, subject, handle, handle_key, handle_skeleton, state, state_actor, state_at, external_id, created_at, "
                    "updated_at, deleted_at) values (gen_random_uuid(), '" +
                    project + "', '" + name + "', '" + name + "', '" + name + "', '" + name + "', '" + (deleted ? "deactivated" : "active") +
                    "', 'test', now(), " + external + ", now(), now(), " + (deleted ? "now()" : "null") + ")");
    };
    client(one, "a"), client(one, "b"), client(other, "c");
    user(one, "ada", "'x'"), user(one, "bob", "null"), user(one, "gone", "'x'", true), user(other, "eve", "'x'");
    for (const std::string& project : {one, other})
        store.admin("insert into user_group (id, project, display_name, external_id, created_at, updated_at) values (gen_random_uuid(), '" + project +
                    "', 'team', 'g', now(), now())");

    EXPECT_EQ(pg::migrate(store.owner_url(), all, "gravity_test_app").applied, static_cast<int>(all.end() - own));
    EXPECT_EQ(store.admin("select string_agg(c.name || ':' || u.handle || ':' || e.external_id || ':' || e.taken, ' ' order by c.name, u.handle) "
                          "from user_external_id e join users u on u.id = e.user_id join scim_client c on c.id = e.client_id "
                          "where e.project = u.project and e.project = c.project"),
              "a:ada:x:true a:gone:x:false b:ada:x:true b:gone:x:false c:eve:x:true");
    EXPECT_EQ(store.admin("select string_agg(c.name || ':' || e.external_id, ' ' order by c.name) from group_external_id e "
                          "join user_group g on g.id = e.group_id join scim_client c on c.id = e.client_id where e.project = g.project"),
              "a:g b:g c:g");
    EXPECT_EQ(store.admin("select count(*) from pg_class where relname in ('users', 'user_group', 'scim_client', 'user_external_id', 'group_external_id') "
                          "and relrowsecurity and relforcerowsecurity"),
              "5");
}

} // namespace
} // namespace gravity::user
