#include "user_fixture.hpp"

#include <gravity/base/crypto.hpp>
#include <gravity/base/encoding.hpp>

#include <mutex>
#include <set>

namespace gravity::user {
namespace {

class Consents : public UserApi {
protected:
    std::string text(std::string words, std::string purpose = "news", std::string label = "1") {
        return operator_.post("/api/v1/consent-texts", {{"purpose", purpose}, {"label", label}, {"language", "en"}, {"text", words}})
            .expect(201)
            .text("/sha256");
    }
    testkit::Client somebody(std::string subject) {
        operator_.post("/api/v1/users", {{"handle", subject}, {"subject", subject}}).expect(201);
        return person(subject);
    }
    static testkit::Members to(std::string sha256) {
        return {{"text_sha256", sha256}, {"evidence", Json::object({{"source", "web"}, {"ip_address", "192.0.2.1"}})}};
    }
};

TEST_F(Consents, AreToTheVeryWordsThatWereShown) {
    const std::string words = "We write to you\nonce a month.";
    const std::string hash = text(words);
    EXPECT_EQ(hash, hex_encode(sha256(words)));
    const std::string at = "/api/v1/consent-texts/" + hash;
    person("anybody", "profile").get(at).expect(200).field("/text", words).field("/purpose", "news").field("/language", "en");
    EXPECT_EQ(text("We write to you\r\nonce a month."), hash); // the same once more
    operator_.post("/api/v1/consent-texts", {{"purpose", "ads"}, {"label", "1"}, {"language", "en"}, {"text", words}}).expect_problem(409, "text-exists");
    text("Another", "ads");
    operator_.get("/api/v1/consent-texts?purpose=news").expect(200).field("/items/0/sha256", hash).field("/items/1", Json()).field("/items/0/text", Json());
    operator_.get("/api/v1/consent-texts?language=de").expect(200).field("/items", Json::array());
    as.stranger.get(at).expect_problem(404, "not-found");
    operator_.get("/api/v1/consent-texts/" + std::string(64, 'A')).expect_problem(404, "not-found");
    const testkit::Members another{{"purpose", "ads"}, {"label", "1"}, {"language", "en"}, {"text", "x"}};
    person("x", "consents:write").post("/api/v1/consent-texts", another).expect_problem(403, "forbidden");
    operator_.post("/api/v1/consent-texts", {{"purpose", "Big News"}, {"label", "1"}, {"language", "en"}, {"text", ""}}).expect_problem(422, "invalid-value");
    EXPECT_ANY_THROW(service.database().admin("update consent_text set text = 'x'")); // whatever the statement
}

TEST_F(Consents, AreGivenAndTakenBack) {
    const std::string hash = text("Words");
    const auto me = somebody("ada");
    const auto given = me.post("/api/v1/consents", to(hash)).expect(201);
    given.field("/purpose", "news").field("/actor", given.at("/user_id")).field("/evidence/source", "web").field("/withdrawn_at", Json());
    EXPECT_EQ(me.post("/api/v1/consents", to(hash)).expect(201).text("/id"), given.text("/id")); // once
    const std::string own = "/api/v1/users/me/consents";
    me.get(own).expect(200).field("/items/0/id", given.text("/id")).field("/items/1", Json());
    EXPECT_EQ(me.get(own + "/" + given.text("/id")).expect(200).json(), given.json());
    me.del("/api/v1/consents/" + given.text("/id")).expect(204);
    me.del("/api/v1/consents/" + given.text("/id")).expect(204); // who asks twice
    const auto ended = operator_.get("/api/v1/consents/" + given.text("/id"))
                           .expect(200)
                           .field("/withdrawn_by", given.at("/user_id"))
                           .field("/evidence/source", "web");
    EXPECT_NE(ended.text("/withdrawn_at"), "");
    const auto again = me.post("/api/v1/consents", to(hash)).expect(201);
    EXPECT_NE(again.text("/id"), given.text("/id"));
    me.post("/api/v1/consents/" + again.text("/id") + "/withdraw", {{"evidence", Json::object({{"source", "letter"}})}})
        .expect(200)
        .field("/withdrawal/source", "letter");
    me.get(own + "?in_force=true").expect(200).field("/items", Json::array());
    me.get(own + "?in_force=false&purpose=news").expect(200).field("/items/0/id", again.text("/id")).field("/items/1/id", given.text("/id"));
    EXPECT_EQ(event_types(), "user.created consent.given consent.withdrawn consent.given consent.withdrawn ");
}

TEST_F(Consents, EndWhereTheNextTextForTheirPurposeBegins) {
    const auto me = somebody("ada");
    const auto first = me.post("/api/v1/consents", to(text("First", "news", "1")))
                           .expect(201),
               other = me.post("/api/v1/consents", to(text("Ads", "ads"))).expect(201);
    const auto second = me.post("/api/v1/consents", to(text("Second", "news", "2"))).expect(201);
    operator_.get("/api/v1/consents/" + first.text("/id"))
        .expect(200)
        .field("/replaced_by", second.text("/id"))
        .field("/withdrawn_at", second.at("/given_at"));
    me.get("/api/v1/users/me/consents?in_force=true").expect(200).field("/items/0/id", second.text("/id")).field("/items/1/id", other.text("/id"));
}

TEST_F(Consents, AreNotRewritten) {
    const std::string hash = text("Words");
    const auto me = somebody("ada");
    const auto given = me.post("/api/v1/consents", to(hash)).expect(201);
    auto& database = service.database();
    for (const std::string change : {"given_at = given_at - interval '1 day'", "actor = 'x'", "evidence = '{\"source\": \"paper\"}'", "purpose = 'x'",
                                     "user_id = gen_random_uuid()"})
        EXPECT_ANY_THROW(database.admin("update consent set " + change)) << change;
    me.del("/api/v1/consents/" + given.text("/id")).expect(204);
    EXPECT_ANY_THROW(database.admin("update consent set withdrawn_at = null, withdrawn_by = null"));
    EXPECT_ANY_THROW(database.admin("update consent set withdrawn_at = withdrawn_at + interval '1 day'"));
}

TEST_F(Consents, AreKeptForOthersByWhoMay) {
    const std::string hash = text("Words");
    const auto ada = operator_.post("/api/v1/users", {{"handle", "ada"}, {"subject", "ada"}}).expect(201);
    const auto bob = somebody("bob");
    const std::string at = ada.location() + "/consents";
    const auto kept = operator_.post(at, {{"text_sha256", hash}, {"evidence", Json::object({{"source", "paper"}, {"detail", "form 7"}})}}).expect(201);
    kept.field("/user_id", ada.text("/id")).field("/actor", "tester");
    EXPECT_EQ(operator_.get(kept.location()).expect(200).json(), kept.json());
    bob.post(at, to(hash)).expect_problem(403, "forbidden");
    bob.get("/api/v1/consents").expect_problem(403, "forbidden");
    bob.del(kept.location()).expect_problem(404, "not-found");
    bob.get("/api/v1/users/me/consents/" + kept.text("/id")).expect_problem(404, "not-found");
    as.stranger.get(kept.location()).expect_problem(404, "not-found");
    as.stranger.get("/api/v1/consents").expect(200).field("/items", Json::array());
    as.stranger.post(at, to(hash)).expect_problem(404, "not-found");
    operator_.post(at, to(std::string(64, '0'))).expect_problem(422, "no-such-text").field("/errors/0/pointer", "/text_sha256");
    operator_.post(at, {{"text_sha256", hash}}).expect_problem(400, "malformed-request"); // no evidence
    person("nobody").post("/api/v1/consents", to(hash)).expect_problem(404, "not-a-user");
    person("nobody").del(kept.location()).expect_problem(404, "not-a-user");
    person("nobody").get("/api/v1/users/me/consents").expect_problem(404, "not-a-user");
    bob.post("/api/v1/consents", to(hash)).expect(201);
    operator_.get("/api/v1/consents?user_id=" + ada.text("/id")).expect(200).field("/items/0/id", kept.text("/id")).field("/items/1", Json());
    operator_.get("/api/v1/consents?purpose=ads").expect(200).field("/items", Json::array());
}

// However often it is clicked.
TEST_F(Consents, AreOneHoweverManyAreGivenAtOnce) {
    const std::string hash = text("Words");
    const auto me = somebody("ada");
    std::set<std::string> ids;
    std::mutex mutex;
    at_once(10, [&](int) {
        const auto id = me.post("/api/v1/consents", to(hash)).expect(201).text("/id");
        const std::lock_guard lock(mutex);
        ids.insert(id);
    });
    EXPECT_EQ(ids.size(), 1U);
}

// What stays of a person who was erased: that somebody agreed to which words, and when.
TEST_F(Consents, OutliveThePersonWithoutNamingThem) {
    const std::string hash = text("Words");
    const auto me = somebody("yves");
    const auto given = me.post("/api/v1/consents", to(hash)).expect(201);
    const std::string at = "/api/v1/users/" + given.text("/user_id");
    operator_.post(at + "/deactivate", {{"reason", "x"}}).expect(200);
    operator_.del(at).expect(204);
    operator_.get("/api/v1/consents/" + given.text("/id"))
        .expect(200)
        .field("/evidence", Json())
        .field("/text_sha256", hash)
        .field("/given_at", given.at("/given_at"));
    EXPECT_EQ(service.database().admin("select count(*) from consent where consent::text like '%yves%'"), "0");
}

} // namespace
} // namespace gravity::user
