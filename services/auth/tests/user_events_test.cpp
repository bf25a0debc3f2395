#include "browser_fixture.hpp"

#include <gravity/base/clock.hpp>
#include <gravity/testkit/neighbour.hpp>
#include <gravity/testkit/redis.hpp>

namespace gravity::issuer {
namespace {

struct EventsRedis {
    testkit::TestRedis redis;
};

/// Of an event in its producer's stream, as the event has it.
struct EventPlace {
    std::string epoch, sequence;
};

/// What the service `user` announces, and `session`.
class UserEvents : private EventsRedis, public SignInApi {
protected:
    UserEvents() : SignInApi({{"EVENTS_URL", redis.url()}}) {}
    testkit::Answer shop = web_client(Json::object({{"first_party", true}}));
    testkit::Answer ada = person("ada@example.com"), grace = person("grace@example.com");
    Browser browser{service.port()};
    const std::string user = Uuid::v7().to_string();
    int sequence = 0;

    void announce(const std::string& type, Json data, std::optional<ProjectId> of = {}, const std::string& by = "user",
                  const std::optional<EventPlace>& place = {}) {
        const std::string number = std::to_string(++sequence), id = Uuid::v4().to_string(), whose = of.value_or(service.project()).to_string();
        const Json event = Json::object({{"specversion", "1.0"},
                                         {"id", id},
                                         {"source", "urn:gravity:service:" + by},
                                         {"type", "gravity." + by + "." + by + "." + type},
                                         {"subject", user},
                                         {"time", gravity::now().to_string()},
                                         {"project", whose},
                                         {"sequence", place ? place->sequence : number},
                                         {"epoch", place ? place->epoch : "1"},
                                         {"data", std::move(data)}});
        const std::string fields = " id " + id + " type gravity." + by + "." + by + "." + type + " project " + whose + " e '" + event.dump() + "'";
        const std::string stream = "'gravity:events:{" + by + "}'";
        redis.cli("xadd " + stream + " 1-" + number + fields);
        const std::string read = "entries-read\n" + number + "\n";
        testkit::eventually("the event is handled", [&] {
            return redis.cli("xinfo groups " + stream).find(read) != std::string::npos && redis.cli("xpending " + stream + " auth").starts_with("0\n");
        });
    }
    void deactivated(const std::string& subject, std::optional<ProjectId> of = {}) {
        announce("deactivated", Json::object({{"id", user}, {"subject", subject}}), of);
    }
    void moved(const std::string& type, const testkit::Answer& identity, const std::optional<EventPlace>& place = {}) {
        announce(type, Json::object({{"id", user}, {"subject", identity.text("/id")}}), {}, "user", place);
    }
    void suspended(const testkit::Answer& identity) { moved("suspended", identity); }
    void activated(const testkit::Answer& identity) { moved("activated", identity); }
    void enable(const testkit::Answer& identity) { as.owner.post(identity.location() + "/enable", Json::object()).expect(200); }
    void disable(const testkit::Answer& identity) { as.owner.post(identity.location() + "/disable", Json::object()).expect(200); }
    void erased() { announce("erased", Json::object({{"id", user}})); }
    void revoked(const std::string& session) { announce("revoked", Json::object({{"id", session}}), {}, "session"); }
    std::string dead_letters() { return redis.cli("xlen 'gravity:events:{user}:dead:auth'"); }
    std::string state(const testkit::Answer& identity) { return as.owner.get(identity.location()).send().text("/state"); }
};

TEST_F(UserEvents, OfWhoIsDeactivatedEndTheirSignIns) {
    const auto tokens = redeem(shop, parameter(signed_in(browser, shop, {}, "openid%20offline_access"), "code"));
    deactivated(ada.text("/id"));
    EXPECT_EQ(state(ada), "disabled");
    EXPECT_EQ(state(grace), "active");
    EXPECT_FALSE(verified("ada@example.com", good_password));
    EXPECT_TRUE(browser.get(request(shop)).location().starts_with("/login?"));
    EXPECT_EQ(refresh(shop, tokens.text("/refresh_token")).text("/error"), "invalid_grant");
    const auto after = as.owner.get(ada.location()).expect(200);
    deactivated(ada.text("/id"));
    EXPECT_EQ(as.owner.get(ada.location()).expect(200).body(), after.body()) << "again: nothing more";
    as.owner.post(ada.location() + "/enable", Json::object()).expect(200);
    EXPECT_TRUE(verified("ada@example.com", good_password)) << "nothing of theirs is gone";
}

TEST_F(UserEvents, OfWhoIsSuspendedEndTheirSignInsUntilTheyAreActivated) {
    const auto tokens = redeem(shop, parameter(signed_in(browser, shop, {}, "openid%20offline_access"), "code"));
    suspended(ada);
    EXPECT_EQ(state(ada), "disabled");
    EXPECT_EQ(state(grace), "active");
    EXPECT_FALSE(verified("ada@example.com", good_password));
    EXPECT_TRUE(browser.get(request(shop)).location().starts_with("/login?"));
    EXPECT_EQ(refresh(shop, tokens.text("/refresh_token")).text("/error"), "invalid_grant");
    activated(ada);
    EXPECT_EQ(state(ada), "active");
    EXPECT_TRUE(verified("ada@example.com", good_password));
    EXPECT_TRUE(browser.get(request(shop)).location().starts_with("/login?")) << "what has ended stays so";
    EXPECT_EQ(refresh(shop, tokens.text("/refresh_token")).text("/error"), "invalid_grant");
    EXPECT_EQ(redeem(shop, parameter(signed_in(browser, shop), "code")).status(), 200);
    const auto after = as.owner.get(ada.location()).expect(200);
    activated(ada);
    EXPECT_EQ(as.owner.get(ada.location()).expect(200).body(), after.body()) << "again: nothing more";
    EXPECT_FALSE(browser.get(request(shop)).location().starts_with("/login?"));
}

TEST_F(UserEvents, OfWhoIsSuspendedEndWhatIsUnderWay) {
    at_once(7, [&](int i) {
        if (i == 6) return suspended(ada);
        Browser other(service.port());
        const auto step = type(other, flow_of(other.get(request(shop))), "ada@example.com", good_password);
        EXPECT_LT(step.status(), 500) << step.body();
    });
    EXPECT_EQ(state(ada), "disabled");
    EXPECT_EQ(sql("select count(*) from session"), "0");
}

TEST_F(UserEvents, OfWhoIsActivatedMakeThemWhatTheyWere) {
    deactivated(ada.text("/id"));
    activated(ada);
    EXPECT_EQ(state(ada), "active");
    suspended(ada);
    deactivated(ada.text("/id"));
    EXPECT_EQ(state(ada), "disabled");
    announce("activated", Json::object({{"id", user}, {"subject", ada.text("/id")}}), ProjectId::fresh());
    EXPECT_EQ(state(ada), "disabled") << "of another project";
    as.owner.patch(ada.location(), {{"login_names", names({{"email", "ada@example.org"}})}}).expect(200);
    activated(ada);
    EXPECT_EQ(state(ada), "active") << "other names change nothing of it";
    const auto waiting = as.owner.post("/api/v1/identities", {{"login_names", names({{"email", "new@example.com"}})}, {"state", "pending"}}).expect(201);
    activated(waiting);
    EXPECT_EQ(state(waiting), "pending") << "nothing was to be undone";
    suspended(waiting);
    EXPECT_EQ(state(waiting), "disabled");
    auto keeper = service.caller(ProjectId::fresh(), "people:collect", "user");
    const auto told = keeper.get("/internal/projects/" + service.project().to_string() + "/people/" + waiting.text("/id")).expect(200);
    EXPECT_EQ(told.text("/data/identity/state"), "disabled");
    for (const std::string ours : {"project", "user_epoch", "user_sequence", "state_before"}) EXPECT_EQ(told.at("/data/identity").find(ours), nullptr) << ours;
    activated(waiting);
    EXPECT_EQ(state(waiting), "pending");
}

TEST_F(UserEvents, UndoNothingThatIsDoneHere) {
    disable(ada);
    suspended(ada);
    activated(ada);
    EXPECT_EQ(state(ada), "disabled") << "it was so before";
    enable(ada);
    suspended(ada);
    disable(ada);
    activated(ada);
    EXPECT_EQ(state(ada), "disabled") << "it was said here, too";
    enable(ada);
    suspended(ada);
    enable(ada);
    EXPECT_TRUE(verified("ada@example.com", good_password));
    disable(ada);
    activated(ada);
    EXPECT_EQ(state(ada), "disabled") << "what the event did was undone here";
}

TEST_F(UserEvents, ThatComeLateChangeNothing) {
    moved("suspended", ada, EventPlace{"5", "3"});
    moved("activated", ada, EventPlace{"5", "9"});
    EXPECT_EQ(state(ada), "active");
    for (const EventPlace& before : std::vector<EventPlace>{{"5", "3"}, {"5", "8"}, {"5", "9"}, {"4", "99"}}) {
        moved("suspended", ada, before);
        moved("deactivated", ada, before);
        EXPECT_EQ(state(ada), "active") << before.epoch << "-" << before.sequence;
    }
    erased();
    EXPECT_EQ(state(ada), "active") << "nobody's, as far as is known";
    moved("suspended", ada, EventPlace{"5", "10"});
    EXPECT_EQ(state(ada), "disabled");
    moved("activated", ada, EventPlace{"5", "9"});
    EXPECT_EQ(state(ada), "disabled");
    moved("activated", ada, EventPlace{"16", "1"});
    EXPECT_EQ(state(ada), "active");
    for (const std::string& never : std::vector<std::string>{"", "late", "17x", "99999999999999999999"}) moved("suspended", ada, EventPlace{never, "11"});
    EXPECT_EQ(state(ada), "active");
    EXPECT_EQ(dead_letters(), "4\n") << "what has no place is kept for whoever looks";
}

TEST_F(UserEvents, OfAnAccountThatOthersWereMergedIntoAreOfAllTheirIdentities) {
    for (const auto& identity : {ada, grace}) deactivated(identity.text("/id"));
    for (const auto& identity : {ada, grace}) activated(identity);
    deactivated(ada.text("/id"));
    erased();
    EXPECT_EQ(as.owner.get(ada.location()).send().status(), 404);
    EXPECT_EQ(state(grace), "active") << "who became an account of their own meanwhile";
    const auto linus = person("linus@example.com");
    for (const auto& identity : {grace, linus}) deactivated(identity.text("/id"));
    erased();
    EXPECT_EQ(as.owner.get(grace.location()).send().status(), 404);
    EXPECT_EQ(as.owner.get(linus.location()).send().status(), 404);
}

TEST_F(UserEvents, OfWhoIsErasedLeaveNothing) {
    deactivated(ada.text("/id"));
    erased();
    EXPECT_EQ(as.owner.get(ada.location()).send().status(), 404);
    EXPECT_EQ(sql("select count(*) from credential where identity_id = '" + ada.text("/id") + "'"), "0");
    EXPECT_EQ(sql("select count(*) from login_name where value like 'ada%'"), "0");
    EXPECT_EQ(state(grace), "active");
    erased();
    EXPECT_EQ(state(grace), "active");
}

TEST_F(UserEvents, OfSessionsThatAreRevokedEndWhatCameOfThem) {
    const auto tokens = redeem(shop, parameter(signed_in(browser, shop), "code"));
    const std::string session = payload(tokens.text("/id_token")).find("sid")->as_string();
    Browser other(service.port());
    const auto others = redeem(shop, parameter(signed_in(other, shop), "code"));
    revoked("of-another-issuer");
    revoked(Uuid::v7().to_string());
    EXPECT_TRUE(active(shop, tokens.text("/access_token")));
    revoked(session);
    EXPECT_FALSE(active(shop, tokens.text("/access_token")));
    EXPECT_EQ(refresh(shop, tokens.text("/refresh_token")).text("/error"), "invalid_grant");
    EXPECT_TRUE(browser.get(request(shop)).location().starts_with("/login?"));
    revoked(session);
    EXPECT_EQ(refresh(shop, others.text("/refresh_token")).status(), 200) << "of another session";
    const std::string kept_elsewhere = payload(others.text("/id_token")).find("sid")->as_string();
    sql("delete from session");
    revoked(kept_elsewhere);
    EXPECT_EQ(sql("select count(*) from refresh_family where revoked_at is null"), "0");
}

TEST_F(UserEvents, OfOthersChangeNothing) {
    erased();
    for (const std::string& nobody : std::vector<std::string>{"somebody", Uuid::v7().to_string(), "api_key:" + ada.text("/id")}) {
        deactivated(nobody);
        for (const std::string& type : std::vector<std::string>{"suspended", "activated"}) announce(type, Json::object({{"id", user}, {"subject", nobody}}));
    }
    deactivated(ada.text("/id"), ProjectId::fresh());
    EXPECT_EQ(state(ada), "active") << "of another project";
    EXPECT_EQ(sql("select count(*) from user_of_identity"), "0");
}

} // namespace
} // namespace gravity::issuer
