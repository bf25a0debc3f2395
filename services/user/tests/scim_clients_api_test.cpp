#include "scim_clients_seen.hpp"
#include "scim_fixture.hpp"

#include <gravity/testkit/neighbour.hpp>

#include <atomic>

namespace gravity::user {
namespace {

class ScimClients : public ScimApi {
protected:
    const std::string clients = "/api/v1/user/scim-clients";

    testkit::Answer client(const std::string& subject, const std::string& mode, const std::string& on_delete = "deactivate") {
        return operator_.post(clients, {{"name", subject}, {"subject", subject}, {"mode", mode}, {"on_delete", on_delete}}).expect(201);
    }
    testkit::Client tokens_of(const std::string& subject) { return service.caller(service.project(), "scim:write", subject); }
    void forget() {
        service.database().admin("insert into gravity.job (id, project, kind, payload, caller, due_at, max_attempts, created_at) values (gen_random_uuid(), '" +
                                 service.project().to_string() + "', 'forget-ended', '{}', 'test', now(), 3, now())");
        service.run_jobs_until_idle();
    }
    void days_pass(int days) { // for those whom a directory has deleted
        service.database().admin("update users set erase_at = erase_at - interval '" + std::to_string(days) + " days' where erase_at is not null");
        forget();
    }
    testkit::Answer deleted(const std::string& name) {
        const auto made = user(name);
        directory.del(at(made)).expect(204);
        return operator_.get("/api/v1/users/" + made.text("/id")).expect(200);
    }
};

TEST_F(ScimClients, AreMadeReadChangedAndForgotten) {
    const auto made = operator_.post(clients, {{"name", "HR"}, {"subject", "hr"}}).expect(201).field("/mode", "strict").field("/on_delete", "deactivate");
    const std::string at = made.location();
    EXPECT_EQ(operator_.get(at).expect(200).json(), made.json());
    operator_.patch(at, {{"mode", "okta"}}).if_match("\"1\"").expect(200).field("/mode", "okta").field("/version", 2).field("/name", "HR");
    operator_.patch(at, {{"mode", "okta"}}).expect(200).field("/version", 2); // as it is
    operator_.patch(at, {{"mode", "okta"}}).if_match("\"1\"").expect_problem(412, "stale-version");
    operator_.patch(at, {{"subject", "other"}}).expect(200).field("/subject", "other").field("/version", 3);
    operator_.patch(at, {{"subject", "hr"}}).expect(200).field("/version", 4);
    operator_.patch(at, {{"subject", "a b"}}).expect_problem(422, "invalid-value");
    operator_.patch(at, {{"mode", "lenient"}}).expect_problem(422, "invalid-value");
    operator_.post(clients, {{"name", "again"}, {"subject", "hr"}}).expect_problem(409, "scim-client-exists");
    operator_.post(clients, {{"name", "x"}, {"subject", "a b"}}).expect_problem(422, "invalid-value");
    operator_.post(clients, {{"subject", "x"}}).expect_problem(400, "malformed-request");
    as.stranger.get(at).expect_problem(404, "not-found");
    as.stranger.del(at).expect_problem(404, "not-found");
    as.stranger.post(clients, {{"name", "theirs"}, {"subject", "hr"}}).expect(201); // of another project
    tokens_of("hr").get(clients).expect_problem(403, "forbidden");
    client("second", "entra");
    operator_.patch(at, {{"subject", "second"}}).expect_problem(409, "scim-client-exists");
    operator_.get(clients).expect(200).field("/items/0/subject", "second").field("/items/1/subject", "hr").field("/items/2", Json());
    operator_.del(at).if_match("\"1\"").expect_problem(412, "stale-version");
    operator_.del(at).expect(204);
    operator_.get(at).expect_problem(404, "not-found");
    std::atomic<int> won{0}, lost{0};
    at_once(8, [&](int) {
        const int status = operator_.post(clients, {{"name", "x"}, {"subject", "race"}}).send().status();
        (status == 201 ? won : lost) += status == 201 || status == 409 ? 1 : 100;
    });
    EXPECT_EQ(won, 1);
    EXPECT_EQ(lost, 7);
}

// What is remembered of them is no older than their last change here, and than a second where another process has made it.
TEST_F(ScimClients, AreLookedAtAsTheyAreNow) {
    const auto looks = tokens_of("looks");
    const auto status = [&] { return looks.get(users + "?filter=" + http::percent_encode(R"(emails[type eq "work"].value eq "x")")).send().status(); };
    EXPECT_EQ(status(), 400); // strict, as who is no client
    const auto made = client("looks", "entra");
    EXPECT_EQ(status(), 200);
    operator_.patch(made.location(), {{"mode", "strict"}}).expect(200);
    EXPECT_EQ(status(), 400);
    operator_.patch(made.location(), {{"mode", "entra"}}).expect(200);
    EXPECT_EQ(status(), 200);
    operator_.del(made.location()).expect(204);
    EXPECT_EQ(status(), 400);
    client("looks", "strict");
    EXPECT_EQ(status(), 400);
    service.database().admin("update scim_client set mode = 'entra'"); // by whoever else
    testkit::eventually("it is seen", [&] { return status() == 200; });
    const auto stranger = service.caller(ProjectId::fresh(), "scim:write", "looks"); // of another project
    EXPECT_EQ(stranger.get(users + "?filter=emails%5Btype%20eq%20%22work%22%5D.value%20pr").send().status(), 400);
}

TEST(SeenClient, IsOneOfAThousandAtMost) {
    SeenClients seen;
    const ProjectId one = ProjectId::fresh(), other = ProjectId::fresh();
    EXPECT_FALSE(seen.find(one, "a"));
    seen.note(one, "a", std::nullopt);
    ASSERT_TRUE(seen.find(one, "a"));
    EXPECT_FALSE(*seen.find(one, "a"));
    EXPECT_FALSE(seen.find(other, "a"));
    for (std::size_t i = 0; i < SeenClients::most; ++i) seen.note(other, std::to_string(i), std::nullopt);
    EXPECT_FALSE(seen.find(one, "a"));
    EXPECT_TRUE(seen.find(other, std::to_string(SeenClients::most - 1)));
    seen.forget();
    EXPECT_FALSE(seen.find(other, std::to_string(SeenClients::most - 1)));
}

// Side by side in one project; who is none of them has the mode of the setting.
TEST_F(ScimClients, HaveAModeEach) {
    client("entra-id", "entra"), client("okta", "okta");
    const auto made = user("ada");
    const std::string quirk = patch_json(R"({"op":"Replace","path":"active","value":"False"})");
    const auto send_as = [&](const std::string& subject, const std::string& body) {
        return tokens_of(subject).call("PATCH", at(made)).raw(body, "application/scim+json").send();
    };
    EXPECT_EQ(refusal(send_as("directory", quirk)), "400 invalidSyntax");
    EXPECT_EQ(refusal(send_as("okta", quirk)), "400 invalidValue"); // it sends true and false
    send_as("entra-id", quirk).field("/active", false);
    const std::string read_only = patch_json(R"({"op":"replace","value":{"id":"7","title":"Dr"}})");
    EXPECT_EQ(refusal(send_as("entra-id", read_only)), "400 mutability");
    send_as("okta", read_only).field("/title", "Dr");
    // In bulk as one by one.
    const std::string bulk = R"({"schemas":["urn:ietf:params:scim:api:messages:2.0:BulkRequest"],"Operations":[{"method":"PATCH","path":"/Users/)" +
                             made.text("/id") + R"(","data":)" + patch_json(R"({"op":"Replace","path":"active","value":"True"})") + "}]}";
    const auto in_bulk = [&](const std::string& subject) {
        return tokens_of(subject).call("POST", "/scim/v2/Bulk").raw(bulk, "application/scim+json").expect(200).text("/Operations/0/status");
    };
    EXPECT_EQ(in_bulk("directory"), "400");
    EXPECT_EQ(in_bulk("entra-id"), "200");
    // With a key, by its id.
    const auto owner = service.caller(service.project(), service.all_scopes() + " access-keys:write scim:write");
    const auto key = owner.post("/api/v1/user/access-keys", {{"name", "Entra"}, {"kind", "secret"}, {"scopes", Json::array({"scim:write"})}}).expect(201);
    client("access_key:" + key.text("/id"), "entra");
    testkit::Client(service.port(), key.text("/key")).call("PATCH", at(made)).raw(quirk, "application/scim+json").expect(200).field("/active", false);
}

TEST_F(ScimClients, HaveWhomTheyDeleteErasedOrNot) {
    EXPECT_EQ(deleted("kept").at("/erase_at"), Json());
    client("directory", "strict", "delete_after_30_days");
    const auto gone = deleted("gone"), restored = deleted("restored"), held = deleted("held"), asked = deleted("asked");
    EXPECT_NE(gone.at("/erase_at"), Json());
    EXPECT_GT(gone.text("/erase_at"), gone.text("/deleted_at"));
    const auto path = [](const testkit::Answer& account) { return "/api/v1/users/" + account.text("/id"); };
    operator_.post(path(restored) + "/restore", {{"reason", "x"}}).expect(200).field("/erase_at", Json());
    const auto hold = operator_.post("/api/v1/legal-holds", {{"user_id", held.text("/id")}, {"reason", "case"}}).expect(201);
    const auto request = operator_.post("/api/v1/privacy-requests", {{"kind", "export"}, {"user_id", asked.text("/id")}}).expect(201);
    days_pass(29);
    for (const auto& one : {gone, restored, held, asked}) operator_.get(path(one)).expect(200);
    service.take_events();
    days_pass(1);
    EXPECT_EQ(event_types(), "user.erased ");
    operator_.get(path(gone)).expect_problem(404, "not-found");
    for (const auto& one : {restored, held, asked}) operator_.get(path(one)).expect(200); // what keeps them, and what is to be answered first
    operator_.del(hold.location()).expect(204);
    operator_.post(request.location() + "/cancel").expect(200);
    forget();
    for (const auto& one : {held, asked}) operator_.get(path(one)).expect_problem(404, "not-found");
    operator_.get(path(restored)).expect(200);
    operator_.get("/api/v1/users?handle=kept").expect(200).field("/items/0/state", "deactivated");
}

} // namespace
} // namespace gravity::user
