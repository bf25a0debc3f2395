// Settings that come from files, and go into them.
#include "config_fixture.hpp"

#include <gravity/base/crypto.hpp>
#include <gravity/base/encoding.hpp>

#include <atomic>

namespace gravity::config {
namespace {

class Imports : public ConfigApi {
protected:
    explicit Imports(app::Texts settings = {{"CONFIG_MASTER_KEY", base64_encode(random_bytes(32))}}) : ConfigApi(std::move(settings)) {}

    testkit::Client trusted = service.caller(service.project(), "configs:read configs:secrets", "somebody");

    static Json file(const std::string& content, const std::string& format = "yaml") {
        return Json::object({{"application", "shop"}, {"format", format}, {"content", content}});
    }
    static Json with(Json body, const std::string& member, const Json& value) {
        body[member] = value;
        return body;
    }
    testkit::Call import(const Json& body) { return as.owner.post(configs + "/import", testkit::Members(body)); }
    static std::string place_of(const testkit::Answer& imported) { return "/api/v1/configs/" + imported.text("/set_id"); }
    Json draft_of(const std::string& set) { return as.owner.get(set + "/draft").expect(200).at("/items"); }
    std::string exported(const std::string& set, const std::string& query = "") { return as.owner.get(set + "/export" + query).expect(200).body(); }
};

TEST_F(Imports, FillADraftAndPublishNothing) {
    const auto made = import(file("server:\n  port: 8080\n  name: no\nhosts: [a, b]\n")).expect(200);
    made.field("/created", true).field("/keys", 4).field("/added", 4).field("/changed", 0).field("/removed", 0).field("/draft_version", 2);
    const std::string shop = place_of(made);
    as.owner.get(shop).expect(200).field("/application", "shop").field("/profile", "default").field("/label", "main").field("/release", Json());
    EXPECT_EQ(draft_of(shop).dump(), R"({"hosts[0]":"a","hosts[1]":"b","server.name":"no","server.port":8080})");
    EXPECT_EQ(event_types(), "");
    publish(as.owner, shop);
    EXPECT_EQ(where(effective(as.owner, "shop"), "server.port"), "8080 of shop in default");

    // The keys of the file on top of what is there; a list takes the place of a list.
    const auto merged = import(file("server.port: 9090\nhosts: [c]\nmore: 1\n")).expect(200).field("/created", false);
    merged.field("/keys", 4).field("/added", 1).field("/changed", 2).field("/removed", 1);
    EXPECT_EQ(draft_of(shop).dump(), R"({"hosts[0]":"c","more":1,"server.name":"no","server.port":9090})");
    const auto replaced = import(with(file("more: 1\n"), "mode", "replace")).expect(200).field("/keys", 1).field("/removed", 3);
    EXPECT_EQ(draft_of(shop).dump(), R"({"more":1})");
    EXPECT_EQ(import(with(file("more: 1\n"), "mode", "replace")).expect(200).at("/draft_version"), replaced.at("/draft_version")) << "nothing has changed";
    EXPECT_EQ(where(effective(as.owner, "shop"), "server.port"), "8080 of shop in default") << "what is in force is not touched";
}

TEST_F(Imports, TakeEveryFormat) {
    const auto items = [&](const std::string& content, const std::string& format, const std::string& application) {
        return draft_of(place_of(import(with(file(content, format), "application", application)).expect(200))).dump();
    };
    EXPECT_EQ(items("a.b=1\nlist[0]=\\u00e9\n", "properties", "one"), "{\"a.b\":\"1\",\"list[0]\":\"\u00e9\"}");
    EXPECT_EQ(items(R"({"a": {"b": [true, null]}})", "json", "two"), R"({"a.b[0]":true,"a.b[1]":""})");
    EXPECT_EQ(items("export A='x y'\n", "dotenv", "three"), R"({"A":"x y"})");
    EXPECT_EQ(items("# empty\n", "yaml", "four"), "{}");
}

TEST_F(Imports, AreAboutOneSet) {
    Json dev = with(with(file("a: 1"), "profile", "dev"), "label", "next/one");
    const auto made = import(dev).expect(200);
    as.owner.get(place_of(made)).expect(200).field("/profile", "dev").field("/label", "next/one");
    EXPECT_EQ(place_of(import(dev).expect(200).field("/created", false)), place_of(made));
    EXPECT_NE(place_of(import(file("a: 1")).expect(200).field("/created", true)), place_of(made));
    // Another project has sets of its own.
    const auto theirs = as.stranger.post(configs + "/import", testkit::Members(dev)).expect(200).field("/created", true);
    EXPECT_NE(place_of(theirs), place_of(made));
    as.owner.get(place_of(theirs) + "/export").expect_problem(404, "not-found");
    as.stranger.get(place_of(made) + "/export").expect_problem(404, "not-found");
}

TEST_F(Imports, AreHeldAgainstWhatIsInForce) {
    const std::string shop = published(as.owner, "shop", "default", Json::object({{"a", 1}, {"b", 1}}));
    draft(as.owner, shop, Json::object({{"mine", true}}));
    const auto seen = as.owner.get(shop + "/draft").expect(200);
    import(with(file("a: 2"), "base_number", 2)).expect_problem(422, "no-such-base");
    import(with(file("a: 2"), "draft_version", seen.at("/version").as_integer() + 1)).expect_problem(412, "stale-version");
    import(with(with(file("a: 2"), "base_number", 1), "draft_version", seen.at("/version"))).expect(200).field("/changed", 1);

    // Somebody has published something else meanwhile.
    publish(as.owner, shop);
    draft(as.owner, shop, Json::object({{"mine", false}}));
    as.owner.post(shop + "/releases/1/revert", testkit::Members(Json::object())).expect(201);
    const auto refused = import(file("a: 3")).expect_problem(412, "stale-draft");
    refused.field("/published_number", 3).field("/merge", shop + "/draft/merge");
    EXPECT_EQ(draft_of(shop).dump(), R"({"a":2,"b":1,"mine":false})") << "what is refused changes nothing";
    import(with(file("b: 3"), "base_number", 3)).expect(200);
    as.owner.get(shop + "/draft").expect(200).field("/base_number", 3).field("/items", Json::object({{"a", 1}, {"b", 3}, {"mine", false}}));
}

TEST_F(Imports, SealSecrets) {
    const Json body = with(file("db:\n  user: sa\n  password: hunter2\n  pin: 1234\n"), "secrets", Json::array({"db.password", "db.pin"}));
    const auto made = import(body).expect(200).field("/keys", 3);
    const std::string shop = place_of(made);
    const auto drafted = as.owner.get(shop + "/draft").expect(200).field("/items/db.password", "***").field("/items/db.user", "sa");
    EXPECT_EQ(import(body).expect(200).at("/draft_version"), made.at("/draft_version")) << "the same text is no change";
    publish(as.owner, shop);
    EXPECT_EQ(where(effective(trusted, "shop"), "db.password"), R"("hunter2" of shop in default)");
    EXPECT_EQ(where(effective(trusted, "shop"), "db.pin"), R"("1234" of shop in default)");

    // Never in clear, whoever asks, and the file comes back as it went.
    const auto everybody = service.caller(service.project(), service.all_scopes() + " configs:secrets", "shop");
    for (const std::string format : {"yaml", "json", "properties", "dotenv"}) {
        const auto text = everybody.get(shop + "/export?format=" + format).expect(200);
        EXPECT_EQ(text.body().find("hunter2"), std::string::npos) << format;
        EXPECT_NE(text.body().find("***"), std::string::npos) << format;
    }
    const std::string text = exported(shop);
    EXPECT_EQ(import(file(text)).expect(200).field("/changed", 0).field("/added", 0).at("/keys"), Json(3));
    EXPECT_EQ(import(with(file(text), "mode", "replace")).expect(200).field("/removed", 0).at("/keys"), Json(3));
    import(with(file("db.user: sa"), "mode", "replace")).expect(200).field("/keys", 3).field("/removed", 0); // they are seldom in files
    EXPECT_EQ(as.owner.get(shop + "/draft").expect(200).text("/secrets/db.password"), drafted.text("/secrets/db.password"));
    import(with(file("db.password: hunter3"), "secrets", Json::array({"db.password"}))).expect(200).field("/changed", 1);
    publish(as.owner, shop);
    EXPECT_EQ(where(effective(trusted, "shop"), "db.password"), R"("hunter3" of shop in default)");
    for (const std::string table : {"draft", "release_item", "audit", "gravity.outbox", "gravity.idempotency"})
        EXPECT_EQ(service.database().admin("select count(*) from " + table + " t where t::text like '%hunter%'"), "0") << table;

    import(file("other: '***'")).expect_problem(422, "invalid-value").field("/errors/0/pointer", "/items/other");
    import(file("db.user: '***'")).expect_problem(422, "invalid-value").field("/errors/0/pointer", "/items/db.user");
    import(with(file("a: 1\nb: []"), "secrets", Json::array({"a.b", "b"}))).expect_problem(422, "invalid-value").field("/errors/1/pointer", "/secrets/1");
    import(file("c: '{cipher}AAAA'")).expect_problem(422, "invalid-value").field("/errors/0/pointer", "/items/c");
}

TEST_F(Imports, MakeSecretsOfWhatIsEncrypted) {
    const auto encrypted = [&](const std::string& text) {
        return "{cipher}" + as.owner.post("/spring/encrypt").raw(text, "text/plain").expect(200).body();
    };
    const std::string content = "db:\n  user: sa\n  password: '" + encrypted("hunter2") + "'\n";
    const std::string shop = place_of(import(file(content)).expect(200).field("/added", 2));
    EXPECT_EQ(draft_of(shop).dump(), R"({"db.password":"***","db.user":"sa"})");
    publish(as.owner, shop);
    EXPECT_EQ(where(effective(trusted, "shop"), "db.password"), R"("hunter2" of shop in default)");
    import(file(content)).expect(200).field("/changed", 0); // the same again, as another cipher of the same text
    import(file("db.password=" + encrypted("hunter2"), "properties")).expect(200).field("/changed", 0);
    import(with(file("db.password: '" + encrypted("hunter3") + "'"), "secrets", Json::array({"db.password"}))).expect(200).field("/changed", 1);
    publish(as.owner, shop);
    EXPECT_EQ(where(effective(trusted, "shop"), "db.password"), R"("hunter3" of shop in default)");
    EXPECT_EQ(service.database().admin("select count(*) from draft t where t::text like '%hunter%' or t::text like '%{cipher}%'"), "0");
}

TEST_F(Imports, RefuseWhatIsNone) {
    import(file("a: [1")).expect_problem(422, "invalid-value").field("/errors/0/pointer", "/content");
    import(file("a: 1\na: 2")).expect_problem(422, "invalid-value");
    import(file("a=1\na=2", "properties")).expect_problem(422, "invalid-value").field("/errors/0/pointer", "/items/a");
    import(file("a: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b]\n")).expect(200);
    std::string laughs = "a0: &a0 [l, l, l, l, l, l, l, l, l]\n";
    for (int i = 1; i < 9; ++i) {
        const std::string one = "a" + std::to_string(i), of = "*a" + std::to_string(i - 1);
        laughs += one + ": &" + one + " [" + of + ", " + of + ", " + of + ", " + of + ", " + of + ", " + of + ", " + of + ", " + of + "]\n";
    }
    import(file(laughs)).expect_problem(422, "invalid-value").field("/errors/0/pointer", "/content");
    import(file("a: " + std::string(300 * 1024, 'x'))).expect_problem(413, "value-too-large");
    import(file(std::string(2 * 1024 * 1024 + 1, ' '))).expect_problem(413, "value-too-large");
    import(file(std::string(5 * 1024 * 1024, ' '))).expect(413);
    import(file("a: 1", "toml")).expect_problem(422, "invalid-value").field("/errors/0/pointer", "/format");
    import(with(file("a: 1"), "mode", "add")).expect_problem(422, "invalid-value");
    import(with(file("a: 1"), "application", "Shop!")).expect_problem(422, "invalid-value");
    import(with(file("a: 1"), "unknown", 1)).expect_problem(400, "malformed-request");
    import(Json::object({{"application", "shop"}})).expect_problem(400, "malformed-request").field("/errors/0/pointer", "/format");
    as.reader.post(configs + "/import", testkit::Members(file("a: 1"))).expect_problem(403, "forbidden");
    service.caller(service.project(), "configs:write").post(configs + "/import", testkit::Members(file("a: 1"))).expect_problem(403, "forbidden");
    as.anonymous.post(configs + "/import", testkit::Members(file("a: 1"))).expect_problem(401, "unauthenticated");
}

TEST_F(Imports, AreWrittenDown) {
    const std::string shop = place_of(import(file("port: 8080")).expect(200));
    const auto log = as.owner.get("/api/v1/config/audit").expect(200).field("/items/1/action", "set.created").field("/items/2", Json());
    log.field("/items/0/action", "draft.imported").field("/items/0/details/format", "yaml").field("/items/0/details/mode", "merge");
    log.field("/items/0/details/changes/0/key", "port").field("/items/0/details/changes/0/after", 8080).field("/items/0/subject", "tester");
    as.owner.get(shop + "/draft").expect(200).field("/editors", Json::array({"tester"}));
}

TEST_F(Imports, OfOneSetAtOnceAllCount) {
    place_of(import(file("a: 1")).expect(200));
    std::atomic<int> done{0}, others{0};
    at_once(20, [&](int i) { (import(file("key" + std::to_string(i) + ": " + std::to_string(i))).send().status() == 200 ? done : others)++; });
    EXPECT_EQ(done, 20);
    EXPECT_EQ(others, 0);
    const auto all = import(file("")).expect(200).field("/keys", 21); // none of them is lost
    EXPECT_EQ(all.at("/draft_version"), Json(22));
}

TEST_F(Imports, OfOneThatIsNotThereMakeItOnce) {
    std::atomic<int> made{0}, done{0}, late{0}, others{0};
    at_once(20, [&](int) {
        const auto answer = import(file("a: 1")).send();
        if (answer.status() == 200)
            (answer.at("/created") == Json(true) ? made : done)++;
        else
            (answer.status() == 409 ? late : others)++;
    });
    EXPECT_EQ(made, 1);
    EXPECT_EQ(made + done + late, 20);
    EXPECT_EQ(others, 0);
    as.owner.get(configs + "?application=shop").expect(200).field("/items/1", Json());
}

TEST_F(Imports, ComeBackAsFiles) {
    const std::string shop = published(as.owner, "shop", "dev", Json::object({{"server.port", 8080}, {"url", "http://${server.port}/"}, {"no", "no"}}));
    const auto yaml = as.owner.get(shop + "/export").expect(200);
    yaml.expect_header("Content-Type", "application/yaml");
    EXPECT_EQ(yaml.body(), "\"no\": \"no\"\nserver:\n  port: 8080\nurl: \"http://${server.port}/\"\n");
    EXPECT_NE(yaml.header("Content-Disposition").find("shop-dev.yml"), std::string::npos);
    as.owner.get(shop + "/export").header("If-None-Match", yaml.etag()).expect(304);
    EXPECT_EQ(exported(shop, "?format=properties"), "no=no\nserver.port=8080\nurl=http\\://${server.port}/\n");
    EXPECT_EQ(exported(shop, "?format=json"), "{\"no\":\"no\",\"server\":{\"port\":8080},\"url\":\"http://${server.port}/\"}\n");
    EXPECT_EQ(exported(shop, "?format=dotenv"), "NO=no\nSERVER_PORT=8080\nURL='http://${server.port}/'\n");
    draft(as.owner, shop, Json::object({{"server.port", 9090}}));
    EXPECT_EQ(exported(shop, "?format=properties"), "no=no\nserver.port=8080\nurl=http\\://${server.port}/\n") << "what is in force, not the draft";
    publish(as.owner, shop);
    EXPECT_EQ(exported(shop, "?format=properties&release=1"), "no=no\nserver.port=8080\nurl=http\\://${server.port}/\n");
    EXPECT_NE(as.owner.get(shop + "/export").expect(200).etag(), yaml.etag());
    as.owner.get(shop + "/export?release=9").expect_problem(404, "not-found");
    as.owner.get(shop + "/export?format=xml").expect_problem(422, "invalid-value");
    as.reader.get(shop + "/export").expect_problem(403, "forbidden");
    EXPECT_EQ(exported(set(as.owner, "till").location()), "{}\n") << "nothing is in force";
    const std::string odd = published(as.owner, "odd", "default", Json::object({{"a b", 1}}));
    as.owner.get(odd + "/export?format=dotenv").expect_problem(409, "no-variable-name").field("/errors/0/pointer", "/items/a b");
    EXPECT_EQ(exported(odd), "\"a b\": 1\n");
}

class ImportsWithoutKey : public Imports {
protected:
    ImportsWithoutKey() : Imports(app::Texts{}) {}
};

TEST_F(ImportsWithoutKey, SealNothing) {
    import(with(file("a: x"), "secrets", Json::array({"a"}))).expect_problem(503, "secrets-unavailable");
    as.owner.get(configs).expect(200).field("/items", Json::array()); // and leave nothing behind
    import(file("a: x")).expect(200);
}

} // namespace
} // namespace gravity::config
