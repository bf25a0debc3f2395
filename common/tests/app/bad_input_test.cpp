// Whatever a client sends, it gets one clear answer, and the next one gets his.
#include "http/support.hpp"

#include <gravity/auth/signer.hpp>
#include <gravity/base/clock.hpp>
#include <gravity/base/encoding.hpp>
#include <gravity/testkit/service.hpp>

#include <gtest/gtest.h>

namespace gravity {
namespace {

using http::test::RawClient;

constexpr pg::Migration migrations[] = {{"0001_thing", R"sql(
    create table thing (id uuid primary key, project uuid, name text not null, count bigint not null, version bigint not null default 1);
    call gravity.isolate('thing');
    create function disk_is_full() returns trigger language plpgsql as $$
    begin raise exception 'could not extend file' using errcode = '53100'; end $$;
    create trigger full_disk before insert on thing for each row when (new.name = 'full') execute function disk_is_full();)sql"}};

using ThingId = Id<"thing">;
struct NewThing {
    Text<1, 20> name;
    Bounded<int, 0, 1000> count;
    std::optional<double> weight;
    std::optional<Json> extra;
};
BOOST_DESCRIBE_STRUCT(NewThing, (), (name, count, weight, extra))
struct Thing {
    ThingId id;
    std::string name;
    std::int64_t count;
    Version version;
};
BOOST_DESCRIBE_STRUCT(Thing, (), (id, name, count, version))
struct Row {
    ThingId id;
    std::string name;
    std::int64_t count;
};
BOOST_DESCRIBE_STRUCT(Row, (), (id, name, count))
struct ListThings : PageQuery {
    std::optional<Text<1, 20>> name;
};
BOOST_DESCRIBE_STRUCT(ListThings, (PageQuery), (name))

const Sql<Thing(Row)> insert_thing{"bad_input.insert", "insert into thing (id, name, count) values ($id, $name, $count) returning *"};
const Sql<Thing(ThingId)> get_thing{"bad_input.get", "select * from thing where id = $1"};
const Sql<Thing(ListThings)> list_things{"bad_input.list", "select * from thing where ($name::text is null or name = $name) and $page(id desc)"};

Created<Thing> create(Tx& tx, Body<NewThing> in) { return tx.one(insert_thing, Row{tx.new_id<ThingId>(), in->name.str(), in->count.value()}); }
Thing get(Tx& tx, Path<"id", ThingId> id) { return tx.one(get_thing, *id); }
Thing change(Tx& tx, Path<"id", ThingId> id, Body<NewThing>, IfMatch expected) { return expected.check(tx.one(get_thing, *id)); }
Page<Thing> list(Tx& tx, Params<ListThings> query) { return tx.page(list_things, *query); }
Page<Thing> list_slowly(Tx& tx, Params<ListThings> query) { return tx.page(list_things, *query); }

void routes(Router& router) {
    auto things = router.collection("/api/v1/things", "things");
    things.post<create>("", {.body_limit = 10'000});
    things.get<list>("");
    things.get<get>("/{id}");
    things.put<change>("/{id}");
    things.get<list_slowly>("/slowly", {.rate = {.requests = 2, .per_seconds = 3600}});
}

struct BadInput : testing::Test, protected testkit::Callers {
    BadInput() : Callers(service()) {}
    static testkit::RunningService& service() {
        static testkit::RunningService running(Service{"things", 0}.postgres(migrations).routes(routes));
        return running;
    }
    ~BadInput() override { owner.get("/api/v1/things").expect(200); } // the next one gets his answer

    testkit::Call post(std::string body) { return owner.post("/api/v1/things").raw(std::move(body), "application/json"); }
    Json claims(std::initializer_list<std::pair<const std::string, Json>> others = {}) {
        const auto at = now().unix_seconds();
        Json all = Json::object({{"iss", "test"},
                                 {"aud", "gravity"},
                                 {"sub", "anna"},
                                 {"project", service().project().to_string()},
                                 {"scope", "things:read"},
                                 {"iat", at},
                                 {"exp", at + 600},
                                 {"jti", Uuid::v4().to_string()}});
        for (const auto& [name, value] : others) all[name] = value;
        return all;
    }
    testkit::Call with_token(const std::string& token) { return testkit::Client(service().port(), token).get("/api/v1/things"); }
};

TEST_F(BadInput, ABodyThatIsNoJson) {
    for (const auto body : {"", "{", "{\"name\":}", "nonsense", "[1,2", "{} {}", "{\"name\":\"a\",}", "\xef\xbb\xbf{}", "{'name':'a'}"})
        post(body).expect_problem(400, "malformed-request");
}

TEST_F(BadInput, ABodyOfAnotherShape) {
    for (const auto body : {"[]", "1", "null", "\"text\"", R"({"name":1,"count":1})", R"({"name":"a","count":"1"})", R"({"name":"a","count":1.5})",
                            R"({"name":"a"})", R"({"name":null,"count":1})", R"({"name":"a","count":1,"colour":"red"})"})
        post(body).expect_problem(400, "malformed-request");
}

TEST_F(BadInput, AValueOutOfItsBounds) {
    post(R"({"name":"","count":1})").expect_problem(422, "invalid-value").field("/errors/0/pointer", "/name");
    post(R"({"name":"a","count":1001})").expect_problem(422, "invalid-value").field("/errors/0/pointer", "/count");
    const auto both = post(R"({"name":"aaaaaaaaaaaaaaaaaaaaa","count":-1})").expect_problem(422, "invalid-value"); // all that is wrong, not the first
    EXPECT_EQ(both.at("/errors").size(), 2u);
}

TEST_F(BadInput, TextThatIsNoUtf8OrHoldsNul) {
    for (const std::string name : {"\xff", "\xc0\xaf", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xe2\x82"})
        post(R"({"name":")" + name + R"(","count":1})").expect_problem(400, "malformed-request");
    post(R"({"name":"a\u0000b","count":1})").expect_problem(400, "malformed-request");
    post(R"({"name":"\ud800","count":1})").expect_problem(400, "malformed-request");
    owner.get("/api/v1/things?name=%ff").expect(422);
    owner.get("/api/v1/things?name=%00").expect(422);
    owner.get("/api/v1/things?name=%zz").expect_problem(400, "malformed-request");
}

TEST_F(BadInput, ANameGivenTwice) {
    post(R"({"name":"a","count":1,"name":"b"})").expect_problem(400, "malformed-request");
    post(R"({"name":"a","count":1,"extra":{"x":{"y":1,"y":2}}})").expect_problem(400, "malformed-request");
    owner.get("/api/v1/things?limit=1&limit=2").expect_problem(400, "malformed-request");
}

TEST_F(BadInput, ANumberThatIsTooLarge) {
    for (const auto number : {"9223372036854775808", "-9223372036854775809", "123456789012345678901234567890"})
        post(std::string(R"({"name":"a","count":)") + number + "}").expect(400);
    post(R"({"name":"a","count":2147483648})").expect(422);
    post(R"({"name":"a","count":1,"weight":1e999})").expect_problem(400, "malformed-request");
    post(R"({"name":"a","count":1,"weight":NaN})").expect_problem(400, "malformed-request");
    owner.get("/api/v1/things?limit=99999999999999999999").expect_problem(422, "invalid-value");
}

TEST_F(BadInput, TooDeep) {
    const std::string deep = std::string(1000, '[') + std::string(1000, ']');
    post(R"({"name":"a","count":1,"extra":)" + deep + "}").expect_problem(400, "malformed-request");
}

TEST_F(BadInput, TooLarge) {
    post(R"({"name":"a","count":1,"extra":")" + std::string(20'000, 'x') + R"("})").expect_problem(413, "too-large");
    owner.get("/api/v1/things?name=" + std::string(10'000, 'x')).expect(414);
    owner.get("/api/v1/things").header("X-Long", std::string(20'000, 'x')).expect(431);
}

TEST_F(BadInput, AnotherContentType) {
    owner.post("/api/v1/things")
        .raw("name=a", "application/x-www-form-urlencoded")
        .expect_problem(415, "unsupported-media-type")
        .expect_header("Accept", "application/json");
    owner.post("/api/v1/things").raw("{}", "").expect_problem(415, "unsupported-media-type");
    owner.post("/api/v1/things")
        .header("Content-Encoding", "gzip")
        .raw(R"({"name":"a","count":1})", "application/json")
        .expect_problem(415, "unsupported-media-type")
        .expect_header("Accept-Encoding", "identity");
    owner.post("/api/v1/things").raw(R"({"name":"a","count":1})", "Application/JSON; charset=utf-8").expect(201);
}

TEST_F(BadInput, ABodyThatIsCutShort) {
    RawClient raw(service().port());
    raw.send("POST /api/v1/things HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\nAuthorization: Bearer " + owner.token() +
             "\r\nContent-Length: 100\r\n\r\n{\"name\":");
    raw.half_close();
    raw.read_to_end(); // nobody is left to answer; nothing was stored
    EXPECT_EQ(service().database().admin("select count(*) from thing where name = ''"), "0");
}

TEST_F(BadInput, AHeaderThatIsNoSuchThing) {
    for (const auto value : {"0", "-5", "soon", "1e3", "99999999999999999999"})
        owner.get("/api/v1/things").header("X-Request-Timeout-Ms", value).expect_problem(400, "malformed-request");
    post(R"({"name":"a","count":1})").key(std::string(256, 'k')).expect_problem(400, "malformed-request");
    post(R"({"name":"a","count":1})").key("\xff").expect_problem(400, "malformed-request");
    owner.get("/api/v1/things").header("traceparent", "00-zz").expect(200); // a bad one begins a new trace
}

TEST_F(BadInput, AnIdThatIsNone) {
    for (const auto id : {"1", "x", "00000000-0000-0000-0000-00000000000g", "%00", "..", "a%2fb"})
        owner.get("/api/v1/things/" + std::string(id)).expect_problem(404, "not-found");
    owner.get("/api/v1/things/" + Uuid::v7().to_string()).expect_problem(404, "not-found");
}

TEST_F(BadInput, ACursorOfAnotherListFilterOrProject) {
    for (int i = 0; i < 3; ++i) post(R"({"name":"paged","count":1})").expect(201);
    const auto cursor = owner.get("/api/v1/things?limit=1&name=paged").expect(200).text("/next_cursor");
    ASSERT_FALSE(cursor.empty());
    owner.get("/api/v1/things?limit=1&name=paged&cursor=" + cursor).expect(200);
    owner.get("/api/v1/things?limit=1&cursor=" + cursor).expect_problem(400, "invalid-cursor");
    stranger.get("/api/v1/things?limit=1&name=paged&cursor=" + cursor).expect_problem(400, "invalid-cursor");
    auto bent = cursor;
    bent[bent.size() / 2] = bent[bent.size() / 2] == 'A' ? 'B' : 'A';
    for (const std::string& wrong : {bent, cursor + "A", cursor.substr(0, 10), std::string("x"), std::string("%20")})
        owner.get("/api/v1/things?limit=1&name=paged&cursor=" + wrong).expect_problem(400, "invalid-cursor");
}

TEST_F(BadInput, AVersionThatIsPast) {
    const auto made = post(R"({"name":"a","count":1})").expect(201);
    const auto put = [&](const std::string& tag) { return owner.put(made.location(), {{"name", "a"}, {"count", 1}}).if_match(tag); };
    put("\"1\"").expect(200);
    put("*").expect(200);
    for (const auto tag : {"\"2\"", "W/\"1\"", "1", "\"\"", "nonsense"}) put(tag).expect_problem(412, "stale-version").field("/current_version", 1);
}

TEST_F(BadInput, AKeyThatWasUsedForSomethingElse) {
    const auto key = Uuid::v4().to_string();
    post(R"({"name":"a","count":1})").key(key).expect(201);
    post(R"({"name":"a","count":1})").key(key).expect(201).expect_header("Idempotency-Replayed", "true");
    post(R"({"name":"b","count":1})").key(key).expect_problem(422, "idempotency-key-reused");
}

TEST_F(BadInput, ADiskThatIsFullIsNoFaultOfTheRequest) {
    const auto refused = post(R"({"name":"full","count":1})").expect_problem(503, "store-unavailable");
    EXPECT_FALSE(refused.header("Retry-After").empty());
    EXPECT_EQ(service().database().admin("select count(*) from thing where name = 'full'"), "0");
}

TEST_F(BadInput, TokensOfEveryBadKind) {
    with_token(service().token(claims().dump())).expect(200); // the good one
    const auto refused = [this](const std::string& token, const char* what) {
        SCOPED_TRACE(what);
        with_token(token).expect_problem(401, "unauthenticated").expect_header("WWW-Authenticate", "Bearer error=\"invalid_token\"");
    };
    const auto at = now().unix_seconds();
    refused("rubbish", "no token");
    refused("a.b.c", "no JSON");
    refused(std::string(20, '.'), "dots");
    refused(service().token(claims({{"exp", at - 3600}}).dump()), "expired");
    refused(service().token(claims({{"nbf", at + 3600}}).dump()), "not yet valid");
    refused(service().token(claims({{"iat", at + 3600}}).dump()), "issued in the future");
    refused(service().token(claims({{"iss", "somebody"}}).dump()), "another issuer");
    refused(service().token(claims({{"aud", "others"}}).dump()), "another audience");
    refused(service().token(claims({{"exp", "tomorrow"}}).dump()), "a claim of another shape");
    refused(service().token("[]"), "no claims");
    refused(auth::Signer::generate().token(claims().dump(), "at+jwt"), "another key");
    const auto good = service().token(claims().dump());
    const auto first = good.find('.'), last = good.rfind('.');
    refused(good.substr(0, last + 1) + std::string(good.size() - last - 1, 'A'), "another signature");
    refused(good.substr(0, last + 1), "no signature");
    refused(good.substr(0, first + 1) + base64url_encode(claims({{"scope", "things:admin"}}).dump()) + good.substr(last), "other claims under the signature");
    refused(base64url_encode(R"({"alg":"none","typ":"at+jwt"})") + good.substr(first, last - first + 1), "alg none");
    refused(base64url_encode(R"({"alg":"HS256","typ":"at+jwt","kid":"x"})") + good.substr(first), "alg HS256");
    refused(good + "." + good, "too many parts");
    refused(good + std::string(7'000, 'A'), "too long");
    with_token(service().token(claims({{"scope", "other:read"}}).dump())).expect_problem(403, "forbidden");
    with_token(service().token(claims({{"project", Json()}}).dump())).expect(401);
    testkit::Client(service().port(), "").get("/api/v1/things").header("Authorization", "Basic YTpi").expect_problem(401, "unauthenticated");
    testkit::Client(service().port(), "").get("/api/v1/things").header("Authorization", "Bearer").expect_problem(401, "unauthenticated");
    anonymous.get("/api/v1/things").expect_problem(401, "unauthenticated").expect_header("WWW-Authenticate", "Bearer realm=\"gravity\"");
    RawClient two(service().port());
    EXPECT_EQ(two.ask("GET /api/v1/things HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer " + good + "\r\nAuthorization: Bearer " + good + "\r\n\r\n").status,
              401);
}

TEST_F(BadInput, MoreThanTheRateOfARoute) {
    const auto caller = service().caller(service().project(), "things:read", "eager");
    const auto first = caller.get("/api/v1/things/slowly").expect(200);
    EXPECT_EQ(first.header("RateLimit-Policy"), "\"route\";q=2;w=3600");
    EXPECT_EQ(first.header("RateLimit").substr(0, 13), "\"route\";r=1;t");
    caller.get("/api/v1/things/slowly").expect(200);
    const auto refused = caller.get("/api/v1/things/slowly").expect_problem(429, "rate-limited");
    EXPECT_GT(std::stoi(refused.header("Retry-After")), 0);
    EXPECT_EQ(refused.header("RateLimit").substr(0, 13), "\"route\";r=0;t");
    service().caller(service().project(), "things:read", "another").get("/api/v1/things/slowly").expect(200);
    caller.get("/api/v1/things").expect(200).expect_header("RateLimit", "");
}

} // namespace
} // namespace gravity
