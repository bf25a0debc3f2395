// Oneself by SCIM (RFC 7644 section 3.11): as by /api/v1/users/me.
#include "scim_fixture.hpp"

namespace gravity::user {
namespace {

class ScimMe : public ScimApi {
protected:
    const std::string me = "/scim/v2/Me";
    const std::string told = R"("externalId":"e-1","name":{"familyName":"Lovelace"},"displayName":"Ada","locale":"en-GB",)"
                             R"("emails":[{"value":"ada@example.com","type":"work","primary":true},{"value":"ada@example.org"}],)"
                             R"("phoneNumbers":[{"value":"5550123","type":"mobile"}])";

    static testkit::Call sent(const testkit::Client& who, const std::string& method, const std::string& path, const std::string& body) {
        return who.call(method, path).raw(body, "application/scim+json");
    }
    testkit::Answer patched(const testkit::Client& who, const std::string& operations) { return sent(who, "PATCH", me, patch_json(operations)).send(); }
    testkit::Answer replaced(const testkit::Client& who, const std::string& members, const std::string& name = "ada") {
        return sent(who, "PUT", me, user_json(name, members)).send();
    }
};

TEST_F(ScimMe, AreReplacedInWhatIsTheirOwn) {
    const auto made = user("ada", told);
    const auto ada = person(made.text("/id"));
    const auto changed = replaced(ada, R"("title":"Countess","timezone":"Europe/London","addresses":[{"locality":"London"}])");
    changed.field("/title", "Countess").field("/timezone", "Europe/London").field("/addresses/0/locality", "London").field("/meta/version", "\"2\"");
    changed.field("/name", Json()).field("/displayName", Json()).field("/locale", Json()); // what was theirs and is not told of
    changed.field("/emails/1/value", "ada@example.org").field("/phoneNumbers/0/type", "mobile").field("/externalId", "e-1").field("/active", true);
    EXPECT_EQ(changed.header("Content-Location"), made.text("/meta/location"));
    EXPECT_EQ(changed.etag(), "\"2\"");
    EXPECT_EQ(directory.get(at(made)).expect(200).json(), changed.json());
    EXPECT_EQ(sent(ada, "PUT", me, changed.body()).expect(200).json(), changed.json()); // as it is, with all that others say
    EXPECT_EQ(refusal(sent(ada, "PUT", me, user_json("ada")).if_match("\"1\"").send()), "412");
    EXPECT_EQ(refusal(sent(ada, "PUT", me, "{").send()), "400 invalidSyntax");
    EXPECT_EQ(refusal(sent(ada, "PUT", me, R"({"userName":"ada"})").send()), "400 invalidValue");
    EXPECT_EQ(refusal(ada.call("PUT", me).raw(user_json("ada"), "text/plain").send()), "415");
    EXPECT_EQ(sent(ada, "PUT", me + "?attributes=title", user_json("ada", R"("title":"Dr")")).expect(200).at("/userName"), Json());
}

TEST_F(ScimMe, ArePatchedInWhatIsTheirOwn) {
    const auto made = user("ada", told);
    const auto ada = person(made.text("/id"));
    event_types();
    const auto changed = patched(ada, R"({"op":"replace","path":"name.familyName","value":"King"},{"op":"remove","path":"displayName"})");
    changed.field("/name/familyName", "King").field("/displayName", Json()).field("/emails/0/value", "ada@example.com").field("/meta/version", "\"2\"");
    patched(ada, R"({"op":"replace","value":{"locale":"de","userName":"ada","active":true}})").field("/locale", "de").field("/meta/version", "\"3\"");
    patched(ada, R"({"op":"replace","path":"locale","value":"de"})").field("/meta/version", "\"3\""); // as it is
    EXPECT_EQ(event_types(), "user.updated user.updated ");
    operator_.get("/api/v1/users/" + made.text("/id")).expect(200).field("/profile/name/family_name", "King").field("/locale", "de");
    EXPECT_EQ(refusal(sent(ada, "PATCH", me, patch_json(R"({"op":"remove","path":"locale"})")).if_match("\"1\"").send()), "412");
    EXPECT_EQ(refusal(patched(ada, R"({"op":"replace","path":"locale","value":"no language"})")), "400 invalidValue");
    EXPECT_EQ(refusal(patched(ada, R"({"op":"add","path":"nothing","value":"x"})")), "400 invalidPath");
    EXPECT_EQ(refusal(patched(ada, R"({"op":"add","path":"groups","value":[{"value":"x"}]})")), "400 mutability");
}

// Handles, states, addresses that are to be proved, and what a directory calls them are for others to say.
TEST_F(ScimMe, ChangeNothingElse) {
    const auto made = user("ada", told);
    const auto ada = person(made.text("/id"));
    const std::string operations[] = {
        R"({"op":"replace","path":"userName","value":"queen"})",
        R"({"op":"replace","path":"userName","value":"ADA"})",
        R"({"op":"replace","path":"active","value":false})",
        R"({"op":"remove","path":"active"})",
        R"({"op":"replace","path":"externalId","value":"e-2"})",
        R"({"op":"remove","path":"externalId"})",
        R"({"op":"add","path":"emails","value":[{"value":"eve@example.com"}]})",
        R"({"op":"remove","path":"emails"})",
        R"({"op":"replace","path":"emails[type eq \"work\"].value","value":"eve@example.com"})",
        R"({"op":"replace","path":"emails[value eq \"ada@example.org\"].primary","value":true})",
        R"({"op":"add","path":"phoneNumbers","value":[{"value":"+4930123"}]})",
        R"({"op":"remove","path":"phoneNumbers"})",
        R"({"op":"replace","path":"title","value":"lost"},{"op":"replace","path":"userName","value":"queen"})",
    };
    for (const std::string& operation : operations) EXPECT_EQ(refusal(patched(ada, operation)), "403") << operation;
    for (const std::string members : {R"("active":false)", R"("externalId":"e-2")", R"("emails":[{"value":"eve@example.com"}])",
                                      R"("phoneNumbers":[{"value":"+4930123"}])"})
        EXPECT_EQ(refusal(replaced(ada, members)), "403") << members;
    EXPECT_EQ(refusal(replaced(ada, "", "queen")), "403");
    EXPECT_EQ(directory.get(at(made)).expect(200).json(), made.json());
}

// As for the rest of what is one's own (RFC 7644 section 3.6 has no days in which to think better of it).
TEST_F(ScimMe, AskToBeErased) {
    const auto made = user("ada", told), other = user("bob");
    const std::string id = made.text("/id");
    for (const auto& stale : {person(id), signed_in(id, 301)}) {
        const auto refused = stale.call("DELETE", me).send();
        EXPECT_EQ(refusal(refused), "401");
        EXPECT_NE(refused.header("WWW-Authenticate").find("insufficient_user_authentication"), std::string::npos);
    }
    const auto ada = signed_in(id);
    EXPECT_EQ(refusal(ada.call("DELETE", me).if_match("\"7\"").send()), "412");
    const auto begun = ada.call("DELETE", me).expect(202);
    EXPECT_EQ(begun.body(), "");
    ada.get(begun.location()).expect(200).field("/kind", "erasure").field("/state", "cooling_off").field("/requested_by", "self");
    ada.get(me).expect(200).field("/active", true); // it can be called off
    EXPECT_EQ(refusal(ada.call("DELETE", me).send()), "409");
    ada.post(begun.location() + "/cancel").expect(200).field("/state", "cancelled");
    operator_.post("/api/v1/legal-holds", {{"user_id", other.text("/id")}, {"reason", "case 7"}}).expect(201);
    const auto held = signed_in(other.text("/id")).call("DELETE", me).send();
    EXPECT_EQ(refusal(held), "409");
    EXPECT_EQ(held.body().find("case 7"), std::string::npos);
    EXPECT_EQ(refusal(signed_in("nobody").call("DELETE", me).send()), "404");
}

TEST_F(ScimMe, AreNobodyElse) {
    const auto made = user("ada", told);
    const std::string id = made.text("/id"), patch = patch_json(R"({"op":"add","path":"title","value":"x"})");
    const auto stranger = service.caller(ProjectId::fresh(), "profile users:self", id);
    const std::pair<std::string, std::string> all[] = {{"PUT", user_json("ada")}, {"PATCH", patch}, {"DELETE", ""}};
    for (const auto& [method, body] : all) {
        for (const auto& who : {person(id, "profile"), directory}) EXPECT_EQ(sent(who, method, me, body).send().status(), 403) << method;
        EXPECT_EQ(sent(as.anonymous, method, me, body).send().status(), 401) << method;
        if (method == "DELETE") continue;
        EXPECT_EQ(refusal(sent(person("nobody"), method, me, body).send()), "404");
        EXPECT_EQ(refusal(sent(stranger, method, me, body).send()), "404");
    }
    EXPECT_EQ(directory.get(at(made)).expect(200).json(), made.json());
    directory.del(at(made)).expect(204); // whom a directory has deleted
    EXPECT_EQ(refusal(sent(person(id), "PATCH", me, patch).send()), "404");
}

TEST_F(ScimMe, KeepWhatEachOfManyChangesAtOnce) {
    const auto made = user("ada");
    const auto ada = person(made.text("/id"));
    const std::string names[] = {"title", "nickName", "displayName", "userType", "preferredLanguage"};
    at_once(20, [&](int i) {
        const std::string operation = R"({"op":"replace","path":")" + names[i % 5] + R"(","value":"v)" + std::to_string(i) + "\"}";
        EXPECT_EQ(patched(ada, operation).status(), 200);
    });
    const auto read = ada.get(me).expect(200).field("/meta/version", "\"21\"");
    for (const std::string& name : names) EXPECT_NE(read.text("/" + name), "") << name;
}

// With what the directory calls them that their tokens are of, if they are.
class ScimMeOfADirectory : public ScimMe {};

TEST_F(ScimMeOfADirectory, HaveItsNameForThem) {
    const auto made = user("ada", told);
    const std::string id = made.text("/id");
    operator_.post("/api/v1/user/scim-clients", {{"name", "herself"}, {"subject", id}, {"mode", "entra"}}).expect(201);
    const auto ada = person(id);
    ada.get(me).expect(200).field("/externalId", Json());
    patched(ada, R"({"op":"Replace","path":"title","value":"Dr"})").field("/title", "Dr").field("/externalId", Json()); // and its mode
    EXPECT_EQ(refusal(patched(ada, R"({"op":"add","path":"externalId","value":"e-1"})")), "403");
    directory.get(at(made)).expect(200).field("/externalId", "e-1").field("/title", "Dr");
}

} // namespace
} // namespace gravity::user
