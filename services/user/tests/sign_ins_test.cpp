#include "user_fixture.hpp"

#include <gravity/base/clock.hpp>
#include <gravity/testkit/neighbour.hpp>
#include <gravity/testkit/redis.hpp>

namespace gravity::user {
namespace {

// A Redis before the service that hears by it.
struct WithRedis {
    testkit::TestRedis redis;
};

class SignIns : WithRedis, public UserApi {
protected:
    SignIns() : UserApi({{"EVENTS_URL", redis.url()}}) {}

    /// As auth would.
    void announce(const std::string& type, Json data, Timestamp at = now()) { announce_in(service.project(), type, std::move(data), at); }
    void announce_in(ProjectId project, const std::string& type, Json data, Timestamp at = now()) {
        const std::string sequence = std::to_string(++sequence_), id = Uuid::v4().to_string(), whole = "gravity.auth." + type;
        const Json event = Json::object({{"specversion", "1.0"},
                                         {"id", id},
                                         {"source", "urn:gravity:service:auth"},
                                         {"type", whole},
                                         {"subject", "x"},
                                         {"time", at.to_string()},
                                         {"project", project.to_string()},
                                         {"sequence", sequence},
                                         {"epoch", "1"},
                                         {"data", std::move(data)}});
        redis.cli("xadd 'gravity:events:{auth}' 1-" + sequence + " id " + id + " type " + whole + " project " + project.to_string() + " e '" +
                  event.dump() + "'");
        testkit::eventually("all events are handled", [&] {
            const std::string stream = "'gravity:events:{auth}'";
            return redis.cli("xinfo groups " + stream).find("entries-read\n" + std::to_string(sequence_) + "\n") != std::string::npos &&
                   redis.cli("xpending " + stream + " user").starts_with("0\n");
        });
    }
    void identity(const std::string& id) { announce("identity.created", Json::object({{"id", id}, {"state", "active"}})); }
    void signed_in(const std::string& id, Timestamp at = now()) {
        announce("login.succeeded", Json::object({{"identity_id", id}, {"method", "password"}, {"network", "203.0.113.0/24"}}), at);
    }
    testkit::Answer activity(const testkit::Answer& account) { return operator_.get("/api/v1/users/" + account.text("/id") + "/activity").expect(200); }

private:
    int sequence_ = 0;
};

TEST_F(SignIns, MakeAnAccountThatIsFilledInLater) {
    const std::string id = Uuid::v7().to_string();
    identity(id);
    const auto me = person(id).get("/api/v1/users/me").expect(200).field("/handle", id).field("/state", "active");
    identity(id); // announced once more
    operator_.get("/api/v1/users").expect(200).field("/items/0/id", me.text("/id")).field("/items/1", Json());
    // Whoever provisions says who that is.
    const auto filled = operator_.post("/api/v1/users", {{"handle", "ada"}, {"subject", id}, {"locale", "de"}}).expect(201);
    filled.field("/id", me.text("/id")).field("/handle", "ada").field("/locale", "de").field("/version", 2);
    operator_.post("/api/v1/users", {{"handle", "eve"}, {"subject", id}}).expect_problem(409, "subject-taken"); // and nobody else after that
    // Who is there already stays as they are, and so is whoever has changed something of themselves.
    const auto known = operator_.post("/api/v1/users", {{"handle", "bob"}, {"subject", "known"}}).expect(201);
    identity("known");
    operator_.get(known.location()).expect(200).field("/version", 1);
    const std::string other = Uuid::v7().to_string();
    identity(other);
    person(other).patch("/api/v1/users/me", {{"locale", "fr"}}).expect(200);
    operator_.post("/api/v1/users", {{"handle", "eve"}, {"subject", other}}).expect_problem(409, "subject-taken");
    announce_in(ProjectId::fresh(), "identity.created", Json::object({{"id", "elsewhere"}}));
    person("elsewhere").get("/api/v1/users/me").expect_problem(404, "not-a-user");
}

TEST_F(SignIns, ArePassedOverWhereNobodyCouldHaveSuchTokens) {
    const auto ada = user("ada");
    announce("identity.created", Json::object({{"id", "a b"}}));
    announce("identity.created", Json::object({{"name", "x"}}));
    announce("login.succeeded", Json::object({{"identity_id", "nobody"}}));
    operator_.get("/api/v1/users").expect(200).field("/items/0/id", ada.text("/id")).field("/items/1", Json());
}

TEST_F(SignIns, TellWhenSomebodyWasSeenLast) {
    const auto ada = operator_.post("/api/v1/users", {{"handle", "ada"}, {"subject", "sub-ada"}}).expect(201);
    activity(ada).field("/last_seen_at", Json());
    const auto at = [](const char* time) { return Timestamp::parse(time).or_throw(); };
    signed_in("sub-ada", at("2026-01-01T10:00:00Z"));
    activity(ada).field("/last_seen_at", "2026-01-01T10:00:00Z");
    signed_in("sub-ada", at("2026-01-01T10:00:30Z")); // to the minute
    signed_in("sub-ada", at("2025-01-01T10:00:00Z")); // late
    activity(ada).field("/last_seen_at", "2026-01-01T10:00:00Z");
    signed_in("sub-ada", at("2026-01-01T10:01:00Z"));
    activity(ada).field("/last_seen_at", "2026-01-01T10:01:00Z");
    operator_.get(ada.location()).expect(200).field("/version", 1); // it is nothing that was changed of them
    as.stranger.get(ada.location() + "/activity").expect_problem(404, "not-found");
    person("x", "profile").get(ada.location() + "/activity").expect_problem(403, "forbidden");
    // Of an account that was merged it is the other one who is seen.
    const auto twin = operator_.post("/api/v1/users", {{"handle", "twin"}, {"subject", "sub-twin"}}).expect(201);
    const auto merge = operator_.post("/api/v1/user-merges", {{"winner_id", ada.text("/id")}, {"loser_id", twin.text("/id")}}).expect(201);
    operator_.post(merge.location() + "/confirm").expect(200);
    signed_in("sub-twin", at("2026-02-01T10:00:00Z"));
    activity(ada).field("/last_seen_at", "2026-02-01T10:00:00Z");
    activity(twin).field("/last_seen_at", "2026-02-01T10:00:00Z"); // by either id
    operator_.post(ada.location() + "/deactivate", {{"reason", "x"}}).expect(200);
    operator_.del(ada.location()).expect(204);
    EXPECT_EQ(service.database().admin("select count(*) from user_activity"), "0");
}

} // namespace
} // namespace gravity::user
