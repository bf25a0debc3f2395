// What a service says and does of one person, whoever asks: by call and by event, once for each request.
#include <gravity/app/personal_data.hpp>
#include <gravity/base/encoding.hpp>
#include <gravity/service.hpp>
#include <gravity/testkit/redis.hpp>
#include <gravity/testkit/service.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <thread>

namespace gravity {
namespace {

constexpr pg::Migration migrations[] = {{"0001_letters", R"sql(
    create table letter (id uuid primary key, project uuid, author text not null, words text not null);
    call gravity.isolate('letter');)sql"}};

struct NewLetter {
    Text<1, 255> author;
    Multiline<1, 5'000'000> words;
};
BOOST_DESCRIBE_STRUCT(NewLetter, (), (author, words))

const Sql<void(Uuid, NewLetter)> insert_letter{"letter.insert", "insert into letter (id, author, words) values ($1, $2, $3)"};
const Sql<void(std::string)> delete_letters{"letter.delete", "delete from letter where author = $1"};
constexpr std::size_t letters_a_part = 4;
struct Letter {
    Uuid id;
    std::string words;
};
BOOST_DESCRIBE_STRUCT(Letter, (), (id, words))
const Sql<Letter(std::string, std::string)> export_letters{"letter.export", R"sql(
    select id, words from letter where author = $1 and ($2::text = '' or id > nullif($2::text, '')::uuid) order by id limit 4)sql"};

NoContent write_letter(Tx& tx, Body<NewLetter> in) {
    tx.exec(insert_letter, Uuid::v7(), *in);
    return {};
}

PersonErased erase_letters(Tx& tx, const std::string& subject) {
    const auto rows = static_cast<std::int64_t>(tx.exec(delete_letters, subject));
    if (rows == 0) return {};
    return {rows, PersonErasure::deleted, {{"copies with whom they were written to", "a law", Date::parse("2030-01-01").or_throw()}}};
}
PersonPart collect_letters(Tx& tx, const std::string& subject, const std::string& place) {
    if (!place.empty() && !Uuid::parse(place)) throw Refusal(problems::invalid);
    PersonPart part;
    part.data = Json::array();
    const auto letters = tx.all(export_letters, subject, place);
    for (const Letter& letter : letters) part.data.push_back(letter.words);
    part.rows = static_cast<std::int64_t>(letters.size());
    if (letters.size() == letters_a_part) part.next = letters.back().id.to_string();
    return part;
}

void routes(Router& router) { router.collection("/api/v1/letters", "letters").post<write_letter>("", {.summary = "Write a letter", .body_limit = 8 << 20}); }

Service post_office() {
    Service service{"post-office", 0};
    service.postgres(migrations).routes(routes);
    keeps_personal_data(service, {erase_letters, nullptr, collect_letters});
    return service;
}

class PersonalDataTest : public testing::Test {
protected:
    testkit::TestRedis redis;
    testkit::RunningService service{post_office(), {{"EVENTS_URL", redis.url()}}};
    testkit::Callers as{service};
    // `user` calls by a token of its own, which is of another project.
    testkit::Client keeper = service.caller(ProjectId::fresh(), "people:collect people:erase", "user");

    std::string at(ProjectId project, const std::string& subject) { return "/internal/projects/" + project.to_string() + "/people/" + subject; }
    std::string at(const std::string& subject) { return at(service.project(), subject); }
    static std::string by(const std::string& target, const Uuid& request) { return target + "?request=" + request.to_string(); }
    void write_letters(const std::string& author, int count) {
        for (int i = 0; i < count; ++i) as.owner.post("/api/v1/letters", {{"author", author}, {"words", "Dear " + std::to_string(i)}}).expect(204);
    }
    std::string left() { return service.database().admin("select count(*) from letter"); }
    std::vector<testkit::EmittedEvent> completed() {
        std::vector<testkit::EmittedEvent> found;
        for (auto& event : service.take_events())
            if (event.type == "gravity.post_office.erasure.completed") found.push_back(std::move(event));
        return found;
    }
    void hear(ProjectId project, const Json& data) {
        const std::string id = Uuid::v4().to_string();
        const Json event = Json::object({{"specversion", "1.0"},
                                         {"id", id},
                                         {"source", "urn:gravity:service:user"},
                                         {"type", "gravity.user.erasure.requested"},
                                         {"subject", "x"},
                                         {"time", "2026-11-27T12:00:00Z"},
                                         {"datacontenttype", "application/json"},
                                         {"project", project.to_string()},
                                         {"sequence", "0000000000000001"},
                                         {"epoch", "1"},
                                         {"data", data}});
        redis.cli("xadd 'gravity:events:{user}' '*' id " + id + " type gravity.user.erasure.requested project " + project.to_string() + " e '" +
                  event.dump() + "'");
    }
    static void until(const std::function<bool()>& condition) {
        const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
        while (!condition()) {
            ASSERT_LT(std::chrono::steady_clock::now(), deadline) << "the condition did not come true in time";
            std::this_thread::sleep_for(std::chrono::milliseconds(5));
        }
    }
};

TEST_F(PersonalDataTest, TellsAllThatIsKeptOfSomebody) {
    write_letters("ada", 2);
    write_letters("ben", 1);
    keeper.get(at("ada")).expect(200).field("/rows", 2).field("/data", Json::array({"Dear 0", "Dear 1"}));
    keeper.get(at("nobody")).expect(200).field("/rows", 0).field("/data", Json::array());
    keeper.get(at(ProjectId::fresh(), "ada")).expect(200).field("/rows", 0);
    service.caller(service.project(), "letters:read people:erase").get(at("ada")).expect_problem(403, "forbidden");
    as.anonymous.get(at("ada")).expect(401);
}

TEST_F(PersonalDataTest, ErasesOnceForARequestAndSaysTheSameAgain) {
    write_letters("ada", 3);
    write_letters("ben", 1);
    const Uuid request = Uuid::v7();
    const auto first = keeper.del(by(at("ada"), request)).expect(200).field("/rows", 3).field("/method", "deleted").field("/kept/0/until", "2030-01-01");
    EXPECT_EQ(left(), "1");
    const auto told = completed();
    ASSERT_EQ(told.size(), 1u);
    EXPECT_EQ(told[0].subject, request.to_string());
    EXPECT_EQ(told[0].data.find("rows")->as_integer(), 3);
    EXPECT_EQ(told[0].data.find("id")->as_string(), request.to_string());
    EXPECT_EQ(told[0].data.dump().find("ada"), std::string::npos) << "nobody is named";
    write_letters("ada", 1); // of somebody who came again
    EXPECT_EQ(keeper.del(by(at("ada"), request)).expect(200).body(), first.body());
    EXPECT_EQ(left(), "2");
    EXPECT_TRUE(completed().empty());
    keeper.del(by(at("ada"), Uuid::v7())).expect(200).field("/rows", 1);
    keeper.del(by(at("ada"), Uuid::v7())).expect(200).field("/rows", 0).field("/method", "nothing").field("/kept", Json::array());
    EXPECT_EQ(left(), "1");
}

TEST_F(PersonalDataTest, AccountsThatWereMergedAreOnePerson) {
    write_letters("ada", 2);
    write_letters("ada,old", 3);
    write_letters("old", 1); // somebody else's
    const std::string former = "former=" + base64url_encode("ada,old") + "&former=" + base64url_encode("nobody");
    const auto told = keeper.get(at("ada") + "?" + former).expect(200).field("/rows", 5);
    EXPECT_EQ(told.at("/data").size(), 2u) << "one for each account of which there is something";
    const auto receipt = keeper.del(by(at("ada"), Uuid::v7()) + "&" + former).expect(200).field("/rows", 5).field("/method", "deleted");
    EXPECT_EQ(receipt.at("/kept").size(), 1u) << "the same is said once";
    EXPECT_EQ(left(), "1");
    for (const std::string bad : {"!", "YQ==", "AA"}) keeper.get(at("ada") + "?former=" + bad).expect(422);
    keeper.get(at("ada") + "?former=" + base64url_encode(std::string(256, 'a'))).expect(422);
    std::string many = "former=" + base64url_encode("a");
    for (int i = 0; i < 200; ++i) many += "," + base64url_encode("a");
    keeper.get(at("ada") + "?" + many).expect(422);
}

// More than one answer holds comes in parts, each letter once, whoever of the accounts has written it.
TEST_F(PersonalDataTest, TellsInPartsWhatIsMoreThanOneAnswerHolds) {
    write_letters("ada", 9);
    const auto told = [&](const std::string& query) {
        std::string all, place;
        for (int parts = 1; parts < 20; ++parts) {
            const std::string both = query + (query.empty() || place.empty() ? "" : "&") + place;
            const auto part = keeper.get(at("ada") + (both.empty() ? "" : "?" + both)).expect(200);
            EXPECT_LT(part.body().size(), 4U << 20);
            all += std::to_string(part.at("/rows").as_integer()) + " ";
            if (part.text("/next").empty()) return all;
            place = "place=" + part.text("/next");
        }
        return all + "without an end";
    };
    EXPECT_EQ(told(""), "4 4 1 ");
    const auto second = keeper.get(at("ada") + "?place=" + keeper.get(at("ada")).expect(200).text("/next")).expect(200);
    EXPECT_EQ(second.at("/data"), Json::array({"Dear 4", "Dear 5", "Dear 6", "Dear 7"}));
    write_letters("old", 2);
    write_letters("older", 5);
    const std::string former = "former=" + base64url_encode("old") + "&former=" + base64url_encode("nobody") + "&former=" + base64url_encode("older");
    EXPECT_EQ(told(former), "4 4 7 1 "); // the last of hers, both of the old account's and as many of the older one's as come at once
    // Not more together than one answer holds, though each would be.
    for (const std::string author : {"ben", "big"}) as.owner.post("/api/v1/letters", {{"author", author}, {"words", std::string(2'500'000, 'x')}}).expect(204);
    const std::string target = at("ben") + "?former=" + base64url_encode("big");
    const auto first = keeper.get(target).expect(200).field("/rows", 1);
    keeper.get(target + "&place=" + first.text("/next")).expect(200).field("/rows", 1).field("/next", Json());
    for (const std::string bad : {"!", "AA", "x"}) keeper.get(at("ada") + "?place=" + bad).expect_problem(422, "invalid-value");
    for (const std::string bad : {"9:", "0", "-1:", ":", "0:x"})
        keeper.get(at("ada") + "?place=" + base64url_encode(bad)).expect_problem(422, "invalid-value");
    keeper.get(at("ada") + "?place=" + std::string(1001, 'a')).expect_problem(422, "invalid-value");
    keeper.del(by(at("ada"), Uuid::v7()) + "&place=" + base64url_encode("0:")).expect(400); // erasures have none
}

TEST_F(PersonalDataTest, TheSameRequestOfTwoProjectsIsTwo) {
    write_letters("ada", 1);
    const Uuid request = Uuid::v7();
    keeper.del(by(at(ProjectId::fresh(), "ada"), request)).expect(200).field("/rows", 0);
    EXPECT_EQ(left(), "1");
    keeper.del(by(at("ada"), request)).expect(200).field("/rows", 1);
    EXPECT_EQ(left(), "0");
}

TEST_F(PersonalDataTest, ManyWhoAskAtOnceHearOneAnswer) {
    write_letters("ada", 5);
    const Uuid request = Uuid::v7();
    std::atomic<int> right{0};
    std::vector<std::thread> threads;
    for (int i = 0; i < 8; ++i)
        threads.emplace_back([&, mine = keeper] { // a client belongs to one thread
            const auto answer = mine.del(by(at("ada"), request)).send();
            right += answer.status() == 200 && answer.at("/rows") == Json(5);
        });
    for (auto& thread : threads) thread.join();
    EXPECT_EQ(right, 8);
    EXPECT_EQ(completed().size(), 1u);
}

TEST_F(PersonalDataTest, HearsOfAnErasureByEvent) {
    write_letters("ada", 2);
    const Uuid request = Uuid::v7();
    const Json asked = Json::object({{"id", request.to_string()}, {"user_id", Uuid::v7().to_string()}, {"subject", "ada"}, {"holders", Json::array()}});
    hear(service.project(), asked);
    until([&] { return left() == "0"; });
    hear(service.project(), asked); // as another event: reminded
    write_letters("ben", 1);
    write_letters("old ben", 1);
    const Json former = Json::array({Json::object({{"subject", "old ben"}})});
    hear(service.project(), Json::object({{"id", Uuid::v7().to_string()}, {"subject", "ben"}, {"former", former}}));
    until([&] { return service.database().admin("select count(*) from gravity.inbox") == "3"; });
    EXPECT_EQ(left(), "0");
    EXPECT_EQ(completed().size(), 2u);
    keeper.del(by(at("ada"), request)).expect(200).field("/rows", 2); // by call it hears the same
}

TEST_F(PersonalDataTest, WhatIsNoRequestGoesToTheDeadLetters) {
    hear(service.project(), Json::object({{"id", "x"}, {"subject", "ada"}}));
    hear(service.project(), Json::object({{"id", Uuid::v7().to_string()}, {"subject", ""}}));
    const auto letters = service.caller(service.project(), "events:admin");
    until([&] { return letters.get("/internal/dead-letters").expect(200).at("/items").size() == 2; });
}

TEST_F(PersonalDataTest, RefusesWhatItCannotDo) {
    keeper.del(at("ada")).expect(400); // for no request
    keeper.del(at("ada") + "?request=x").expect(422);
    keeper.del(by("/internal/projects/x/people/ada", Uuid::v7())).expect(404);
    keeper.get(at(std::string(256, 'a'))).expect(404);
    as.owner.post("/api/v1/letters", {{"author", "ada"}, {"words", std::string(4'500'000, 'x')}}).expect(204);
    keeper.get(at("ada")).expect_problem(409, "too-much-personal-data");
    service.caller(ProjectId::fresh(), "people:collect").del(by(at("ada"), Uuid::v7())).expect_problem(403, "forbidden");
}

} // namespace
} // namespace gravity
