#include "client_fixture.hpp"
#include "roles_model.hpp"
#include "tokens_domain.hpp"

#include <gravity/auth/jws.hpp>
#include <gravity/base/encoding.hpp>
#include <gravity/testkit/loop.hpp>
#include <gravity/testkit/testpoint.hpp>

#include <atomic>

namespace gravity::issuer {
namespace {

Json texts(const std::vector<std::string>& items) {
    Json list = Json::array();
    for (const std::string& item : items) list.push_back(item);
    return list;
}

TEST(RoleNames, AreShortAndPlain) {
    for (const std::string good : {"a", "catalogue-editor", "Team:7", "v1.2_x"}) EXPECT_TRUE(RoleName::parse(good)) << good;
    for (const std::string bad : {"", "-a", ".a", "a b", "a/b", "\xc3\xa4"}) EXPECT_FALSE(RoleName::parse(bad)) << bad;
    EXPECT_TRUE(RoleName::parse(std::string(64, 'a')));
    EXPECT_FALSE(RoleName::parse(std::string(65, 'a')));
}

class Roles : public ClientApi {
protected:
    testkit::Client mighty = service.caller(service.project(), "roles:admin clients:admin products:admin orders:admin carts:admin");

    testkit::Call make(const testkit::Client& who, std::string name, std::vector<std::string> scopes = {}, std::vector<std::string> parents = {}) {
        return who.post("/api/v1/roles", {{"name", std::move(name)}, {"scopes", texts(scopes)}, {"parents", texts(parents)}});
    }
    std::string role(std::string name, std::vector<std::string> scopes = {}, std::vector<std::string> parents = {}) {
        return make(mighty, std::move(name), std::move(scopes), std::move(parents)).expect(201).text("/id");
    }
    testkit::Call inherit(const std::string& role, std::vector<std::string> parents) {
        return mighty.patch("/api/v1/roles/" + role, {{"parents", texts(parents)}});
    }
    static std::string membership(const std::string& role, const std::string& member) { return "/api/v1/roles/" + role + "/members/" + member; }
    void grant(const std::string& role, const testkit::Answer& client) { mighty.call("PUT", membership(role, client.text("/id"))).expect(204); }
    Json claims_of(const testkit::Answer& client, std::string more = {}) {
        const auto answer = ask_token(client, std::move(more));
        EXPECT_EQ(answer.status(), 200) << answer.body();
        const std::string token = answer.text("/access_token");
        const auto jws = auth::parse_jws(token);
        return Json::parse(base64url_decode(jws->payload).value()).or_throw();
    }
    testkit::Answer plain_client(std::vector<std::string> scopes = {}) {
        return mighty.post("/api/v1/clients", {{"name", "Machine"}, {"scopes", texts(scopes)}}).expect(201);
    }
};

TEST_F(Roles, AreMadeReadChangedAndDeleted) {
    const std::string viewer = role("viewer", {"products:read"});
    const auto made = make(mighty, "editor", {"products:write", "products:write", "orders:read"}, {viewer, viewer}).expect(201);
    EXPECT_EQ(made.location(), "/api/v1/roles/" + made.text("/id"));
    made.field("/scopes", texts({"orders:read", "products:write"})).field("/parents", texts({viewer})).field("/version", 1);
    const auto read = mighty.get(made.location()).expect(200).field("/name", "editor");
    mighty.patch(made.location(), {{"name", "writer"}, {"scopes", texts({"products:admin"})}, {"description", "Edits"}})
        .if_match(read.etag())
        .expect(200)
        .field("/name", "writer")
        .field("/scopes", texts({"products:admin"}))
        .field("/parents", texts({viewer}))
        .field("/version", 2);
    mighty.patch(made.location(), {{"name", "late"}}).if_match(read.etag()).expect_problem(412, "stale-version");
    mighty.patch(made.location(), {{"parents", Json::array()}}).expect(200).field("/parents", Json::array());
    mighty.patch(made.location(), {{"name", "viewer"}}).expect_problem(409, "role-name-taken");
    make(mighty, "viewer").expect_problem(409, "role-name-taken");
    make(mighty, "no name").expect_problem(422, "invalid-value").field("/errors/0/pointer", "/name");
    make(mighty, "x", std::vector<std::string>(101, "products:read")).expect_problem(422, "invalid-value");
    make(mighty, "x", {}, std::vector<std::string>(21, viewer)).expect_problem(422, "invalid-value");
    make(mighty, "x", {}, {viewer, Uuid::v7().to_string()}).expect_problem(422, "invalid-value").field("/errors/0/pointer", "/parents/1");

    mighty.get("/api/v1/roles").expect(200).field("/items/0/name", "viewer").field("/items/1/name", "writer");
    mighty.get("/api/v1/roles?name=writer").expect(200).field("/items/0/id", made.text("/id")).field("/items/1", Json());
    mighty.del(made.location()).if_match("\"1\"").expect_problem(412, "stale-version");
    mighty.del(made.location()).expect(204);
    mighty.get(made.location()).expect_problem(404, "not-found");
}

TEST_F(Roles, NeverInheritFromThemselves) {
    const std::string a = role("a"), b = role("b", {}, {a}), c = role("c", {}, {b});
    inherit(a, {a}).expect_problem(422, "role-cycle");
    inherit(a, {b}).expect_problem(422, "role-cycle");
    inherit(a, {c}).expect_problem(422, "role-cycle");
    inherit(c, {a, b}).expect(200); // two ways to one are no circle
    mighty.get("/api/v1/roles/" + a).expect(200).field("/parents", Json::array()).field("/version", 1);
}

TEST_F(Roles, StandTenInALineAtMost) {
    std::vector<std::string> line{role("r0")};
    for (int i = 1; i < 10; ++i) line.push_back(role("r" + std::to_string(i), {}, {line.back()}));
    make(mighty, "r10", {}, {line.back()}).expect_problem(422, "roles-too-deep");
    const std::string lower = role("lower"), upper = role("upper");
    inherit(line.front(), {upper}).expect_problem(422, "roles-too-deep");
    inherit(lower, {line[8]}).expect(200);
    inherit(lower, {line[9]}).expect_problem(422, "roles-too-deep");
}

// Both edges are written before either is committed: neither sees the other without being made to wait.
TEST_F(Roles, InheritInOneDirectionThoughBothAreAskedForAtOnce) {
    if (!testkit::Testpoint::compiled_in()) GTEST_SKIP() << "this build has no testpoints";
    const std::string a = role("a"), b = role("b");
    testkit::Testpoint commit("pg.before_commit");
    commit.pause();
    int first = 0, second = 0;
    std::thread one([&] { first = inherit(a, {b}).send().status(); });
    commit.wait_until_paused();
    std::thread other([&] { second = inherit(b, {a}).send().status(); });
    testkit::until([&] {
        return commit.waiting() == 2 || service.database().admin("select count(*) from pg_locks where locktype = 'advisory' and not granted") == "1";
    });
    commit.release();
    one.join();
    other.join();
    EXPECT_EQ(first, 200);
    EXPECT_EQ(second, 422);
    EXPECT_EQ(service.database().admin("select count(*) from role_parent"), "1");
}

TEST_F(Roles, NeverCloseACircleHoweverManyChangeThem) {
    std::vector<std::string> ring;
    for (int i = 0; i < 6; ++i) ring.push_back(role("ring" + std::to_string(i)));
    for (int round = 0; round < 5; ++round) {
        std::atomic<int> done{0}, refused{0};
        at_once(6, [&](int i) {
            const auto answer = inherit(ring[static_cast<std::size_t>(i)], {ring[static_cast<std::size_t>((i + 1) % 6)]}).send();
            ++(answer.status() == 200 ? done : refused);
            EXPECT_TRUE(answer.status() == 200 || answer.text("/type") == problem_type("role-cycle")) << answer.body();
        });
        EXPECT_EQ(done, 5);
        EXPECT_EQ(refused, 1);
        for (const std::string& each : ring) inherit(each, {}).expect(200);
    }
}

TEST_F(Roles, GiveNoMoreThanWhoGivesThemMay) {
    const auto modest = service.caller(service.project(), "roles:admin clients:admin products:write");
    make(modest, "reader", {"products:read"}).expect(201);
    make(modest, "boss", {"products:admin"}).expect_problem(403, "scope-not-yours");
    const std::string boss = role("boss", {"products:admin"}), below = role("below", {}, {boss});
    make(modest, "sly", {}, {below}).expect_problem(403, "scope-not-yours");
    modest.patch("/api/v1/roles/" + below, {{"scopes", texts({"orders:read"})}}).expect_problem(403, "scope-not-yours");
    modest.patch("/api/v1/roles/" + below, {{"name", "renamed"}}).expect(200); // what it has already stays as it was given
    const auto machine = plain_client();
    modest.call("PUT", membership(below, machine.text("/id"))).expect_problem(403, "scope-not-yours");
    EXPECT_EQ(claims_of(machine).find("roles"), nullptr);
    modest.call("PUT", membership(role("nothing"), machine.text("/id"))).expect(204);
    const auto reading = service.caller(service.project(), "roles:read");
    make(reading, "x").expect_problem(403, "forbidden");
    reading.call("PUT", membership(below, machine.text("/id"))).expect_problem(403, "forbidden");
    reading.get("/api/v1/roles").expect(200);
}

TEST_F(Roles, ShowInTokensFromTheirIssueOn) {
    const std::string viewer = role("viewer", {"products:read"}), clerk = role("clerk", {"orders:write"}, {viewer});
    const auto machine = plain_client({"carts:read"});
    EXPECT_EQ(ask_token(machine, "&scope=products:read").status(), 400);
    grant(clerk, machine);
    grant(clerk, machine); // again is no other thing
    mighty.get("/api/v1/roles/" + clerk + "/members").expect(200).field("/items/0/member_id", machine.text("/id")).field("/items/1", Json());
    mighty.get("/api/v1/roles?member=" + machine.text("/id")).expect(200).field("/items/0/name", "clerk").field("/items/1", Json());

    Json claims = claims_of(machine);
    EXPECT_EQ(*claims.find("roles"), texts({"clerk", "viewer"}));
    EXPECT_EQ(*claims.find("scope"), Json("carts:read orders:write products:read"));
    claims = claims_of(machine, "&scope=products:read+orders:read");
    EXPECT_EQ(*claims.find("scope"), Json("orders:read products:read")) << "no more than was asked for";
    EXPECT_EQ(ask_token(machine, "&scope=products:write").text("/error"), "invalid_scope");
    EXPECT_EQ(ask_token(machine, "&scope=orders:admin").text("/error"), "invalid_scope");
    const std::string token = ask_token(machine).text("/access_token");
    form("/oauth2/introspect", "token=" + token, basic(machine)).field("/roles", texts({"clerk", "viewer"}));

    inherit(clerk, {}).expect(200);
    EXPECT_EQ(*claims_of(machine).find("roles"), texts({"clerk"}));
    EXPECT_EQ(*claims_of(machine).find("scope"), Json("carts:read orders:write"));
    mighty.del(membership(clerk, machine.text("/id"))).expect(204);
    mighty.del(membership(clerk, machine.text("/id"))).expect_problem(404, "not-found");
    EXPECT_EQ(claims_of(machine).find("roles"), nullptr);
    EXPECT_EQ(*claims_of(machine).find("scope"), Json("carts:read"));
    EXPECT_EQ(ask_token(machine, "&scope=orders:write").text("/error"), "invalid_scope");
}

TEST_F(Roles, EndWithTheirClientOrThemselves) {
    const std::string viewer = role("viewer", {"products:read"}), clerk = role("clerk", {}, {viewer});
    const auto first = plain_client(), second = plain_client();
    grant(clerk, first);
    grant(clerk, second);
    mighty.del("/api/v1/roles/" + viewer).expect(204);
    EXPECT_EQ(*claims_of(first).find("roles"), texts({"clerk"}));
    EXPECT_EQ(claims_of(first).find("scope"), nullptr);
    mighty.del(first.location()).expect(204);
    mighty.get("/api/v1/roles/" + clerk + "/members").expect(200).field("/items/0/member_id", second.text("/id")).field("/items/1", Json());
    mighty.del("/api/v1/roles/" + clerk).expect(204);
    EXPECT_EQ(claims_of(second).find("roles"), nullptr);
    EXPECT_EQ(service.database().admin("select (select count(*) from role_member) + (select count(*) from role_parent)"), "0");
}

TEST_F(Roles, AreOfIdentitiesToo) {
    const auto people = service.caller(service.project(), "identities:admin roles:admin products:admin");
    const auto some = [&](const testkit::Client& who) {
        return who.post("/api/v1/identities", {{"login_names", Json::array()}}).expect(201);
    };
    const std::string viewer = role("viewer", {"products:read"}), boss = role("boss", {"orders:admin"});
    const auto ada = some(people), grace = some(people);
    const auto machine = plain_client();
    for (const auto& member : {ada, grace, machine}) mighty.call("PUT", membership(viewer, member.text("/id"))).expect(204);
    mighty.call("PUT", membership(viewer, ada.text("/id"))).expect(204); // again is no other thing
    people.call("PUT", membership(boss, ada.text("/id"))).expect_problem(403, "scope-not-yours");
    const auto first = mighty.get("/api/v1/roles/" + viewer + "/members?limit=2").expect(200);
    first.field("/items/0/kind", "client").field("/items/0/member_id", machine.at("/id"));
    first.field("/items/1/kind", "identity").field("/items/1/member_id", grace.at("/id"));
    mighty.get("/api/v1/roles/" + viewer + "/members?limit=2&cursor=" + first.text("/next_cursor"))
        .expect(200)
        .field("/items/0/member_id", ada.at("/id"))
        .field("/items/1", Json());
    mighty.get("/api/v1/roles?member=" + ada.text("/id")).expect(200).field("/items/0/name", "viewer").field("/items/1", Json());
    mighty.del(membership(viewer, ada.text("/id"))).expect(204);
    mighty.get("/api/v1/roles?member=" + ada.text("/id")).expect(200).field("/items", Json::array());
    people.del("/api/v1/identities/" + grace.text("/id")).expect(204);
    EXPECT_EQ(service.database().admin("select string_agg(member_id::text, ' ') from role_member"), machine.text("/id"));
    const auto theirs = some(as.stranger);
    mighty.call("PUT", membership(viewer, theirs.text("/id"))).expect_problem(404, "not-found");
    mighty.call("PUT", membership(viewer, Uuid::v7().to_string())).expect_problem(404, "not-found");
}

TEST_F(Roles, OfAnotherProjectAreNotThere) {
    const std::string viewer = role("viewer", {"products:read"});
    const auto machine = plain_client();
    grant(viewer, machine);
    as.stranger.get("/api/v1/roles").expect(200).field("/items", Json::array());
    as.stranger.get("/api/v1/roles/" + viewer).expect_problem(404, "not-found");
    as.stranger.get("/api/v1/roles/" + viewer + "/members").expect_problem(404, "not-found");
    as.stranger.del("/api/v1/roles/" + viewer).expect_problem(404, "not-found");
    as.stranger.del(membership(viewer, machine.text("/id"))).expect_problem(404, "not-found");
    make(as.stranger, "viewer").expect(201); // a name belongs to its project
    make(as.stranger, "thief", {}, {viewer}).expect_problem(422, "invalid-value");
    const auto theirs = as.stranger.post("/api/v1/clients", {{"name", "Foreign"}, {"scopes", Json::array()}}).expect(201);
    mighty.call("PUT", membership(viewer, theirs.text("/id"))).expect_problem(404, "not-found");
    as.stranger.call("PUT", membership(viewer, theirs.text("/id"))).expect_problem(404, "not-found");
    EXPECT_EQ(claims_of(theirs).find("roles"), nullptr);
}

TEST_F(Roles, AreAsManyAsFitAToken) {
    const auto machine = plain_client();
    std::vector<std::string> ids;
    for (int i = 0; i < 51; ++i) ids.push_back(role("role-" + std::to_string(i)));
    for (int i = 0; i < 50; ++i) grant(ids[static_cast<std::size_t>(i)], machine);
    mighty.call("PUT", membership(ids[50], machine.text("/id"))).expect_problem(409, "too-many-roles");
    EXPECT_EQ(claims_of(machine).find("roles")->size(), 50u);

    auth::Claims claims;
    claims.scopes.assign(256, "a:read");
    EXPECT_TRUE(token_payload(claims));
    claims.scopes.emplace_back("b:read");
    EXPECT_FALSE(token_payload(claims)) << "more than a verifier reads";
    claims.scopes.assign(100, std::string(100, 'x'));
    EXPECT_FALSE(token_payload(claims));

    // More than fits the token of who gives them too: two give half of it each.
    const auto other = plain_client();
    std::string last;
    for (const std::string half : {"left", "right"}) {
        std::vector<std::string> wide;
        std::string all = "roles:admin clients:admin";
        for (int i = 0; i < 30; ++i) {
            wide.push_back(half + std::to_string(i) + std::string(85, 'x') + ":read");
            all += " " + wide.back();
        }
        last = wide.back();
        const auto owner = service.caller(service.project(), all);
        const std::string id = make(owner, half, wide).expect(201).text("/id");
        owner.call("PUT", membership(id, other.text("/id"))).expect(204);
    }
    EXPECT_EQ(ask_token(other).text("/error"), "invalid_scope");
    EXPECT_EQ(ask_token(other, "&scope=" + last).status(), 200);
}

} // namespace
} // namespace gravity::issuer
