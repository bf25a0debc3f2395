#include "config_fixture.hpp"

#include <atomic>

namespace gravity::config {
namespace {

Json json_of(std::string_view text) { return Json::parse(text).or_throw(); }

class Schemas : public ConfigApi {
protected:
    const std::string schemas = "/api/v1/config-schemas";
    const Json port_schema = json_of(R"({"type":"object","required":["server"],"properties":{"server":{"type":"object","required":["port"],)"
                                     R"("properties":{"port":{"type":"integer","minimum":1,"maximum":65535}}}}})");

    testkit::Answer schema(const testkit::Client& who, const std::string& application, const Json& document) {
        return who.post(schemas, {{"application", application}, {"schema", document}}).expect(201);
    }
    testkit::Answer refused(const std::string& set) {
        return as.owner.post(set + "/releases", testkit::Members(Json::object())).expect_problem(422, "schema-violation");
    }
};

TEST_F(Schemas, RefuseAReleaseThatBreaksThemWithAPointerForEachHeir) {
    schema(as.owner, "shop", port_schema);
    const auto at = set(as.owner, "shop").location();
    draft(as.owner, at, Json::object({{"name", "x"}}));
    refused(at).field("/errors/0/pointer", "/items/server").field("/errors/0/detail", "shop in default: is required");
    draft(as.owner, at, Json::object({{"server.port", 70000}}));
    refused(at).field("/errors/0/pointer", "/items/server.port").field("/errors/0/detail", "shop in default: must be at most 65535");
    draft(as.owner, at, Json::object({{"server.port", 8080}}));
    publish(as.owner, at);
    const auto dev = published(as.owner, "shop", "dev", Json::object({{"debug", true}})); // inherits its port
    published(as.owner, "other", "default", Json::object({{"server.port", "none of its business"}}));
    draft(as.owner, dev, Json::object({{"server.port", "x"}}));
    refused(dev).field("/errors/0/detail", "shop in dev: must be of type integer").field("/errors/1", Json());
    draft(as.owner, at, Json::object({{"server.port", nullptr}}));
    const auto both = refused(at); // nothing below provides it, for either
    both.field("/errors/0/detail", "shop in default: is required").field("/errors/1/detail", "shop in dev: is required").field("/errors/2", Json());
    EXPECT_EQ(where(effective(as.owner, "shop", "dev"), "server.port"), "8080 of shop in default");
}

TEST_F(Schemas, HoldForWhatIsInherited) {
    const auto shared = published(as.owner, "application", "default", Json::object({{"server.port", 1}}));
    published(as.owner, "shop", "default", Json::object({{"name", "x"}}));
    published(as.owner, "till", "dev", Json::object({{"name", "y"}}));
    schema(as.owner, "application", port_schema); // everybody's
    draft(as.owner, shared, Json::object({{"server.port", 0}}));
    const auto faults = refused(shared);
    faults.field("/errors/0/detail", "shop in default: must be at least 1").field("/errors/1/detail", "shop in dev: must be at least 1");
    faults.field("/errors/2/detail", "till in dev: must be at least 1").field("/errors/3", Json()); // nobody runs till in default
}

TEST_F(Schemas, SeeReferencesResolvedAndNothingOfSecrets) {
    schema(as.owner, "shop", json_of(R"({"properties":{"url":{"format":"uri"},"password":{"type":"string"}},"required":["password"]})"));
    const auto at = set(as.owner, "shop").location();
    draft(as.owner, at, Json::object({{"url", "${scheme}://x/"}, {"scheme", "nonsense"}, {"password", "x"}}));
    refused(at).field("/errors/0/pointer", "/items/url");
    draft(as.owner, at, Json::object({{"scheme", "https"}}));
    publish(as.owner, at);
}

TEST_F(Schemas, AreHeldByWhatIsInForce) {
    const auto at = published(as.owner, "shop", "default", Json::object({{"server.port", 0}}));
    as.owner.post(schemas, {{"application", "shop"}, {"schema", port_schema}})
        .expect_problem(422, "schema-violation")
        .field("/errors/0/detail", "shop in default: must be at least 1");
    draft(as.owner, at, Json::object({{"server.port", 80}}));
    publish(as.owner, at);
    const auto made = schema(as.owner, "shop", port_schema).field("/application", "shop").field("/profile", Json());
    made.field("/version", 1).field("/created_by", "tester");
    as.owner.post(schemas, {{"application", "shop"}, {"schema", port_schema}}).expect_problem(409, "config-schema-exists");
    as.owner.patch(made.location(), {{"schema", json_of(R"({"properties":{"server":{"properties":{"port":{"maximum":79}}}}})")}})
        .expect_problem(422, "schema-violation");
    as.owner.patch(made.location(), {{"description", "Ports"}}).if_match(made.etag()).expect(200).field("/version", 2).field("/schema/type", "object");
    as.owner.patch(made.location(), {{"description", "x"}}).if_match(made.etag()).expect_problem(412, "stale-version");
    as.owner.get(schemas + "?application=shop").expect(200).field("/items/0/description", "Ports").field("/items/1", Json());
    as.owner.get(schemas + "?application=till").expect(200).field("/items", Json::array());
    as.stranger.get(made.location()).expect_problem(404, "not-found");
    published(as.stranger, "shop", "default", Json::object({{"server.port", 0}})); // another project's schemas bind nobody
    as.owner.del(made.location()).expect(204);
    draft(as.owner, at, Json::object({{"server.port", 0}}));
    publish(as.owner, at);
}

TEST_F(Schemas, AreAboutAProfileAndALabel) {
    as.owner.post(schemas, {{"application", "shop"}, {"profile", "prod"}, {"label", "main"}, {"schema", port_schema}}).expect(201);
    published(as.owner, "shop", "default", Json::object({{"name", "x"}}));
    published(as.owner, "shop", "prod", Json::object({{"name", "x"}}), "next");
    const auto at = set(as.owner, "shop", "prod").location();
    draft(as.owner, at, Json::object({{"name", "y"}}));
    refused(at).field("/errors/0/detail", "shop in prod: is required");
}

TEST_F(Schemas, AreRefusedWhereTheyCannotBeRead) {
    const auto refuse = [&](const std::string& text, const std::string& pointer) {
        as.owner.post(schemas, {{"application", "shop"}, {"schema", json_of(text)}}).expect_problem(422, "invalid-value").field("/errors/0/pointer", pointer);
    };
    refuse("1", "/schema");
    refuse(R"({"typ":"object"})", "/schema/typ");
    refuse(R"({"properties":{"a":{"type":"int"}}})", "/schema/properties/a/type");
    refuse(R"({"pattern":"("})", "/schema/pattern");
    refuse(R"({"$ref":"#"})", "/schema");
    refuse(R"({"$ref":"http://example.org/schema"})", "/schema/$ref");
    const Json large = Json::object({{"description", std::string(70'000, 'x')}});
    as.owner.post(schemas, {{"application", "shop"}, {"schema", large}}).expect_problem(422, "invalid-value");
    as.owner.post(schemas, {{"application", "Shop"}, {"schema", Json::object()}}).expect_problem(422, "invalid-value");
    as.owner.post(schemas, {{"application", "shop"}}).expect_problem(400, "malformed-request");
}

TEST_F(Schemas, EndAtTheirNumber) {
    for (int i = 0; i < 100; ++i) schema(as.owner, "app" + std::to_string(i), Json(true));
    as.owner.post(schemas, {{"application", "one-more"}, {"schema", Json(true)}}).expect_problem(409, "too-many-config-schemas");
}

// A schema and a release that are fine alone and wrong together.
TEST_F(Schemas, AreNeverBrokenByARace) {
    for (int round = 0; round < 12; ++round) {
        const std::string application = "race" + std::to_string(round);
        const auto at = published(as.owner, application, "default", Json::object({{"server.port", 80}}));
        draft(as.owner, at, Json::object({{"server.port", 0}}));
        std::atomic<int> publishing{0}, making{0};
        at_once(2, [&](int i) {
            if (i == 0) publishing = as.owner.post(at + "/releases", testkit::Members(Json::object())).send().status();
            else making = as.owner.post(schemas, {{"application", application}, {"schema", port_schema}}).send().status();
        });
        EXPECT_TRUE((publishing == 201 && making == 422) || (publishing == 422 && making == 201)) << publishing << " " << making;
    }
}

class Preview : public Schemas {};

TEST_F(Preview, ValidatesADraft) {
    schema(as.owner, "shop", port_schema);
    const auto at = set(as.owner, "shop").location();
    draft(as.owner, at, Json::object({{"server.port", 0}, {"url", "${host}"}}));
    const auto wrong = as.reader.post(at + "/draft/validate").expect(200).field("/valid", false).field("/stale", false).field("/draft_version", 2);
    wrong.field("/faults/0/check", "reference").field("/faults/0/key", "url").field("/faults/0/application", "shop").field("/faults/0/profile", "default");
    wrong.field("/faults/1/check", "schema").field("/faults/1/key", "server.port").field("/faults/1/detail", "must be at least 1").field("/faults/2", Json());
    draft(as.owner, at, Json::object({{"server.port", 80}, {"host", "x"}}));
    as.reader.post(at + "/draft/validate").expect(200).field("/valid", true).field("/faults", Json::array());
    as.owner.get(at + "/releases").expect(200).field("/items", Json::array()); // nothing was published
    publish(as.owner, at);
    draft(as.owner, at, Json::object({{"a", 1}}));
    as.owner.post(at + "/releases/1/revert", testkit::Members(Json::object())).expect_problem(409, "nothing-to-publish");
    publish(as.owner, at);
    draft(as.owner, at, Json::object({{"b", 1}}));
    as.owner.post(at + "/releases/1/revert", testkit::Members(Json::object())).expect(201);
    as.owner.post(at + "/draft/validate").expect(200).field("/stale", true).field("/valid", false);
    as.stranger.post(at + "/draft/validate").expect_problem(404, "not-found");
}

TEST_F(Preview, TellsWhoseSettingsWouldChange) {
    const auto shared = published(as.owner, "application", "default", Json::object({{"a", 1}, {"b", 1}, {"old", 1}}));
    published(as.owner, "shop", "default", Json::object({{"a", 2}, {"from", "${b}"}}));
    published(as.owner, "shop", "dev", Json::object({{"b", 7}, {"old", 7}, {"new", 7}}));
    published(as.owner, "till", "default", Json::object({{"a", 3}}));
    draft(as.owner, shared, Json::object({{"a", 9}, {"b", 2}, {"old", nullptr}, {"new", 1}}));
    const auto run = as.reader.post(shared + "/draft/dry-run").expect(200).field("/complete", true).field("/stale", false).field("/affected_count", 3);
    EXPECT_EQ(run.at("/affected/0/application").as_string() + " " + run.text("/affected/0/profile"), "shop default");
    EXPECT_EQ(run.at("/affected/0/changes").dump(),
              R"([{"key":"b","op":"replace"},{"key":"from","op":"replace"},{"key":"new","op":"add"},{"key":"old","op":"remove"}])");
    run.field("/affected/0/keys", 4).field("/affected/1/application", "till").field("/affected/1/profile", "default");
    run.field("/affected/2/profile", "dev").field("/faults", Json::array()); // till's alone: shop in dev has values of its own
    const auto none = published(as.owner, "none", "default", Json::object({{"a", 1}}));
    as.owner.post(none + "/draft/dry-run").expect(200).field("/affected_count", 0).field("/affected", Json::array());
    as.stranger.post(none + "/draft/dry-run").expect_problem(404, "not-found");
}

class PreviewOfSecrets : public ConfigApi {
protected:
    PreviewOfSecrets() : ConfigApi({{"CONFIG_MASTER_KEY", "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="}}) {}
};

TEST_F(PreviewOfSecrets, SeesThatASecretIsAnotherAndNotWhatItIs) {
    const auto at = set(as.owner, "shop").location();
    as.owner.patch(at + "/draft", {{"secrets", Json::object({{"password", "first-secret"}})}}).expect(200);
    publish(as.owner, at);
    as.owner.post(at + "/draft/dry-run").expect(200).field("/affected_count", 0);
    as.owner.patch(at + "/draft", {{"secrets", Json::object({{"password", "second-secret"}})}}).expect(200);
    const auto run = as.owner.post(at + "/draft/dry-run").expect(200).field("/affected/0/changes/0/key", "password").field("/affected/0/keys", 1);
    EXPECT_EQ(run.body().find("second-secret"), std::string::npos);
}

} // namespace
} // namespace gravity::config
