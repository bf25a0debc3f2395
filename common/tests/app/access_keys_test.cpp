// Access keys from their making to their end, through a service that takes them.
#include <gravity/async/coroutine.hpp>
#include <gravity/auth/access_keys.hpp>
#include <gravity/base/clock.hpp>
#include <gravity/base/crypto.hpp>
#include <gravity/base/encoding.hpp>
#include <gravity/log/capture.hpp>
#include <gravity/testkit/check_sql.hpp>
#include <gravity/testkit/loop.hpp>
#include <gravity/testkit/service.hpp>
#include <gravity/testkit/testpoint.hpp>

#include <gtest/gtest.h>

#include <algorithm>

namespace gravity {
namespace {

constexpr pg::Migration migrations[] = {{"0001_note", R"sql(
    create table note (id uuid primary key, project uuid, text text not null, version bigint not null default 1);
    call gravity.isolate('note');)sql"}};

struct NewNote {
    Text<1, 100> text;
};
BOOST_DESCRIBE_STRUCT(NewNote, (), (text))
struct Note : NewNote {
    Id<"note"> id;
    Version version;
};
BOOST_DESCRIBE_STRUCT(Note, (NewNote), (id, version))

const Sql<Note(Id<"note">, NewNote)> insert_note{"keyed_note.insert", "insert into note (id, text) values ($1, $2) returning *"};
const Sql<Note(PageQuery)> list_notes{"keyed_note.list", "select * from note where $page(id desc)"};

struct Seen {
    std::string subject;
    std::vector<std::string> scopes;
};
BOOST_DESCRIBE_STRUCT(Seen, (), (subject, scopes))

Created<Note> create(Tx& tx, Body<NewNote> in) { return tx.one(insert_note, tx.new_id<Id<"note">>(), *in); }
Page<Note> list(Tx& tx, Params<PageQuery> query) { return tx.page(list_notes, *query); }
Page<Note> list_for_servers(Tx& tx, Params<PageQuery> query) { return tx.page(list_notes, *query); }
Page<Note> list_foreign(Tx& tx, Params<PageQuery> query) { return tx.page(list_notes, *query); }
Page<Note> list_plain(Tx& tx, Params<PageQuery> query) { return tx.page(list_notes, *query); }
Task<Seen> who(Ctx& ctx, MaybeCaller caller) {
    Seen seen;
    if (caller) seen = {caller->subject, caller->scopes};
    (void)ctx;
    co_return seen;
}
Task<Seen> signed_by(Ctx& ctx, Path<"key", std::string> id) {
    auto key = co_await ctx.get<auth::AccessKeys>().signing_key(*id);
    if (!key) throw Refusal(problems::not_found);
    Seen seen{key->secret.reveal(), key->caller.scopes};
    co_return seen;
}

void routes(Router& router) {
    auto notes = router.collection("/api/v1/notes", "notes");
    notes.post<create>("");
    notes.get<list>("", {.keys = AcceptKeys::publishable});
    notes.get<list_for_servers>("/for-servers", {.keys = AcceptKeys::secret});
    notes.get<list_plain>("/plain");
    auto foreign = router.surface("notes");
    foreign.get<list_foreign>("/foreign/notes", {.keys = AcceptKeys::secret});
    foreign.get<who>("/foreign/who", {.open = "says who asks", .keys = AcceptKeys::publishable});
    foreign.get<signed_by>("/foreign/signed/{key}", {.open = "a test of signing keys"});
}

const std::string master_key = base64_encode(std::string(32, 'm'));

struct Keys : testing::Test, protected testkit::Callers {
    Keys() : Callers(service()) { owner.post("/api/v1/notes", {{"text", "mine"}}).expect(201); }
    static testkit::RunningService& service() {
        static testkit::RunningService running(Service{"notes", 0}.postgres(migrations).routes(routes).access_keys(KeySecrets::sealed),
                                               {{"MASTER_KEY", master_key}});
        return running;
    }
    bool used(const testkit::Answer& made) const { return !owner.get(made.location()).expect(200).text("/last_used_at").empty(); }
    testkit::Answer use(const testkit::Answer& made) const { return anonymous.get("/api/v1/notes").header("X-API-Key", made.text("/key")).send(); }
    testkit::Answer make(std::string scope, std::string kind = "secret", std::initializer_list<std::pair<const std::string, Json>> more = {}) {
        Json body = Json::object({{"name", "a test"}, {"kind", kind}, {"scopes", Json::array({scope})}});
        for (const auto& [name, value] : more) body[name] = value;
        return owner.post(at, testkit::Members(body)).expect(201);
    }
    const std::string at = "/api/v1/notes/access-keys";
};

TEST_F(Keys, AreShownOnceAndKeptAsAHash) {
    const auto made = make("notes:read");
    const auto key = made.text("/key");
    ASSERT_TRUE(auth::AccessKey::parse(key));
    const auto row = owner.get(made.location()).expect(200);
    EXPECT_EQ(row.body().find(key.substr(30)), std::string::npos);
    row.field("/kind", "secret").field("/created_by", "tester").field("/scopes/0", "notes:read");
    const auto dump = service().database().admin("select string_agg(k::text, ' ') from gravity.access_key k");
    EXPECT_EQ(dump.find(key.substr(30)), std::string::npos);
    EXPECT_NE(dump.find(hex_encode(auth::AccessKey::parse(key)->hash())), std::string::npos);
    EXPECT_EQ(service().database().admin("select count(*) from gravity.idempotency where body like '%" + key + "%'"), "0");
}

TEST_F(Keys, OpenARouteInEveryPlaceOfAStandard) {
    const auto key = make("notes:read").text("/key");
    anonymous.get("/api/v1/notes").header("Authorization", "Bearer " + key).expect(200).field("/items/0/text", "mine");
    anonymous.get("/api/v1/notes").header("X-API-Key", key).expect(200);
    anonymous.get("/api/v1/notes?limit=1&key=" + key).expect(200).field("/items/0/text", "mine");
    anonymous.get("/foreign/notes").header("Authorization", "Basic " + base64_encode("any:" + key)).expect(200);
    anonymous.get("/foreign/who").header("X-API-Key", key).expect(200).field("/scopes/0", "notes:read");
    anonymous.get("/foreign/who").expect(200).field("/subject", "");
}

TEST_F(Keys, OpenNothingElse) {
    const auto key = make("notes:read").text("/key");
    anonymous.get("/api/v1/notes/plain").header("X-API-Key", key).expect_problem(401, "unauthenticated");
    anonymous.get("/api/v1/notes/plain").header("Authorization", "Bearer " + key).expect_problem(401, "unauthenticated");
    anonymous.post("/api/v1/notes", {{"text", "x"}}).header("X-API-Key", key).expect_problem(401, "unauthenticated");
    anonymous.get(at).header("X-API-Key", key).expect_problem(401, "unauthenticated");
    const auto other = make("access-keys:read").text("/key"); // a key that may do something, not this
    anonymous.get("/api/v1/notes").header("X-API-Key", other).expect_problem(403, "forbidden");
}

TEST_F(Keys, OfAnotherProjectSeeItsRowsOnly) {
    const auto key = stranger.post(at, {{"name", "theirs"}, {"scopes", Json::array({"notes:read"})}}).expect(201);
    EXPECT_EQ(anonymous.get("/api/v1/notes").header("X-API-Key", key.text("/key")).expect(200).at("/items").size(), 0u);
    owner.get(key.location()).expect_problem(404, "not-found");
    owner.del(key.location()).expect_problem(404, "not-found");
    EXPECT_EQ(owner.get(at + "?limit=200").expect(200).body().find("theirs"), std::string::npos);
}

TEST_F(Keys, ThatArePublishableReadOnlyWhereThatIsSaid) {
    const auto key = make("notes:read", "publishable").text("/key");
    anonymous.get("/api/v1/notes").header("X-API-Key", key).expect(200);
    anonymous.get("/api/v1/notes/for-servers").header("X-API-Key", key).expect_problem(401, "unauthenticated");
    // The same bytes under the other prefix are no key.
    anonymous.get("/api/v1/notes/for-servers").header("X-API-Key", "gk_" + key.substr(3)).expect_problem(401, "unauthenticated");
    owner.post(at, {{"name", "w"}, {"kind", "publishable"}, {"scopes", Json::array({"notes:write"})}}).expect_problem(422, "publishable-key-reads-only");
}

TEST_F(Keys, CanDoNoMoreThanTheirMaker) {
    reader.post(at, {{"name", "r"}, {"scopes", Json::array({"notes:read"})}}).expect_problem(403, "forbidden");
    const auto maker = service().caller(service().project(), "access-keys:write notes:read");
    maker.post(at, {{"name", "r"}, {"scopes", Json::array({"notes:read"})}}).expect(201);
    maker.post(at, {{"name", "w"}, {"scopes", Json::array({"notes:write"})}}).expect_problem(403, "scope-not-yours");
    owner.post(at, {{"name", "n"}, {"scopes", Json::array()}}).expect(422);
    owner.post(at, {{"name", "n"}, {"scopes", Json::array({"notes:read notes:write"})}}).expect(422);
    owner.post(at, {{"name", "n"}, {"scopes", Json::array({"notes:read"})}, {"expires_at", "2001-01-01T00:00:00Z"}}).expect_problem(422, "already-expired");
}

TEST_F(Keys, EndWhenRevoked) {
    const auto made = make("notes:read");
    const auto key = made.text("/key");
    anonymous.get("/api/v1/notes").header("X-API-Key", key).expect(200);
    owner.del(made.location()).expect(204);
    anonymous.get("/api/v1/notes").header("X-API-Key", key).expect_problem(401, "unauthenticated");
    EXPECT_FALSE(owner.get(made.location()).expect(200).text("/revoked_at").empty());
    owner.del(made.location()).expect(204);
}

TEST_F(Keys, EndWhenTheirTimeHasCome) {
    const auto later = (now() + Duration::seconds(3600)).to_string();
    const auto valid = make("notes:read", "secret", {{"expires_at", later}});
    anonymous.get("/api/v1/notes").header("X-API-Key", valid.text("/key")).expect(200);
    const auto past = make("notes:read", "secret", {{"expires_at", later}}); // and not used before: nothing is remembered of it
    service().database().admin("update gravity.access_key set expires_at = now() - interval '1 second' where id = '" + past.text("/id") + "' returning 1");
    anonymous.get("/api/v1/notes").header("X-API-Key", past.text("/key")).expect_problem(401, "unauthenticated");
}

TEST_F(Keys, AreLimitedWhereAFigureIsGiven) {
    const auto key = make("notes:read", "publishable", {{"requests_per_minute", 1}}).text("/key");
    anonymous.get("/api/v1/notes").header("X-API-Key", key).expect(200);
    const auto refused = anonymous.get("/api/v1/notes").header("X-API-Key", key).expect_problem(429, "rate-limited");
    EXPECT_FALSE(refused.header("Retry-After").empty());
}

TEST_F(Keys, AnswerARefusalInTheSchemeOfTheClient) {
    anonymous.get("/foreign/notes")
        .expect_problem(401, "unauthenticated")
        .expect_header("WWW-Authenticate", "Bearer realm=\"gravity\", Basic realm=\"gravity\", charset=\"UTF-8\"");
    anonymous.get("/api/v1/notes").expect_problem(401, "unauthenticated").expect_header("WWW-Authenticate", "Bearer realm=\"gravity\"");
    for (const std::string wrong : {"", "x", "Basic", "gk_"}) {
        anonymous.get("/foreign/notes")
            .header("Authorization", "Basic " + base64_encode("u:" + wrong))
            .expect_problem(401, "unauthenticated")
            .expect_header("WWW-Authenticate", "Basic realm=\"gravity\", charset=\"UTF-8\"");
        anonymous.get("/foreign/notes").header("X-API-Key", wrong).expect_problem(401, "unauthenticated");
        anonymous.get("/foreign/notes?key=" + wrong).expect_problem(401, "unauthenticated");
    }
    const auto unknown = auth::AccessKey::generate().text().reveal();
    anonymous.get("/foreign/notes").header("X-API-Key", unknown).expect_problem(401, "unauthenticated");
    auto wrong_secret = make("notes:read").text("/key");
    wrong_secret.back() = wrong_secret.back() == '0' ? '1' : '0';
    anonymous.get("/foreign/notes").header("X-API-Key", wrong_secret).expect_problem(401, "unauthenticated");
}

TEST_F(Keys, KeepTheirSecretSealedForSchemesThatSign) {
    const auto made = make("notes:read");
    const auto key = made.text("/key");
    anonymous.get("/foreign/signed/" + made.text("/key_id")).expect(200).field("/subject", key.substr(key.rfind('_') + 1)).field("/scopes/0", "notes:read");
    const auto published = make("notes:read", "publishable");
    anonymous.get("/foreign/signed/" + published.text("/key_id")).expect_problem(404, "not-found");
    // An envelope carried over to another row does not open.
    const auto other = make("notes:read");
    service().database().admin("update gravity.access_key set sealed = (select sealed from gravity.access_key where id = '" + made.text("/id") +
                               "') where id = '" + other.text("/id") + "' returning 1");
    anonymous.get("/foreign/signed/" + other.text("/key_id")).expect_problem(500, "integrity-violation");
}

TEST_F(Keys, SayWhenTheyWereLastUsed) {
    const auto made = make("notes:read");
    EXPECT_FALSE(used(made));
    EXPECT_EQ(use(made).status(), 200);
    testkit::until([&] { return used(made); });
    EXPECT_NE(owner.get(made.location()).expect(200).etag(), made.etag()) << "what is shown has changed";
}

TEST_F(Keys, AreNotedAsUsedBesideTheRequests) {
    if (!testkit::Testpoint::compiled_in()) GTEST_SKIP();
    const auto first = make("notes:read"), second = make("notes:read"), third = make("notes:read");
    testkit::Testpoint note("auth.note_use");
    note.pause();
    EXPECT_EQ(use(first).status(), 200);
    note.wait_until_paused();
    for (int i = 0; i < 3; ++i)
        for (const auto& made : {first, second, third}) EXPECT_EQ(use(made).status(), 200);
    EXPECT_EQ(note.waiting(), 1u) << "one worker at most is kept from requests";
    for (const auto& made : {first, second, third}) EXPECT_FALSE(used(made));
    note.release();
    testkit::until([&] { return used(first) && used(second) && used(third); });
    EXPECT_EQ(note.reached(), 2u) << "what was used meanwhile is noted together";
}

TEST_F(Keys, WhoseUseCannotBeNotedOpenTheirRoutesAllTheSame) {
    if (!testkit::Testpoint::compiled_in()) GTEST_SKIP();
    const auto first = make("notes:read"), second = make("notes:read"), third = make("notes:read");
    const log::Capture log;
    testkit::Testpoint note("auth.note_use");
    note.fail(std::runtime_error("the disk is full"), 2);
    EXPECT_EQ(use(first).status(), 200);
    note.wait_until_reached(1);
    testkit::until([&] { return log.contains("the disk is full"); });
    EXPECT_EQ(use(second).status(), 200);
    note.wait_until_reached(2);
    EXPECT_EQ(use(third).status(), 200);
    testkit::until([&] { return used(third); });
    EXPECT_FALSE(used(first));
    const auto lines = log.lines();
    EXPECT_EQ(std::count_if(lines.begin(), lines.end(), [](const auto& line) { return line.find("cannot be noted") != std::string::npos; }), 1)
        << "told once, not for every key";
}

TEST_F(Keys, AreRevokedOnlyAsTheyWereSeen) {
    const auto made = make("notes:read");
    EXPECT_EQ(made.etag(), "\"1\"");
    owner.get(made.location()).header("If-None-Match", made.etag()).expect(304);
    owner.del(made.location()).if_match("\"2\"").expect_problem(412, "stale-version").expect_header("ETag", "\"1\"");
    EXPECT_TRUE(owner.get(made.location()).expect(200).text("/revoked_at").empty());
    owner.del(made.location()).if_match(made.etag()).expect(204);
    const auto revoked = owner.get(made.location()).expect(200).expect_header("ETag", "\"2\"");
    owner.del(made.location()).if_match(revoked.etag()).expect(204); // again: nothing changes
    owner.get(made.location()).expect(200).expect_header("ETag", "\"2\"").field("/revoked_at", revoked.at("/revoked_at"));
}

TEST_F(Keys, MadeOnceUnderAnIdempotencyKeyThatAloneOpensTheRecord) {
    const testkit::Members body{{"name", "once"}, {"scopes", Json::array({"notes:read"})}};
    const std::string under = "3f0c1a52-8ac4-4c0e-9d0a-0b9a3a3a1f57";
    const auto made = owner.post(at, body).key(under).expect(201);
    const auto again = owner.post(at, body).key(under).expect(201).expect_header("Idempotency-Replayed", "true");
    EXPECT_EQ(again.body(), made.body());
    EXPECT_EQ(again.etag(), made.etag());
    EXPECT_EQ(use(again).status(), 200);
    owner.post(at, {{"name", "other"}, {"scopes", Json::array({"notes:read"})}}).key(under).expect_problem(422, "idempotency-key-reused");
    // Whoever reads the table has neither the key nor what opens it.
    const auto records = service().database().admin("select string_agg(i::text, ' ') from gravity.idempotency i");
    EXPECT_NE(records.find(made.location()), std::string::npos) << "it is there";
    EXPECT_EQ(records.find(made.text("/key").substr(30)), std::string::npos);
    EXPECT_EQ(records.find(under), std::string::npos);
    // A record that was tampered with is damage, not an answer.
    service().database().admin("update gravity.idempotency set body = 'AAAA' where headers ->> 'Location' = '" + made.location() + "' returning 1");
    owner.post(at, body).key(under).expect_problem(500, "integrity-violation");
}

TEST_F(Keys, AreInTheDocument) {
    const auto document = anonymous.get("/openapi.json").expect(200);
    document.field("/components/securitySchemes/accessKey/name", "X-API-Key");
    document.field("/paths/~1api~1v1~1notes/get/security/1/accessKey/0", "notes:read");
    document.field("/paths/~1api~1v1~1notes~1plain/get/security/0/bearer/0", "notes:read");
    EXPECT_EQ(document.at("/paths/~1api~1v1~1notes~1plain/get/security").size(), 1u);
}

TEST_F(Keys, EveryStatementFitsTheSchema) {
    for (const auto& fault : testkit::check_sql(service().database(), {"gravity.", "keyed_note."})) ADD_FAILURE() << fault;
}

TEST(KeysStart, WhatCannotBeRightIsSaidBeforeAnythingStarts) {
    const auto start = [](app::Texts settings) -> std::string {
        try {
            testkit::RunningService running(Service{"notes", 0}.postgres(migrations).routes(routes).access_keys(KeySecrets::sealed), std::move(settings));
        } catch (const std::invalid_argument& error) {
            return error.what();
        }
        return "started";
    };
    EXPECT_EQ(start({}), "setting MASTER_KEY is required");
    EXPECT_EQ(start({{"MASTER_KEY", "short"}}), "setting MASTER_KEY must be keys of 32 bytes in base64, comma separated");
}

} // namespace
} // namespace gravity
