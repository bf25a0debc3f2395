// What is reported to meters, and what they tell.
#include "usage_events.hpp"
#include "usage_fixture.hpp"

#include <gravity/base/encoding.hpp>
#include <gravity/testkit/clock.hpp>

#include <atomic>

namespace gravity::project {
namespace {

class Usage : public UsageApi {};

TEST_F(Usage, CountsEachEventOnceHoweverItComes) {
    meter(worker);
    meter(worker, "calls", "count");
    report(worker, event("1", tokens(5))).expect(204);
    report(worker, event("1", tokens(5))).expect(204);
    report(worker, event("1", tokens(7))).expect(204); // the same event, whatever it says now
    report(worker, Json::array({event("2", tokens(1)), event("2", tokens(1)), event("1", tokens(5)), event("3", tokens("2"))})).expect(204);
    worker.post("/openmeter/api/v1/events").raw(event("4", tokens(10)).dump(), "application/json").expect(204);
    worker.post("/openmeter/api/v1/events").raw(Json::array({event("5", tokens(20))}).dump(), "application/json; charset=utf-8").expect(204);
    const auto binary = [&](const std::string& id) {
        auto call = worker.post("/openmeter/api/v1/events").raw(R"({"tokens":100})", "application/json");
        call.header("ce-specversion", "1.0").header("ce-id", id).header("ce-source", "api").header("ce-type", "model.called").header("ce-subject", "Gr%C3%BCn");
        return call;
    };
    binary("6").expect(204);
    binary("%36").expect(204); // percent-encoded, and the same
    EXPECT_EQ(total(worker), Json(static_cast<double>(5 + 1 + 2 + 10 + 20 + 100)));
    EXPECT_EQ(total(worker, "calls"), Json(6.0));
    worker.get("/api/v1/meters/tokens/query?subject=Gr%C3%BCn").expect(200).field("/items/0/value", 100.0).field("/items/1", Json());
    worker.get("/api/v1/meters/tokens/query?subject=user-2").expect(200).field("/items", Json::array());
    report(worker, Json::array()).expect(204);
}

// An event need not have data, nor then a type of it; and the value of a field may stand in quotes (CloudEvents HTTP binding, section 3.1.3.2).
TEST_F(Usage, IsTakenInBinaryModeAsTheBindingSays) {
    worker.post("/api/v1/meters", {{"slug", "pings"}, {"event_type", "ping"}, {"aggregation", "count"}}).expect(201);
    meter(worker);
    const auto ping = [&](testkit::Call call, const std::string& id, const std::string& type = "ping") {
        call.header("ce-specversion", "1.0").header("ce-id", id).header("ce-source", "api").header("ce-type", type).header("ce-subject", R"("user \"9\"")");
        return call;
    };
    const std::string at = "/openmeter/api/v1/events";
    ping(worker.post(at), "1").expect(204);
    ping(worker.post(at).raw("", "application/json"), "2").expect(204);
    ping(worker.post(at).raw("null", "application/json"), "\"3\"").expect(204);
    ping(worker.post(at).raw("{}", "text/json"), "3").expect(204); // the same
    EXPECT_EQ(total(worker, "pings"), Json(3.0));
    worker.get("/api/v1/meters/pings/query?group_by=subject").expect(200).field("/items/0/subject", R"(user "9")");
    ping(worker.post(at), "4", "model.called").expect_problem(422, "events-refused").field("/errors/0/pointer", "/0/data");
    worker.post(at).raw("", "application/json").expect_problem(400, "malformed-request"); // no event at all
    worker.post(at).expect_problem(415, "unsupported-media-type");
}

// Which of two names is the event's is not for us to say: it decides what is counted.
TEST(UsageEvents, AreNamedOnce) {
    http::Request request;
    for (const auto& [name, value] : {std::pair("ce-specversion", "1.0"), std::pair("ce-id", "1"), std::pair("ce-source", "api"), std::pair("ce-type", "ping")})
        request.headers.add(name, value);
    EXPECT_EQ(usage_events_of(request, RawBody{}, now()).at(0).id, "1");
    request.headers.add("CE-Id", "2");
    try {
        usage_events_of(request, RawBody{}, now());
        ADD_FAILURE() << "was taken";
    } catch (const Refusal& refusal) {
        EXPECT_EQ(refusal.problem().status, 400);
        ASSERT_EQ(refusal.faults().size(), 1u);
        EXPECT_EQ(refusal.faults()[0].pointer, "/ce-id");
    }
}

// So Go's SDK sends what it is handed as bytes, which a JSON text is to it (CloudEvents JSON format, section 3.1.2).
TEST_F(Usage, IsTakenAsJsonInBase64) {
    meter(worker);
    const auto encoded = [](const std::string& id, Json text) {
        Json event = Usage::event(id, Json());
        event["data_base64"] = std::move(text);
        return event;
    };
    report(worker, encoded("1", base64_encode(R"({"tokens":5})"))).expect(204);
    Json bare = encoded("2", base64_encode(R"({"tokens":"0.5"})"));
    bare.as_object().erase("data");
    bare["datacontenttype"] = "application/json; charset=utf-8";
    Json unset = event("3", tokens(10));
    unset["data_base64"] = Json(); // which is as if it were not there (section 2.2)
    report(worker, Json::array({bare, unset, bare})).expect(204);
    EXPECT_EQ(total(worker), Json(15.5));
    report(worker, encoded("4", "")).expect_problem(422, "events-refused").field("/errors/0/pointer", "/0/data"); // no data
    const Json twice = base64_encode(R"({"a":1,"a":2})");
    for (const Json& bad : {Json("AAAA"), Json("e30"), Json("e3 0="), Json(base64_encode("{")), twice, Json(5), Json::object()})
        report(worker, Json::array({event("5", tokens(1)), encoded("6", bad)}))
            .expect_problem(400, "malformed-request")
            .field("/errors/0/pointer", "/1/data_base64");
    EXPECT_EQ(total(worker), Json(15.5));
}

// What the standard's own examples carry. Such an event may be counted, while nothing is read in it.
TEST_F(Usage, IsCountedWhateverItsDataAre) {
    const Json by_kind = Json::object({{"kind", "$.kind"}});
    worker.post("/api/v1/meters", {{"slug", "pings"}, {"event_type", "ping"}, {"aggregation", "count"}, {"group_by", by_kind}}).expect(201);
    meter(worker);
    const auto of_type = [](const std::string& id, const std::string& type, const std::string& media, const std::string& member, Json data) {
        Json event = Json::object({{"specversion", "1.0"}, {"id", id}, {"source", "/mycontext"}, {"type", type}, {"datacontenttype", media}});
        event[member] = std::move(data);
        return event;
    };
    report(worker, Json::array({of_type("1", "ping", "application/xml", "data", R"(<much wow="xml"/>)"),
                                of_type("2", "ping", "application/vnd.apache.thrift.binary", "data_base64", base64_encode("\xff\x01")),
                                of_type("3", "ping", "text/plain", "data", R"({"kind":"none of it is read"})")}))
        .expect(204);
    const auto binary = [&](const std::string& id, const std::string& type, const std::string& body, const std::string& media) {
        auto call = worker.post("/openmeter/api/v1/events").raw(body, media);
        call.header("ce-specversion", "1.0").header("ce-id", id).header("ce-source", "/mycontext").header("ce-type", type);
        return call;
    };
    binary("3", "ping", "anything", "text/plain").expect(204); // the same
    binary("4", "ping", "<a/>", "application/xml").expect(204);
    binary("5", "ping", "", "text/plain").expect(204);
    binary("5 of no type", "model.called", R"({"tokens":0})", "").expect(204); // looked at, for nobody says what it is
    binary("6 of no type", "model.called", "tokens=5", "").expect_problem(422, "events-refused").field("/errors/0/pointer", "/0/data");
    binary("7", "model.called", "tokens=5", "application/json").expect_problem(400, "malformed-request");
    worker.get("/api/v1/meters/pings/query?group_by=kind").expect(200).field("/items/0/value", 5.0).field("/items/0/group/kind", "").field("/items/1", Json());
    const auto refused = binary("6", "model.called", R"({"tokens":5})", "application/x-www-form-urlencoded").expect_problem(422, "events-refused");
    refused.field("/errors/0/pointer", "/0/data").field("/errors/0/detail", "is not JSON, in which the meter tokens reads $.tokens");
    report(worker, of_type("7", "model.called", "text/plain", "data", "5")).expect_problem(422, "events-refused").field("/errors/0/pointer", "/0/data");
    report(worker, of_type("8", "ping", "image/png", "data_base64", "no base64"))
        .expect_problem(400, "malformed-request")
        .field("/errors/0/pointer", "/data_base64");
    binary("9", "ping", "x", "application/cloudevents+avro").expect_problem(415, "unsupported-media-type");
    EXPECT_EQ(total(worker), Json(0.0));
}

// All send the same hundred events, in another order each; each event is counted by whoever comes first, and nobody waits for ever.
TEST_F(Usage, CountsEachEventOnceHoweverManyReportItAtOnce) {
    meter(worker);
    meter(worker, "calls", "count");
    std::atomic<int> taken{0};
    at_once(16, [&](int sender) {
        Json batch = Json::array();
        for (int i = 0; i < 100; ++i) {
            const int number = (i * 37 + sender * 11) % 100;
            batch.push_back(event("e" + std::to_string(number), tokens(number), {}, "user-" + std::to_string(number % 7)));
        }
        taken += status_at_last(report(worker, batch)) == 204;
    });
    EXPECT_EQ(taken, 16);
    EXPECT_EQ(total(worker), Json(4950.0));
    EXPECT_EQ(total(worker, "calls"), Json(100.0));
    EXPECT_EQ(service.database().admin("select string_agg(distinct trim_scale(used)::text, ' ' order by trim_scale(used)::text) from usage_total"), "100 4950")
        << "day, month and all time";
}

// What comes at the same time is counted together, and each is told of their own.
TEST_F(Usage, IsAnsweredToEachWhoReportsAtOnce) {
    meter(worker);
    meter(worker, "calls", "count");
    std::atomic<int> right{0};
    std::atomic<std::int64_t> counted{0};
    at_once(32, [&](int sender) {
        const std::string own = std::to_string(sender);
        Json batch = Json::array({event(own + "/1", tokens(1)), event("shared", tokens(100))});
        if (sender % 2 == 0) {
            right += report(worker, batch).send().status() == 204;
            return;
        }
        batch.push_back(event(own + "/2", tokens("NaN")));
        batch.push_back(event(own + "/3", tokens(1)));
        const auto answer = report(worker, batch).send();
        const std::int64_t mine = answer.at("/counted").as_integer(), before = answer.at("/repeated").as_integer();
        counted += mine;
        right += answer.status() == 422 && mine + before == 3 && mine >= 2 && answer.text("/errors/0/pointer") == "/2/data" && answer.at("/errors/1").is_null();
    });
    EXPECT_EQ(right, 32);
    EXPECT_EQ(total(worker), Json(16.0 + 32.0 + 100.0));
    EXPECT_EQ(total(worker, "calls"), Json(16.0 + 32.0 + 1.0));
    EXPECT_LE(counted, 33) << "the one that all told was counted once";
    EXPECT_GE(counted, 32);
}

// Two projects wait for nobody but themselves, and what one cannot count is no matter of the other.
TEST_F(Usage, IsCountedOfEachProjectForItself) {
    const auto blog = of(ProjectId::parse(project(ada, acme, "blog").text("/id")).or_throw());
    meter(worker);
    meter(blog);
    std::atomic<int> taken{0};
    at_once(16, [&](int sender) {
        const auto& who = sender % 2 == 0 ? worker : blog;
        for (int i = 0; i < 5; ++i) taken += report(who, event(std::to_string(sender) + "/" + std::to_string(i), tokens(1))).send().status() == 204;
    });
    EXPECT_EQ(taken, 80);
    EXPECT_EQ(total(worker), Json(40.0));
    EXPECT_EQ(total(blog), Json(40.0));
}

TEST_F(Usage, IsExactInDecimals) {
    meter(worker);
    report(worker, Json::array({event("1", tokens(0.1)), event("2", tokens(0.2)), event("3", tokens("0.000000000001"))})).expect(204);
    report(worker, Json::array({event("5", tokens(0.1 + 0.2)), event("6", tokens("-0.3"))})).expect(204); // a double's noise is not counted
    EXPECT_EQ(service.database().admin("select sum from usage_bucket"), "0.300000000001");
    EXPECT_EQ(total(worker), Json(0.300000000001));
    report(worker, event("4", tokens(-0.300000000001))).expect(204);
    EXPECT_EQ(total(worker), Json(0.0));
}

TEST_F(Usage, TellsWhichEventsAreNotCountedAndCountsTheOthers) {
    testkit::FakeClock clock(now());
    worker = of(shop_id);
    meter(worker);
    const auto at = [](Duration ago) { return (now() - ago).to_string(); };
    Json other = event("6", tokens(1));
    other["type"] = "nobody.counts";
    const auto answer = report(worker, Json::array({event("1", tokens(1)), event("2", tokens("NaN")), event("3", Json::object()),
                                                    event("4", tokens(1), at(Duration::days(36))), event("5", tokens(1), at(Duration::days(-2))), other,
                                                    event("7", tokens(2)), event("1", tokens(1))}))
                            .expect_problem(422, "events-refused");
    answer.field("/counted", 2).field("/repeated", 1).field("/errors/5", Json());
    const std::pair<std::string, std::string> faults[] = {
        {"/1/data", "decimal"}, {"/2/data", "missing"}, {"/3/time", "late"}, {"/4/time", "ahead"}, {"/5/type", "no meter"}};
    for (std::size_t i = 0; i < std::size(faults); ++i) {
        answer.field("/errors/" + std::to_string(i) + "/pointer", faults[i].first);
        EXPECT_NE(answer.text("/errors/" + std::to_string(i) + "/detail").find(faults[i].second), std::string::npos) << answer.body();
    }
    EXPECT_EQ(total(worker), Json(3.0));
    report(worker, event("2", tokens(4))).expect(204); // it was not counted, so it may come again
    report(worker, event("4", tokens(8), at(Duration::days(34)))).expect(204);
    EXPECT_EQ(total(worker), Json(15.0));
}

TEST_F(Usage, IsNotTakenAtAllWhereAnEventIsNone) {
    meter(worker);
    for (const std::string attribute : {"id", "source", "type", "specversion"}) {
        Json bad = event("9", tokens(1));
        bad.as_object().erase(attribute);
        report(worker, Json::array({event("8", tokens(1)), bad})).expect_problem(400, "malformed-request").field("/errors/0/pointer", "/1/" + attribute);
        bad[attribute] = "";
        report(worker, bad).expect_problem(400, "malformed-request").field("/errors/0/pointer", "/" + attribute);
        bad[attribute] = 1;
        report(worker, bad).expect_problem(400, "malformed-request").field("/errors/0/pointer", "/" + attribute);
    }
    const auto with = [&](const std::string& name, Json value) {
        Json bad = event("9", tokens(1));
        bad[name] = std::move(value);
        report(worker, bad).expect_problem(400, "malformed-request").field("/errors/0/pointer", "/" + name);
    };
    with("specversion", "0.3");
    with("id", std::string(257, 'x'));
    with("id", "a\nb");
    with("subject", 5);
    with("time", "yesterday");
    with("datacontenttype", 5);
    with("data_base64", base64_encode("{}")); // beside `data`
    const auto raw = [&](const std::string& body, const std::string& type) { return worker.post("/openmeter/api/v1/events").raw(body, type); };
    raw("{", "application/cloudevents+json").expect_problem(400, "malformed-request");
    raw("[1]", "application/cloudevents-batch+json").expect_problem(400, "malformed-request").field("/errors/0/pointer", "/0");
    raw("{}", "application/cloudevents-batch+json").expect_problem(400, "malformed-request");
    raw("[]", "application/cloudevents+json").expect_problem(400, "malformed-request");
    raw(R"({"tokens":1e400})", "application/json").expect_problem(400, "malformed-request");
    raw("x", "text/plain").expect_problem(415, "unsupported-media-type");
    raw("{}", "application/json")
        .header("ce-specversion", "1.0")
        .header("ce-id", "%00")
        .header("ce-source", "s")
        .header("ce-type", "t")
        .expect_problem(400, "malformed-request")
        .field("/errors/0/pointer", "/ce-id")
        .field("/errors/0/in", "header");
    Json many = Json::array();
    for (int i = 0; i < 1001; ++i) many.push_back(event(std::to_string(i), tokens(1)));
    report(worker, many).expect_problem(413, "too-large");
    worker.get("/api/v1/meters/tokens/query").expect(200).field("/items", Json::array());
    EXPECT_EQ(service.database().admin("select count(*) from usage_seen"), "0");
}

TEST_F(Usage, IsToldByWhenItHappened) {
    testkit::FakeClock clock(Timestamp::parse("2026-11-10T12:00:00Z").or_throw());
    worker = of(shop_id);
    meter(worker);
    Json batch = Json::array();
    const auto used = [&](const std::string& time, int amount) { batch.push_back(event(time, tokens(amount), time)); };
    used("2026-10-25T00:30:00Z", 1);
    used("2026-10-25T01:30:00Z", 2);
    used("2026-10-25T22:59:59Z", 4);
    used("2026-10-25T23:00:00Z", 8);
    used("2026-10-31T23:30:00Z", 16);
    used("2026-11-10T11:59:00Z", 32);
    std::reverse(batch.as_array().begin(), batch.as_array().end()); // in no order
    report(worker, batch).expect(204);
    const auto ask = [&](const std::string& query) {
        std::string told;
        const Json items = worker.get("/api/v1/meters/tokens/query?" + query).expect(200).at("/items");
        for (const Json& item : items.as_array())
            told += item.find("from")->as_string() + "/" + item.find("to")->as_string() + "=" + item.find("value")->dump() + " ";
        return told;
    };
    // In Berlin the clock was put back on the 25th of October, so that 02:30 came twice; its November begins at 23:00 UTC.
    EXPECT_EQ(ask("window=hour&time_zone=Europe/Berlin&to=2026-10-25T02:00:00Z"),
              "2026-10-25T00:00:00Z/2026-10-25T01:00:00Z=1.0 2026-10-25T01:00:00Z/2026-10-25T02:00:00Z=2.0 ");
    EXPECT_EQ(ask("window=day&time_zone=Europe/Berlin&to=2026-10-27T00:00:00Z"),
              "2026-10-24T22:00:00Z/2026-10-25T23:00:00Z=7.0 2026-10-25T23:00:00Z/2026-10-26T23:00:00Z=8.0 ");
    EXPECT_EQ(ask("window=month&time_zone=Europe/Berlin&from=2026-10-01T00:00:00Z"),
              "2026-10-01T00:00:00Z/2026-10-31T23:00:00Z=15.0 2026-10-31T23:00:00Z/2026-11-11T12:15:00Z=48.0 ");
    EXPECT_EQ(ask("window=month&to=2026-11-01T00:00:00Z"), "2026-10-01T00:00:00Z/2026-11-01T00:00:00Z=31.0 ");
    // Kathmandu is a quarter of an hour beside all others.
    EXPECT_EQ(ask("window=hour&time_zone=Asia/Kathmandu&from=2026-10-25T22:45:00Z&to=2026-10-25T23:15:00Z"), "2026-10-25T22:45:00Z/2026-10-25T23:15:00Z=12.0 ");
    EXPECT_EQ(ask("from=2026-10-25T23:00:00Z&to=2026-11-01T00:00:00Z"), "2026-10-25T23:00:00Z/2026-11-01T00:00:00Z=24.0 ");

    const auto refused = [&](const std::string& query) { return worker.get("/api/v1/meters/tokens/query?" + query); };
    refused("from=2026-10-25T23:01:00Z").expect_problem(422, "invalid-value").field("/errors/0/pointer", "/from");
    refused("to=2026-10-25T23:00:01Z").expect_problem(422, "invalid-value").field("/errors/0/pointer", "/to");
    refused("from=2026-10-25T23:00:00Z&to=2026-10-25T23:00:00Z").expect_problem(422, "invalid-value").field("/errors/0/pointer", "/to");
    refused("from=2026-10-25T23:15:00Z&to=2026-10-25T23:00:00Z").expect_problem(422, "invalid-value").field("/errors/0/pointer", "/to");
    worker.get("/openmeter/api/v1/meters/tokens/query?from=2026-10-25T23:15:00Z&to=2026-10-25T23:00:00Z").expect_problem(400, "malformed-request");
    refused("window=minute").expect_problem(422, "invalid-value");
    refused("time_zone=Nowhere").expect_problem(422, "invalid-value");
}

TEST_F(Usage, IsCutIntoSoManyWindowsAndNoMore) {
    meter(worker);
    service.database().admin("insert into usage_bucket (meter_id, project, starts_at, series, subject, grouping, sum, count, min, max) select id, project, "
                             "timestamptz '2024-01-01' + n * interval '1 hour',"
                             " sha256(''), '', '{}', 1, 1, 1, 1 from meter, generate_series(1, 10001) n");
    worker.get("/api/v1/meters/tokens/query?window=hour").expect_problem(422, "too-many-windows");
    worker.get("/api/v1/meters/tokens/query?window=hour&from=2024-01-01T02:00:00Z").expect(200).field("/items/9999/value", 1.0).field("/items/10000", Json());
    worker.get("/api/v1/meters/tokens/query").expect(200).field("/items/0/value", 10001.0);
}

TEST_F(Usage, IsSplitBySubjectAndGroup) {
    for (const std::string aggregation : {"sum", "count", "avg", "min", "max"})
        meter(worker, aggregation, aggregation, Json::object({{"group_by", Json::object({{"model", "$.model"}, {"cached", "$.cached"}})}}));
    const auto call = [](int count, const char* model, bool cached) { return Json::object({{"tokens", count}, {"model", model}, {"cached", cached}}); };
    report(worker, Json::array({event("1", call(1, "a", true)), event("2", call(2, "a", false), {}, "user-2"), event("3", call(6, "b", true))})).expect(204);
    report(worker, event("4", call(4, "a", true))).expect(204);
    const auto ask = [&](const std::string& slug, const std::string& query = {}) {
        std::string told;
        const Json items = worker.get("/api/v1/meters/" + slug + "/query" + query).expect(200).at("/items");
        for (const Json& item : items.as_array()) told += item.find("group")->dump() + item.find("value")->dump() + " ";
        return told;
    };
    EXPECT_EQ(ask("sum"), "{}13.0 ");
    EXPECT_EQ(ask("count"), "{}4.0 ");
    EXPECT_EQ(ask("avg"), "{}3.25 ");
    EXPECT_EQ(ask("min"), "{}1.0 ");
    EXPECT_EQ(ask("max"), "{}6.0 ");
    EXPECT_EQ(ask("sum", "?group_by=model"), R"({"model":"a"}7.0 {"model":"b"}6.0 )");
    EXPECT_EQ(ask("avg", "?group_by=model&subject=user-1"), R"({"model":"a"}2.5 {"model":"b"}6.0 )");
    EXPECT_EQ(ask("sum", "?group_by=model,cached"), R"({"cached":"false","model":"a"}2.0 {"cached":"true","model":"a"}5.0 {"cached":"true","model":"b"}6.0 )");
}

TEST_F(Usage, IsFilteredByGroups) {
    meter(worker, "tokens", "sum", Json::object({{"group_by", Json::object({{"model", "$.model"}, {"region", "$.region"}})}}));
    const auto call = [](int count, const char* model, Json region = {}) {
        Json data = Json::object({{"tokens", count}, {"model", model}});
        if (!region.is_null()) data["region"] = std::move(region);
        return data;
    };
    report(worker, Json::array({event("1", call(1, "gpt-4", "eu")), event("2", call(2, "gpt-4", "us")), event("3", call(4, "b [x] = & \"", "eu")),
                                event("4", call(8, "gpt-4"))}))
        .expect(204);
    const std::string own = "/api/v1/meters/tokens/query", theirs = "/openmeter/api/v1/meters/tokens/query";
    const auto sums = [&](const std::string& query, const std::string& more = {}) {
        std::string told;
        const Json items = worker.get(own + "?filter" + query + more).expect(200).at("/items");
        for (const Json& item : items.as_array()) told += item.find("value")->dump() + " ";
        std::string same;
        const Json data = worker.get(theirs + "?filterGroupBy" + query + (more.empty() ? "" : "&groupBy=region")).expect(200).at("/data");
        for (const Json& row : data.as_array()) same += row.find("value")->dump() + " ";
        EXPECT_EQ(told, same) << query;
        return told;
    };
    EXPECT_EQ(sums("[model]=gpt-4"), "11.0 ");
    EXPECT_EQ(sums("%5Bmodel%5D=gpt-4", "&group_by=region"), "8.0 1.0 2.0 ");
    EXPECT_EQ(sums("[region]=eu"), "5.0 ");
    EXPECT_EQ(sums("[region]="), "8.0 ") << "where it was missing";
    EXPECT_EQ(sums("[model]=b%20%5Bx%5D%20%3D%20%26%20%22"), "4.0 ");
    EXPECT_EQ(sums("[model]=none"), "");
    // What is settled has no group: as where it was missing.
    ada.put(quotas() + "/tokens", limit(1000)).expect(200);
    const std::string held = reservation();
    reserve(worker, held, 16).expect(200);
    worker.post(held + "/settle", {{"amount", 16}}).expect(200);
    EXPECT_EQ(sums("[model]="), "16.0 ");
    EXPECT_EQ(sums("[region]="), "24.0 ");
    const std::string both = worker.get(own + "?filter[model]=gpt-4&filter[region]=us").expect(200).at("/items").dump();
    EXPECT_NE(both.find("\"value\":2.0"), std::string::npos) << both;
    worker.get(theirs + "?filterGroupBy[model]=gpt-4&subject=user-2").expect(200).field("/data", Json::array());
    ada.get(shop.location() + "/usage?meter=tokens&filter[model]=gpt-4").expect(200).field("/items/0/value", 11.0);

    // A name that the meter has no group of would be answered as if it stood nowhere.
    for (const std::string name : {"team", "subject", "$.model", "a/b"}) {
        worker.get(theirs + "?filterGroupBy[" + name + "]=x").expect_problem(400, "malformed-request");
        worker.get(own + "?filter[" + name + "]=x").expect_problem(422, "invalid-value").field("/errors/0/in", "query");
    }
    worker.get(own + "?filter[a/b]=x").expect_problem(422, "invalid-value").field("/errors/0/pointer", "/filter[a~1b]");
    worker.get(theirs + "?groupBy=team").expect_problem(400, "malformed-request").field("/errors/0/pointer", "/groupBy");
    worker.get(own + "?group_by=team").expect_problem(422, "invalid-value").field("/errors/0/pointer", "/group_by");
    for (const std::string query : {"?filterGroupBy=gpt-4", "?filterGroupBy[]=gpt-4", "?filterGroupBy[model][x]=gpt-4",
                                    "?filterGroupBy[model]=a&filterGroupBy[model]=b", "?filterGroupBy.model=a"})
        worker.get(theirs + query).expect_problem(400, "malformed-request");
    for (const std::string name : {"%00", "%FF"})
        worker.get(theirs + "?filterGroupBy[" + name + "]=a").expect_problem(400, "malformed-request").field("/errors/0/pointer", "");
    worker.get(theirs + "?filterGroupBy[model]=" + std::string(129, 'x')).expect(200).field("/data", Json::array()); // longer than any group
    report(worker, event("5", call(32, "e\u0301\t"))).expect(204); // as it was written, and not in another form of Unicode
    EXPECT_EQ(sums("[model]=e%CC%81%09"), "32.0 ");
    EXPECT_EQ(sums("[model]=%C3%A9%09"), "");
    worker.get(theirs + "?filterGroupBy[model]=%FF").expect_problem(422, "invalid-value");
    worker.get(theirs + "?filterGroupBy[model]=%00").expect_problem(422, "invalid-value");
    std::string nine = "?filterGroupBy[g0]=x";
    for (int i = 1; i < 9; ++i) nine += "&filterGroupBy[g" + std::to_string(i) + "]=x";
    worker.get(theirs + nine).expect_problem(422, "invalid-value");
}

/// Of how many different users.
TEST_F(Usage, IsToldInTheWordsOfOpenMeter) {
    const auto made = meter(worker, "tokens", "sum", Json::object({{"group_by", Json::object({{"model", "$.model"}})}, {"description", "All"}}));
    const auto call = [](int count, const char* model) { return Json::object({{"tokens", count}, {"model", model}}); };
    report(worker, Json::array({event("1", call(1, "a"), "", "u-1"), event("2", call(2, "b"), "", "u-2"), event("3", call(4, "a"), "", "u-2")})).expect(204);
    const std::string at = "/openmeter/api/v1/meters";
    worker.get(at).expect(200).field("/0/slug", "tokens").field("/0/aggregation", "SUM").field("/0/groupBy/model", "$.model").field("/1", Json());
    for (const std::string& name : {std::string("tokens"), made.text("/id")})
        worker.get(at + "/" + name).expect(200).field("/eventType", "model.called").field("/valueProperty", "$.tokens").field("/description", "All");
    worker.get(at + "/none").expect_problem(404, "not-found");
    as.stranger.get(at + "/" + made.text("/id")).expect_problem(404, "not-found");
    as.stranger.get(at).expect(200).field("", Json::array());
    worker.get(at + "/tokens/query").expect(200).field("/data/0/value", 7.0).field("/data/0/subject", Json()).field("/data/1", Json());
    const auto split = worker.get(at + "/tokens/query?groupBy=subject&groupBy=model&subject=u-2").expect(200);
    split.field("/data/0/value", 4.0).field("/data/0/subject", "u-2").field("/data/0/groupBy/model", "a").field("/data/1/value", 2.0).field("/data/2", Json());
    for (const std::string size : {"HOUR", "DAY", "MONTH"})
        worker.get(at + "/tokens/query?windowSize=" + size + "&windowTimeZone=Asia/Tokyo").expect(200).field("/windowSize", size).field("/data/0/value", 7.0);
    worker.get(at + "/tokens/query?windowSize=MINUTE").expect_problem(422, "invalid-value");
    worker.get(at + "/tokens/query?filterCustomerId=u-1").expect_problem(400, "malformed-request"); // rather than a wrong answer
    worker.get(at + "/tokens/query?from=2026-01-01T00:01:00Z").expect_problem(422, "invalid-value");
    worker.post("/api/v1/meters", {{"slug", "m"}, {"event_type", "x"}, {"aggregation", "count"}, {"group_by", Json::object({{"subject", "$.a"}})}})
        .expect_problem(422, "invalid-value");
    worker.get("/api/v1/meters/tokens/query?group_by=subject").expect(200).field("/items/0/subject", "u-1").field("/items/1/value", 6.0);
}

// So OpenMeter's SDK for Python asks.
TEST_F(Usage, IsToldInTheWordsOfOpenMeterByABody) {
    const Json groups = Json::object({{"model", "$.model"}, {"region", "$.region"}});
    meter(worker, "tokens", "sum", Json::object({{"group_by", groups}}));
    meter(worker, "models", "unique_count", Json::object({{"value_path", "$.model"}, {"group_by", groups}}));
    const auto call = [](int count, const char* model, const char* region) { return Json::object({{"tokens", count}, {"model", model}, {"region", region}}); };
    report(worker, Json::array({event("1", call(1, "a", "eu")), event("2", call(2, "b", "eu")), event("3", call(4, "c", "us")),
                                event("4", Json::object({{"tokens", 8}, {"model", "a"}}), "", "user-2")}))
        .expect(204);
    const std::string at = "/openmeter/api/v1/meters/tokens/query";
    const auto ask = [&](const Json& body, const std::string& where) { return worker.post(where, testkit::Members(body)); };
    const auto sums = [&](const Json& body, const std::string& where) {
        std::string told;
        const Json rows = ask(body, where).expect(200).at("/data");
        for (const Json& row : rows.as_array()) told += row.find("value")->dump() + " ";
        return told;
    };
    const auto filter = [](Json values) { return Json::object({{"filterGroupBy", std::move(values)}}); };
    const Json a_or_c = Json::array({"a", "c"}), eu_or_none = Json::array({"eu", ""});
    EXPECT_EQ(sums(Json::object(), at), "15.0 ");
    EXPECT_EQ(sums(filter(Json::object({{"model", a_or_c}})), at), "13.0 ");
    EXPECT_EQ(sums(filter(Json::object({{"model", a_or_c}, {"region", eu_or_none}})), at), "9.0 ");
    EXPECT_EQ(sums(filter(Json::object({{"model", Json::array({"none"})}})), at), "");
    EXPECT_EQ(sums(filter(Json::object({{"model", a_or_c}})), "/openmeter/api/v1/meters/models/query"), "2.0 ");
    EXPECT_EQ(sums(Json::object({{"groupBy", Json::array({"model", "model"})}, {"subject", Json::array({"user-1", "user-3"})}}), at), "1.0 2.0 4.0 ");
    const auto daily = ask(Json::object({{"windowSize", "DAY"}, {"windowTimeZone", "Asia/Tokyo"}, {"to", "2100-01-01T00:00:00Z"}}), at).expect(200);
    daily.field("/windowSize", "DAY").field("/to", "2100-01-01T00:00:00Z").field("/from", Json()).field("/data/0/value", 15.0);

    const auto refused = [&](const Json& body, int status, const std::string& problem) { return ask(body, at).expect_problem(status, problem); };
    refused(filter(Json::object({{"team", a_or_c}})), 400, "malformed-request").field("/errors/0/pointer", "/filterGroupBy/team").field("/errors/0/in", Json());
    refused(filter(Json::object({{"model", Json::array()}})), 400, "malformed-request").field("/errors/0/pointer", "/filterGroupBy/model");
    refused(filter(Json::object({{"model", "a"}})), 400, "malformed-request");
    refused(Json::object({{"groupBy", Json::array({"team"})}}), 400, "malformed-request").field("/errors/0/pointer", "/groupBy");
    refused(Json::object({{"clientId", "x"}}), 400, "malformed-request"); // what is not here is refused
    refused(Json::object({{"windowSize", "MINUTE"}}), 422, "invalid-value");
    refused(Json::object({{"from", "2026-01-01T00:01:00Z"}}), 422, "invalid-value").field("/errors/0/pointer", "/from").field("/errors/0/in", Json());
    as.stranger.post(at, testkit::Members(Json::object())).expect_problem(404, "not-found");
    service.caller(shop_id, "projects:admin", "worker").post(at, testkit::Members(Json::object())).expect_problem(403, "forbidden");
    service.caller(shop_id, "meters:read", "worker").post(at, testkit::Members(Json::object())).expect(200);
}

TEST_F(Usage, IsSeenByMembersTheProjectItselfAndNobodyElse) {
    meter(worker);
    report(worker, event("1", tokens(5))).expect(204);
    join(ada, acme, "viewer", "viewer");
    const std::string at = shop.location() + "/usage?meter=tokens";
    for (const auto& who : {ada, person("viewer"), worker}) who.get(at).expect(200).field("/items/0/value", 5.0).field("/meter", "tokens");
    const auto blog = of(ProjectId::parse(project(ada, acme, "blog").text("/id")).or_throw());
    for (const auto& who : {ben, blog, as.stranger}) who.get(at).expect_problem(404, "not-found");
    ada.get(shop.location() + "/usage?meter=none").expect_problem(404, "not-found");
    ada.get(shop.location() + "/usage").expect_problem(400, "malformed-request");
    ada.get(shop.location() + "/usage?meter=tokens&from=2026-10-25T23:01:00Z").expect_problem(422, "invalid-value");
    of(shop_id, "meters:read").get(at).expect_problem(403, "forbidden");
}

class OperatedUsage : public UsageApi {
protected:
    static constexpr const char* operators = "0190c5a8-7d3a-7b52-a1f6-0d3f3a2c9e11";
    OperatedUsage() : UsageApi({{"PROJECT_OPERATOR_PROJECT", operators}}) {}
    testkit::Client gateway = of(ProjectId::parse(operators).or_throw());
};

TEST_F(OperatedUsage, IsSeenAndReservedByTheOperator) {
    meter(worker);
    report(worker, event("1", tokens(5))).expect(204);
    gateway.get(shop.location() + "/usage?meter=tokens").expect(200).field("/items/0/value", 5.0);
    reserve(gateway, reservation(), 5).expect(200);
    gateway.put(quotas() + "/tokens", limit(100)).expect(200);
    gateway.get("/api/v1/projects/" + Uuid::v7().to_string() + "/usage?meter=tokens").expect_problem(404, "not-found");
}

// What is told now may have happened 35 days ago, so what was told must be known for longer than that.
TEST_F(Usage, IsKnownAgainForAsLongAsItCanComeAgain) {
    testkit::FakeClock clock(Timestamp::parse("2026-11-10T00:00:00Z").or_throw());
    worker = of(shop_id);
    meter(worker);
    report(worker, event("1", tokens(5))).expect(204);
    const auto forget = [&] {
        const std::string moment = "'" + now().to_string() + "'";
        service.database().admin(
            "insert into gravity.job (id, project, kind, payload, caller, due_at, max_attempts, created_at) values (gen_random_uuid(), '" + shop.text("/id") +
            "', 'forget-usage', '{}', 'test', " + moment + ", 1, " + moment + ")");
        service.run_jobs_until_idle();
        return service.database().admin("select count(*) from usage_seen");
    };
    clock.advance(Duration::days(36));
    worker = of(shop_id);
    EXPECT_EQ(forget(), "1");
    report(worker, event("1", tokens(5), "2026-11-11T00:00:00Z")).expect(204); // as late as can be, and known
    EXPECT_EQ(total(worker), Json(5.0));
    clock.advance(Duration::days(1));
    worker = of(shop_id);
    EXPECT_EQ(forget(), "0");
    report(worker, event("1", tokens(5), "2026-11-11T00:00:00Z")).expect_problem(422, "events-refused");
    EXPECT_EQ(total(worker), Json(5.0));
}

} // namespace
} // namespace gravity::project
