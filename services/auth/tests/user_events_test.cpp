#include "browser_fixture.hpp"

#include <gravity/base/clock.hpp>
#include <gravity/testkit/neighbour.hpp>
#include <gravity/testkit/redis.hpp>

namespace gravity::issuer {
namespace {

struct EventsRedis {
    testkit::TestRedis redis;
};

/// What the service `user` announces.
class UserEvents : private EventsRedis, public SignInApi {
protected:
    UserEvents() : SignInApi({{"EVENTS_URL", redis.url()}}) {}
    testkit::Answer shop = web_client(Json::object({{"first_party", true}}));
    testkit::Answer ada = person("ada@example.com"), grace = person("grace@example.com");
    Browser browser{service.port()};
    const std::string user = Uuid::v7().to_string();
    int sequence = 0;

    void announce(const std::string& type, Json data, std::optional<ProjectId> of = {}) {
        const std::string number = std::to_string(++sequence), id = Uuid::v4().to_string(), whose = of.value_or(service.project()).to_string();
        const Json event = Json::object({{"specversion", "1.0"},
                                         {"id", id},
                                         {"source", "urn:gravity:service:user"},
                                         {"type", "gravity.user.user." + type},
                                         {"subject", user},
                                         {"time", gravity::now().to_string()},
                                         {"project", whose},
                                         {"sequence", number},
                                         {"epoch", "1"},
                                         {"data", std::move(data)}});
        const std::string fields = " id " + id + " type gravity.user.user." + type + " project " + whose + " e '" + event.dump() + "'";
        redis.cli("xadd 'gravity:events:{user}' 1-" + number + fields);
        const std::string read = "entries-read\n" + number + "\n";
        testkit::eventually("the event is handled", [&] {
            return redis.cli("xinfo groups 'gravity:events:{user}'").find(read) != std::string::npos &&
                   redis.cli("xpending 'gravity:events:{user}' auth").starts_with("0\n");
        });
    }
    void deactivated(const std::string& subject, std::optional<ProjectId> of = {}) {
        announce("deactivated", Json::object({{"id", user}, {"subject", subject}}), of);
    }
    void erased() { announce("erased", Json::object({{"id", user}})); }
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

TEST_F(UserEvents, OfOthersChangeNothing) {
    erased();
    for (const std::string& nobody : std::vector<std::string>{"somebody", Uuid::v7().to_string(), "api_key:" + ada.text("/id")}) deactivated(nobody);
    deactivated(ada.text("/id"), ProjectId::fresh());
    EXPECT_EQ(state(ada), "active") << "of another project";
    EXPECT_EQ(sql("select count(*) from user_of_identity"), "0");
}

} // namespace
} // namespace gravity::issuer
