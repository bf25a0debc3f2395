#include "privacy.hpp"
#include "sign_in_time.hpp"
#include "user_fixture.hpp"

#include <gravity/auth/signer.hpp>
#include <gravity/base/clock.hpp>
#include <gravity/base/crypto.hpp>
#include <gravity/base/encoding.hpp>
#include <gravity/base/tz.hpp>
#include <gravity/testkit/clock.hpp>

#include <atomic>

namespace gravity::user {
namespace {

TEST(Deadlines, AreTheSameDayOfALaterMonthWhereTheyAreCounted) {
    const auto later = [](std::string from, int months, const TimeZone& zone) { return months_later(Timestamp::parse(from).or_throw(), months,
                                                                                                    zone)
                                                                                    .to_string(); };
    EXPECT_EQ(later("2026-01-31T12:00:00Z", 1, "UTC"), "2026-02-28T12:00:00Z");
    EXPECT_EQ(later("2028-01-31T12:00:00Z", 1, "UTC"), "2028-02-29T12:00:00Z");
    EXPECT_EQ(later("2026-01-31T12:00:00Z", 3, "UTC"), "2026-04-30T12:00:00Z");
    EXPECT_EQ(later("2026-03-15T12:00:00Z", 1, "Europe/Berlin"), "2026-04-15T11:00:00Z"); // 13:00 there, before and after
    EXPECT_EQ(later("2026-01-30T23:30:00Z", 1, "Europe/Berlin"), "2026-02-27T23:30:00Z"); // the 31st there
}

TEST(SignInTimes, AreReadFromTokens) {
    const auto with = [](std::string payload) { return sign_in_time("Bearer e30." + base64url_encode(payload) + ".x"); };
    EXPECT_EQ(with(R"({"auth_time":1700000000})")->unix_seconds(), 1'700'000'000);
    for (const std::string payload : {"{}", "x", R"({"auth_time":"1"})", R"({"auth_time":-1})", R"({"auth_time":9007199254740993})", "[]"})
        EXPECT_FALSE(with(payload)) << payload;
    for (const std::string field : {"", "Bearer", "Bearer x", "Bearer a.b", "Bearer a.!.c"}) EXPECT_FALSE(sign_in_time(field)) << field;
}

class PrivacyApi : public UserApi {
protected:
    explicit PrivacyApi(app::Texts settings = {{"USER_COOLING_OFF_DAYS", "7"}}) : UserApi(std::move(settings)) {}

    std::string somebody(std::string subject) {
        const Json emails = Json::array({Json::object({{"address", subject + "@example.com"}})});
        return operator_.post("/api/v1/users", {{"handle", subject}, {"subject", subject}, {"emails", emails}})
            .expect(201)
            .text("/id");
    }
    testkit::Client holder(std::string name) {
        operator_.put("/api/v1/data-holders/" + name, {{"client", "client:" + name}, {"holds", "Orders"}}).expect(200);
        return person("client:" + name, "privacy-requests:write");
    }
    static testkit::Call answer(const testkit::Client& who, std::string name, std::string request, Json body) {
        return who.put("/api/v1/data-holders/" + name + "/tasks/" + request, testkit::Members(body));
    }
    static Json erased(int rows) { return Json::object({{"rows", rows}, {"method", "deleted"}}); }
    testkit::Answer ask(const testkit::Client& who, std::string kind) { return who.post("/api/v1/users/me/privacy-requests", {{"kind", kind}}).send(); }
    testkit::Answer request(const testkit::Answer& asked) { return operator_.get("/api/v1/privacy-requests/" + asked.text("/id")).expect(200); }
    /// As if what is due in so many days was due now.
    void days_pass(int days) {
        service.database().admin("update privacy_request set cooling_off_until = cooling_off_until - interval '" + std::to_string(days) +
                                 " days', expires_at = expires_at - interval '" + std::to_string(days) + " days'");
        service.database().admin("update privacy_task set asked_at = asked_at - interval '" + std::to_string(days) + " days'");
        service.database().admin("update legal_hold set until = until - interval '" + std::to_string(days) + " days'");
        service.database().admin("update gravity.job set due_at = due_at - interval '" + std::to_string(days) + " days' where state = 'waiting'");
        service.run_jobs_until_idle();
    }
};

// What is more than one request holds comes before the answer, part by part.
TEST_F(PrivacyApi, GathersAnExportInParts) {
    somebody("ada");
    const auto order = holder("order"), late = holder("late");
    const auto me = signed_in("ada");
    const auto asked = ask(me, "export");
    const std::string id = asked.text("/id"), download = "/api/v1/users/me/privacy-requests/" + id + "/download";
    const auto part = [&](const testkit::Client& who, const std::string& name, const std::string& number, const Json& data) {
        return who.put("/api/v1/data-holders/" + name + "/tasks/" + id + "/parts/" + number, {{"data", data}});
    };
    const std::string first(3'000'000, 'a'), second(3'000'000, 'b'), third(3'000'000, 'c');
    part(order, "order", "2", second).expect_problem(409, "part-missing");
    part(order, "order", "1", "a mistake").expect(200).field("/state", "asked");
    part(order, "order", "1", first).expect(200); // in its place
    part(order, "order", "1", first).expect(200);
    part(order, "order", "2", second).expect(200);
    for (const std::string number : {"0", "257", "-1", "x"}) EXPECT_EQ(part(order, "order", number, third).send().status(), 404) << number;
    order.put("/api/v1/data-holders/order/tasks/" + id + "/parts/3", {{"data", std::string(4'400'000, 'x')}}).expect(413);
    order.put("/api/v1/data-holders/order/tasks/" + id + "/parts/3", testkit::Members(Json::object())).expect(400);
    part(late, "order", "1", first).expect_problem(403, "not-the-holder");
    part(me, "order", "1", first).expect_problem(403, "forbidden");
    service.caller(ProjectId::fresh(), "privacy-requests:write", "client:order")
        .put("/api/v1/data-holders/order/tasks/" + id + "/parts/1", {{"data", 1}})
        .expect_problem(404, "not-found");
    order.put("/api/v1/data-holders/order/tasks/" + Uuid::v7().to_string() + "/parts/1", {{"data", 1}}).expect_problem(404, "no-such-task");
    EXPECT_EQ(operator_.get("/api/v1/data-holders/order").expect(200).at("/flags"), Json(2)); // another's tokens, and no task
    answer(order, "order", id, Json::object({{"rows", 7}, {"data", third}})).expect(200);
    part(order, "order", "2", second).expect(200).field("/state", "answered"); // the same again
    part(order, "order", "2", third).expect_problem(409, "answer-differs");
    part(order, "order", "3", third).expect_problem(409, "answer-differs");
    answer(late, "late", id, Json::object({{"rows", 0}, {"data", Json::object()}})).expect(200);
    service.run_jobs_until_idle();
    request(asked).field("/state", "ready");
    const std::string archive = me.get(download).expect(200).body();
    EXPECT_GT(archive.size(), 9'000'000U);
    std::size_t before = 0;
    const std::pair<std::string, std::string> files[] = {{"order-000001.json", first}, {"order-000002.json", second}, {"order-000003.json", third}};
    for (const auto& [name, data] : files) {
        const std::size_t found = archive.find(name + "\"" + data + "\"");
        ASSERT_NE(found, std::string::npos) << name;
        EXPECT_GT(found, before);
        before = found;
    }
    EXPECT_EQ(archive.find("order.json"), std::string::npos);
    EXPECT_NE(archive.find("late.json{}"), std::string::npos);
    EXPECT_NE(archive.find(hex_encode(sha256("\"" + second + "\""))), std::string::npos); // of the manifest
    days_pass(8);
    EXPECT_EQ(service.database().admin("select count(*) from privacy_task_part"), "0");
    const auto erasure = operator_.post("/api/v1/privacy-requests", {{"kind", "erasure"}, {"user_id", request(asked).text("/user_id")}}).expect(201);
    operator_.post(erasure.location() + "/approve").expect(200);
    days_pass(8);
    order.put("/api/v1/data-holders/order/tasks/" + erasure.text("/id") + "/parts/1", {{"data", 1}}).expect_problem(409, "request-state");
}

// Many who put one part leave one; nobody's answer has two.
TEST_F(PrivacyApi, KeepsOnePartOfANumberHoweverManyComeAtOnce) {
    somebody("ada");
    const auto order = holder("order");
    const auto asked = ask(signed_in("ada"), "export");
    const std::string task = "/api/v1/data-holders/order/tasks/" + asked.text("/id");
    std::atomic<int> kept{0}, missing{0};
    at_once(12, [&](int i) {
        const testkit::Client mine = order;
        const int status = mine.put(task + "/parts/" + std::to_string(i % 3 + 1), {{"data", i}}).send().status();
        ++(status == 200 ? kept : missing);
        EXPECT_TRUE(status == 200 || status == 409) << status;
    });
    EXPECT_EQ(kept + missing, 12);
    const std::string parts = service.database().admin("select string_agg(part::text, ' ' order by part) from privacy_task_part");
    EXPECT_TRUE(parts == "1" || parts == "1 2" || parts == "1 2 3") << parts;
    // As many as an archive holds, of all holders together.
    service.database().admin("insert into privacy_task (request_id, holder, project, state, asked_at) select request_id, 'other', project, 'asked', now() "
                             "from privacy_task where holder = 'order'");
    service.database().admin("insert into privacy_task_part (request_id, holder, part, project, rows, data) "
                             "select request_id, 'other', n, project, 0, '0' from privacy_task, generate_series(1, 768) n where holder = 'other'");
    order.put(task + "/parts/1", {{"data", "in place of it"}}).expect(200);
    order.put(task + "/parts/" + std::to_string((parts.size() + 1) / 2 + 1), {{"data", 1}}).expect_problem(409, "too-many-parts");
}

TEST_F(PrivacyApi, TakesAFreshSignIn) {
    somebody("ada");
    const auto stale = ask(signed_in("ada", 301), "export");
    EXPECT_EQ(stale.text("/type"), problem_type("sign-in-not-fresh"));
    EXPECT_NE(stale.header("WWW-Authenticate").find("insufficient_user_authentication"), std::string::npos);
    EXPECT_EQ(ask(person("ada"), "export").status(), 401); // a token that does not tell
    EXPECT_EQ(ask(signed_in("ada", 299), "export").status(), 201);
    EXPECT_EQ(ask(signed_in("nobody"), "export").text("/type"), problem_type("not-a-user"));
}

TEST_F(PrivacyApi, GathersAnExportFromEveryHolder) {
    const auto id = somebody("ada");
    const auto order = holder("order"), late = holder("late");
    const auto me = signed_in("ada");
    operator_.patch("/api/v1/users/" + id, {{"locale", "de"}}).expect(200);
    // What others have to do with it is theirs: an operator, somebody in the same group.
    const std::string zoe = somebody("zoe"), group = operator_.post("/api/v1/user-groups", {{"display_name", "readers"}}).expect(201).location();
    for (const std::string& one : {id, zoe}) operator_.call("PUT", group + "/members/" + one).expect(204);
    const auto clerk = person("a-clerk", "users:admin consents:admin");
    clerk.post("/api/v1/users/" + id + "/suspend", {{"reason", "a mistake"}}).expect(200);
    clerk.post("/api/v1/users/" + id + "/reactivate", {{"reason", "a mistake"}}).expect(200);
    const auto text = operator_.post("/api/v1/consent-texts", {{"purpose", "news"}, {"label", "1"}, {"language", "en"}, {"text", "We write."}}).expect(201);
    clerk.post("/api/v1/users/" + id + "/consents", {{"text_sha256", text.text("/sha256")}, {"evidence", Json::object({{"source", "paper"}})}}).expect(201);
    service.take_events();
    const auto asked = ask(me, "export");
    asked
        .field("/state", "collecting")
        .field("/tasks/0/holder", "late")
        .field("/tasks/1/holder", "order")
        .field("/tasks/2/holder", "user")
        .field("/progress", 0.0);
    EXPECT_EQ(ask(me, "export").text("/type"), problem_type("request-open"));
    const auto heard = service.take_events();
    ASSERT_EQ(heard.size(), 1U);
    EXPECT_EQ(heard[0].type, "gravity.user.export.requested");
    EXPECT_EQ(heard[0].data.find("subject")->as_string(), "ada");
    EXPECT_EQ(heard[0].data.find("holders")->dump(), R"(["late","order"])");
    const std::string request_id = asked.text("/id");
    order.get("/api/v1/data-holders/order/tasks")
        .expect(200)
        .field("/items/0/request_id", request_id)
        .field("/items/0/subject", "ada")
        .field("/items/0/kind", "export");
    me.get("/api/v1/users/me/privacy-requests/" + request_id + "/download").expect_problem(409, "nothing-to-download");
    answer(order, "order", request_id, Json::object({{"rows", 2}})).expect_problem(422, "invalid-value").field("/errors/0/pointer", "/data");
    answer(order, "order", request_id, Json::object({{"rows", 2}, {"data", Json::array({"mug", "cup"})}})).expect(200).field("/state", "answered");
    service.run_jobs_until_idle();
    request(asked).field("/state", "collecting").field("/tasks/1/state", "answered");
    answer(late, "late", request_id, Json::object({{"rows", 0}, {"data", Json::object()}})).expect(200);
    service.run_jobs_until_idle();
    const auto ready = me.get("/api/v1/users/me/privacy-requests/" + request_id).expect(200).field("/state", "ready").field("/progress", 1.0);
    order.get("/api/v1/data-holders/order/tasks").expect(200).field("/items", Json::array());
    signed_in("ada", 400).get("/api/v1/users/me/privacy-requests/" + request_id + "/download").expect_problem(401, "sign-in-not-fresh");
    const auto zip = me.get("/api/v1/users/me/privacy-requests/" + request_id + "/download").expect(200);
    EXPECT_EQ(zip.header("Content-Type"), "application/zip");
    const std::string& body = zip.body();
    for (const std::string name : {"user/profile.json", "user/preferences.json", "user/groups.json", "user/consents.json",
                                   "user/contact-changes.json", "user/history-000001.json",
                                   "order.json", "late.json", "index.html", "manifest.json"})
        EXPECT_NE(body.find(name), std::string::npos) << name;
    for (const std::string own : {"ada@example.com", "a mistake", "readers", "We write."}) EXPECT_NE(body.find(own), std::string::npos) << own;
    for (const std::string others : {"zoe", zoe.c_str(), "a-clerk", "tester"}) EXPECT_EQ(body.find(others), std::string::npos) << others;
    EXPECT_NE(body.find(R"(order.json["mug","cup"])"), std::string::npos);
    EXPECT_NE(body.find(hex_encode(sha256(R"(["mug","cup"])"))), std::string::npos); // of the manifest
    EXPECT_EQ(operator_.get("/api/v1/privacy-requests/" + request_id + "/download").expect(200).body(), body);
    days_pass(8);
    request(asked).field("/state", "expired");
    me.get("/api/v1/users/me/privacy-requests/" + request_id + "/download").expect_problem(409, "nothing-to-download");
    EXPECT_EQ(service.database().admin("select count(*) from privacy_task where data is not null"), "0");
}

TEST_F(PrivacyApi, ErasesEverywhereAndCertifiesIt) {
    const auto id = somebody("yves");
    const auto order = holder("order");
    operator_.post("/api/v1/legal-holds", {{"user_id", id}, {"reason", "case of yves"}, {"until", "2026-01-01T00:00:00Z"}}).expect(201); // it has ended
    const auto asked = ask(signed_in("yves"), "erasure");
    asked.field("/state", "cooling_off").field("/tasks", Json::array());
    days_pass(6);
    request(asked).field("/state", "cooling_off");
    operator_.get("/api/v1/users/" + id).expect(200).field("/state", "active");
    days_pass(1);
    request(asked).field("/state", "erasing");
    operator_.get("/api/v1/users/" + id).expect(200).field("/state", "deactivated"); // signs in no more
    operator_.get("/api/v1/privacy-requests/" + asked.text("/id") + "/certificate").expect_problem(404, "not-found");
    const auto gathered = ask(signed_in("yves"), "export"), open = ask(signed_in("yves"), "export");
    EXPECT_EQ(open.status(), 409);
    answer(order, "order", gathered.text("/id"), Json::object({{"rows", 1}, {"data", "a mug"}})).expect(200);
    service.run_jobs_until_idle();
    request(gathered).field("/state", "ready");
    Json receipt = erased(3);
    receipt["kept"] = Json::array({Json::object({{"what", "invoices"}, {"law", "HGB 257"}, {"until", "2037-01-01"}})});
    answer(order, "order", asked.text("/id"), receipt).expect(200);
    answer(order, "order", asked.text("/id"), receipt).expect(200); // once more
    service.run_jobs_until_idle();
    request(asked).field("/state", "certified").field("/reason", Json());
    answer(order, "order", asked.text("/id"), receipt).expect(200);
    operator_.get("/api/v1/users/" + id).expect_problem(404, "not-found");
    const auto certificate = operator_.get("/api/v1/privacy-requests/" + asked.text("/id") + "/certificate").expect(200);
    certificate.field("/certificate/user_id", id).field("/certificate/holders/0/holder", "order").field("/certificate/holders/0/receipt/rows", 3);
    certificate.field("/certificate/holders/0/receipt/kept/0/law", "HGB 257").field("/certificate/holders/1/holder", "user").field("/signature", Json());
    EXPECT_GE(certificate.at("/certificate/holders/1/receipt/rows").as_integer(), 3);
    request(gathered).field("/state", "expired"); // what was gathered for them goes too
    EXPECT_EQ(service.database().admin("select count(*) from privacy_task where data is not null"), "0");
    for (const std::string table : {"privacy_request", "legal_hold"})
        EXPECT_EQ(service.database().admin("select count(*) from " + table + " r where r::text like '%yves%'"), "0");
    EXPECT_EQ(service.database().admin("select count(*) from gravity.outbox where type = 'gravity.user.erasure.certified'"), "1");
}

TEST_F(PrivacyApi, AsksAgainWhoIsSilent) {
    somebody("ada");
    const auto order = holder("order");
    holder("mute");
    const auto asked = ask(signed_in("ada"), "export");
    answer(order, "order", asked.text("/id"), Json::object({{"rows", 0}, {"data", Json::object()}})).expect(200);
    service.run_jobs_until_idle();
    service.take_events();
    for (int attempt = 2; attempt <= 3; ++attempt) {
        days_pass(1);
        request(asked).field("/tasks/0/state", "overdue").field("/tasks/0/attempts", attempt).field("/tasks/1/state", "answered");
        const auto heard = service.take_events();
        ASSERT_EQ(heard.size(), 1U);
        EXPECT_EQ(heard[0].data.find("holders")->dump(), R"(["mute"])");
    }
    answer(person("client:mute", "privacy-requests:write"), "mute", asked.text("/id"), Json::object({{"rows", 0}, {"data", Json::object()}})).expect(200);
    service.run_jobs_until_idle();
    request(asked).field("/state", "ready");
}

TEST_F(PrivacyApi, BelievesNoHolderThatCannotBeRight) {
    somebody("ada");
    const auto order = holder("order"), review = holder("review");
    const auto asked = ask(signed_in("ada"), "erasure");
    days_pass(7);
    answer(review, "order", asked.text("/id"), erased(1)).expect_problem(403, "not-the-holder");
    answer(order, "order", Uuid::v7().to_string(), erased(1)).expect_problem(404, "no-such-task");
    answer(order, "nobody", asked.text("/id"), erased(1)).expect_problem(404, "not-found");
    answer(order, "order", asked.text("/id"), Json::object({{"rows", 1}})).expect_problem(422, "invalid-value").field("/errors/0/pointer", "/method");
    answer(order, "order", asked.text("/id"), Json::object({{"rows", -1}, {"method", "deleted"}})).expect_problem(422, "invalid-value");
    answer(order, "order", asked.text("/id"), Json::object({{"rows", 1}, {"method", "deleted"}, {"data", 1}})).expect_problem(422, "invalid-value");
    answer(order, "order", asked.text("/id"), erased(1)).expect(200);
    answer(order, "order", asked.text("/id"), erased(2)).expect_problem(409, "answer-differs");
    const auto flagged = operator_.get("/api/v1/data-holders/order").expect(200).field("/flags", 3);
    EXPECT_EQ(flagged.text("/flagged").substr(0, 14), "answer-differs");
    review.get("/api/v1/data-holders/order/tasks").expect_problem(403, "not-the-holder");
    person("client:order", "profile").get("/api/v1/data-holders/order/tasks").expect_problem(403, "forbidden");
    // A request of another project is none.
    const auto theirs = as.stranger.post("/api/v1/users", {{"handle", "eve"}}).expect(201);
    const auto other = as.stranger.post("/api/v1/privacy-requests", {{"kind", "export"}, {"user_id", theirs.text("/id")}}).expect(201);
    answer(order, "order", other.text("/id"), erased(1)).expect_problem(404, "no-such-task");
    operator_.get(other.location()).expect_problem(404, "not-found");
}

TEST_F(PrivacyApi, IsTakenInByOperatorsOnceTheyKnowWhoAsks) {
    const auto id = somebody("ada");
    const testkit::Members letter{{"kind", "export"}, {"user_id", id}, {"received_at", "2026-01-31T10:00:00Z"}, {"reason", "letter"}};
    const auto asked = operator_.post("/api/v1/privacy-requests", letter)
                           .expect(201);
    asked.field("/state", "requested").field("/due_at", "2026-02-28T10:00:00Z").field("/requested_by", "tester").field("/identity_checked_at", Json());
    EXPECT_EQ(operator_.get(asked.location()).expect(200).json(), asked.json());
    operator_.post(asked.location() + "/extend", {{"reason", "many"}}).expect_problem(409, "request-state"); // too late
    operator_.post(asked.location() + "/approve").expect(200);
    service.run_jobs_until_idle();
    request(asked).field("/state", "ready"); // nobody else keeps anything
    operator_.post(asked.location() + "/approve").expect_problem(409, "request-state");
    operator_.post(asked.location() + "/cancel").expect_problem(409, "request-state");
    const auto second = operator_.post("/api/v1/privacy-requests", {{"kind", "export"}, {"user_id", id}}).expect(201);
    const std::string month = second.text("/due_at");
    operator_.post(second.location() + "/extend", {{"reason", "many"}}).expect(200).field("/extension_reason", "many");
    EXPECT_GT(request(second).text("/due_at"), month);
    operator_.post(second.location() + "/extend", {{"reason", "more"}}).expect_problem(409, "request-state");
    const auto slow = holder("slow");
    operator_.post(second.location() + "/approve").expect(200).field("/state", "collecting");
    operator_.post(second.location() + "/cancel").expect(200).field("/state", "cancelled");
    answer(slow, "slow", second.text("/id"), Json::object({{"rows", 1}, {"data", "late"}})).expect_problem(409, "request-state"); // nobody wants it any more
    operator_.post("/api/v1/privacy-requests", {{"kind", "export"}, {"user_id", id}, {"received_at", "2999-01-01T00:00:00Z"}})
        .expect_problem(422, "invalid-value");
    operator_.post("/api/v1/privacy-requests", {{"kind", "export"}, {"user_id", Uuid::v7().to_string()}}).expect_problem(422, "no-such-user");
    operator_.post("/api/v1/legal-holds", {{"user_id", Uuid::v7().to_string()}, {"reason", "x"}})
        .expect_problem(422, "no-such-user")
        .field("/errors/0/pointer", "/user_id");
    operator_.get("/api/v1/privacy-requests?state=cancelled&kind=export&user_id=" + id)
        .expect(200)
        .field("/items/0/id", second.text("/id"))
        .field("/items/1", Json());
    as.stranger.get(asked.location()).expect_problem(404, "not-found");
    as.stranger.post(asked.location() + "/cancel").expect_problem(404, "not-found");
    person("ada").get("/api/v1/privacy-requests").expect_problem(403, "forbidden");
}

TEST_F(PrivacyApi, IsCalledOffByThePersonWhileItCan) {
    somebody("ada"), somebody("bob");
    const auto me = signed_in("ada");
    const auto asked = ask(me, "erasure");
    const std::string own = "/api/v1/users/me/privacy-requests/" + asked.text("/id");
    signed_in("bob").post(own + "/cancel").expect_problem(404, "not-found");
    signed_in("bob").get(own).expect_problem(404, "not-found");
    me.post(own + "/cancel").expect(200).field("/state", "cancelled");
    days_pass(8);
    request(asked).field("/state", "cancelled");
    me.get("/api/v1/users/me").expect(200).field("/state", "active");
    me.get("/api/v1/users/me/privacy-requests").expect(200).field("/items/0/id", asked.text("/id")).field("/items/1", Json());
    const auto second = ask(me, "erasure");
    days_pass(7);
    service.run_jobs_until_idle();
    request(second).field("/state", "certified");
}

TEST_F(PrivacyApi, StopsAtALegalHold) {
    const auto id = somebody("ada");
    const auto me = signed_in("ada");
    const auto hold = operator_.post("/api/v1/legal-holds", {{"user_id", id}, {"reason", "case 7"}}).expect(201);
    const auto refused = ask(me, "erasure");
    EXPECT_EQ(refused.text("/type"), problem_type("erasure-not-possible"));
    EXPECT_EQ(refused.body().find("case 7"), std::string::npos);
    EXPECT_EQ(refused.body().find("hold"), std::string::npos);
    operator_.post("/api/v1/privacy-requests", {{"kind", "erasure"}, {"user_id", id}}).expect_problem(409, "under-legal-hold").field("/hold", hold.text("/id"));
    operator_.post("/api/v1/users/" + id + "/deactivate", {{"reason", "x"}}).expect(200);
    operator_.del("/api/v1/users/" + id).expect_problem(409, "under-legal-hold");
    operator_.post("/api/v1/users/" + id + "/restore", {{"reason", "x"}}).expect(200);
    EXPECT_EQ(ask(me, "export").status(), 201); // not that
    operator_.del(hold.location()).expect(204);
    // One that comes in the days in which it can be called off, and one that comes while others erase.
    const auto order = holder("order");
    const auto asked = ask(me, "erasure");
    const auto second = operator_.post("/api/v1/legal-holds", {{"user_id", id}, {"reason", "case 8"}}).expect(201);
    days_pass(7);
    request(asked).field("/state", "blocked");
    operator_.post("/api/v1/privacy-requests/" + asked.text("/id") + "/approve").expect_problem(409, "under-legal-hold");
    operator_.get("/api/v1/legal-holds?user_id=" + id).expect(200).field("/items/0/reason", "case 8");
    as.stranger.get(second.location()).expect_problem(404, "not-found");
    operator_.del(second.location()).expect(204);
    service.run_jobs_until_idle();
    request(asked).field("/state", "erasing");
    operator_.post("/api/v1/legal-holds", {{"user_id", id}, {"reason", "case 9"}, {"until", (now() + Duration::days(2)).to_string()}}).expect(201);
    answer(order, "order", asked.text("/id"), erased(1)).expect(200);
    service.run_jobs_until_idle();
    request(asked).field("/state", "blocked");
    operator_.post("/api/v1/privacy-requests/" + asked.text("/id") + "/cancel").expect_problem(409, "request-state"); // others have erased
    operator_.get("/api/v1/users/" + id).expect(200);
    days_pass(3); // it ends by itself
    service.run_jobs_until_idle();
    request(asked).field("/state", "certified");
}

// Either a hold is there first and they stay, or they are gone and there is nobody to hold; and they are erased once, whoever else does it.
TEST_F(PrivacyApi, ErasesOnceAndNobodyWhoIsHeld) {
    constexpr int people = 12;
    std::vector<std::string> ids;
    for (int i = 0; i < people; ++i) {
        ids.push_back(somebody("p" + std::to_string(i)));
        operator_.post("/api/v1/users/" + ids.back() + "/deactivate", {{"reason", "x"}}).expect(200);
    }
    std::vector<std::atomic<int>> erased_by(people), held(people), gone(people), kept(people);
    at_once(people * 4, [&](int i) {
        const auto who = static_cast<std::size_t>(i % people);
        if (i / people == 3) {
            const int status = operator_.post("/api/v1/legal-holds", {{"user_id", ids[who]}, {"reason", "a court"}}).send().status();
            ++(status == 201 ? held : gone)[who];
            EXPECT_TRUE(status == 201 || status == 422) << status;
            return;
        }
        const auto answer = operator_.del("/api/v1/users/" + ids[who]).send();
        if (answer.status() == 204) ++erased_by[who];
        if (answer.status() == 409) ++kept[who];
        EXPECT_TRUE(answer.status() == 204 || answer.status() == 404 || answer.text("/type") == problem_type("under-legal-hold")) << answer.body();
    });
    for (std::size_t who = 0; who < people; ++who) {
        EXPECT_EQ(erased_by[who] + held[who], 1) << who;
        EXPECT_EQ(gone[who], erased_by[who].load()) << who;
        EXPECT_EQ(kept[who], held[who] == 1 ? 3 : 0) << who;
        EXPECT_EQ(operator_.get("/api/v1/users/" + ids[who]).send().status(), held[who] == 1 ? 200 : 404) << who;
    }
    int all = 0;
    for (const auto& one : erased_by) all += one;
    EXPECT_EQ(service.database().admin("select count(*) from gravity.outbox where type = 'gravity.user.user.erased'"), std::to_string(all));
}

// Of whoever is erased meanwhile an export has nothing to give, and no answer puts something back.
TEST_F(PrivacyApi, GivesNothingOfWhoIsErasedMeanwhile) {
    constexpr int people = 8;
    const auto order = holder("order");
    std::vector<std::string> ids, requests;
    for (int i = 0; i < people; ++i) {
        ids.push_back(somebody("p" + std::to_string(i)));
        requests.push_back(ask(signed_in("p" + std::to_string(i)), "export").text("/id"));
        operator_.post("/api/v1/users/" + ids.back() + "/deactivate", {{"reason", "x"}}).expect(200);
    }
    service.run_jobs_until_idle();
    at_once(people * 2, [&](int i) {
        const auto who = static_cast<std::size_t>(i % people);
        if (i < people)
            operator_.del("/api/v1/users/" + ids[who]).expect(204);
        else {
            const auto given = answer(order, "order", requests[who], Json::object({{"rows", 1}, {"data", "a secret"}})).send();
            EXPECT_TRUE(given.status() == 200 || given.text("/type") == problem_type("request-state")) << given.body();
        }
    });
    service.run_jobs_until_idle();
    for (const std::string& id : requests) {
        const auto ended = operator_.get("/api/v1/privacy-requests/" + id).expect(200);
        EXPECT_TRUE(ended.text("/state") == "cancelled" || ended.text("/state") == "expired") << ended.body();
        operator_.get("/api/v1/privacy-requests/" + id + "/download").expect_problem(409, "nothing-to-download");
    }
    EXPECT_EQ(service.database().admin("select count(*) from privacy_task where data is not null"), "0");
}

TEST_F(PrivacyApi, IsAskedForSoOftenADay) {
    const auto id = somebody("ada");
    const auto me = signed_in("ada");
    for (int i = 0; i < 5; ++i) {
        EXPECT_EQ(ask(me, "export").status(), 201);
        service.run_jobs_until_idle(); // nobody has to be waited for
    }
    const auto sixth = ask(me, "export");
    EXPECT_EQ(sixth.text("/type"), problem_type("too-many-requests"));
    EXPECT_EQ(sixth.header("Retry-After"), "86400");
    const auto letter = operator_.post("/api/v1/privacy-requests", {{"kind", "export"}, {"user_id", id}}).expect(201); // is counted by nobody
    service.database().admin("update privacy_request set created_at = created_at - interval '25 hours'");
    operator_.post(letter.location() + "/cancel").expect(200);
    EXPECT_EQ(ask(me, "export").status(), 201);
}

TEST_F(PrivacyApi, AsksHoldersThatJoinLater) {
    somebody("ada"), somebody("bob");
    const auto first = ask(signed_in("ada"), "export");
    first.field("/tasks/1", Json());
    holder("quiz");
    ask(signed_in("bob"), "export").field("/tasks/0/holder", "quiz").field("/tasks/1/holder", "user");
    const std::string at = "/api/v1/data-holders/quiz";
    operator_.get("/api/v1/data-holders").expect(200).field("/items/0/service", "quiz");
    operator_.put(at, {{"client", "other"}, {"holds", "Answers"}}).if_match("\"7\"").expect_problem(412, "stale-version");
    operator_.put(at, {{"client", "other"}, {"holds", "Answers"}}).expect(200).field("/version", 2);
    operator_.put(at, {{"client", "other"}, {"holds", "Answers"}}).expect(200).field("/version", 2);
    operator_.put("/api/v1/data-holders/user", {{"client", "x"}, {"holds", "x"}}).expect_problem(409, "own-holder");
    as.stranger.get(at).expect_problem(404, "not-found");
    operator_.del(at).expect(204);
    operator_.get(at).expect_problem(404, "not-found");
    for (int i = 0; i < 100; ++i) operator_.put("/api/v1/data-holders/s" + std::to_string(i), {{"client", "x"}, {"holds", "x"}}).expect(200);
    operator_.put("/api/v1/data-holders/more", {{"client", "x"}, {"holds", "x"}}).expect_problem(409, "too-many-holders");
}

// However many ask, and however many holders answer at once.
TEST_F(PrivacyApi, IsOneRequestThatEndsOnce) {
    somebody("ada");
    std::vector<testkit::Client> holders;
    for (int i = 0; i < 8; ++i) holders.push_back(holder("h" + std::to_string(i)));
    const auto me = signed_in("ada");
    std::atomic<int> made{0}, open{0};
    at_once(8, [&](int) {
        const auto answer = ask(me, "erasure");
        if (answer.status() == 201) ++made;
        if (answer.text("/type") == problem_type("request-open")) ++open;
    });
    EXPECT_EQ(made, 1);
    EXPECT_EQ(open, 7);
    const auto asked = operator_.get("/api/v1/privacy-requests").expect(200).text("/items/0/id");
    days_pass(7);
    at_once(16, [&](int i) { answer(holders[static_cast<std::size_t>(i % 8)], "h" + std::to_string(i % 8), asked, erased(i % 8)).expect(200); });
    service.run_jobs_until_idle();
    operator_.get("/api/v1/privacy-requests/" + asked).expect(200).field("/state", "certified");
    for (const std::string type : {"user.erased", "erasure.certified"})
        EXPECT_EQ(service.database().admin("select count(*) from gravity.outbox where type = 'gravity.user." + type + "'"), "1");
}

std::string signing_key() {
    static const auth::Signer signer = auth::Signer::generate(auth::Algorithm::eddsa);
    return signer.pem().reveal();
}

class SignedErasures : public PrivacyApi {
protected:
    SignedErasures() : PrivacyApi({{"USER_COOLING_OFF_DAYS", "0"}, {"USER_CERTIFICATE_KEY", signing_key()}}) {}
};

TEST_F(SignedErasures, AreVerifiedByAnybodyWithTheKey) {
    somebody("ada");
    const auto asked = ask(signed_in("ada"), "erasure");
    service.run_jobs_until_idle();
    const auto certificate = operator_.get("/api/v1/privacy-requests/" + asked.text("/id") + "/certificate").expect(200);
    const std::string jws = certificate.text("/signature");
    const auto first = jws.find('.'), second = jws.find('.', first + 1);
    ASSERT_NE(second, std::string::npos);
    const Json payload = Json::parse(base64url_decode(jws.substr(first + 1, second - first - 1)).value()).or_throw();
    EXPECT_EQ(payload, certificate.at("/certificate"));
    const auto keys = operator_.get("/api/v1/privacy-requests/certificate-keys").expect(200).at("/jwks/keys/0");
    EXPECT_EQ(keys.find("crv")->as_string(), "Ed25519");
    EXPECT_EQ(keys.find("d"), nullptr);
    EXPECT_EQ(as.anonymous.get("/health/ready").send().body().find("USER_CERTIFICATE_KEY"), std::string::npos);
}

TEST(CertificateKeys, HaveToBeOfEd25519) {
    EXPECT_THROW(Certifier{Secret<>(std::string("x"))}, std::invalid_argument);
    EXPECT_THROW(Certifier{auth::Signer::generate(auth::Algorithm::es256).pem()}, std::invalid_argument);
}

} // namespace
} // namespace gravity::user
