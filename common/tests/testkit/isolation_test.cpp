// One project tries everything of another that it could get hold of: rows, lists, cursors, idempotency records, events, jobs, access keys, and each
// table directly.
#include "bookshelf.hpp"

#include <gravity/jobs/routes.hpp>
#include <gravity/testkit/check_isolation.hpp>
#include <gravity/testkit/service.hpp>

#include <gtest/gtest.h>

#include <algorithm>

namespace gravity {
namespace {

struct Stocktaking {
    static constexpr JobKind job{"stocktaking"};
    std::string note;
};
BOOST_DESCRIBE_STRUCT(Stocktaking, (), (note))
struct Stock {
    std::int64_t books = 0;
};
BOOST_DESCRIBE_STRUCT(Stock, (), (books))

const Sql<std::int64_t()> count_books{"isolation.count", "select count(*) from book"};

void take_stock(Tx& tx, const Stocktaking&, JobRun& run) { run.result(Stock{tx.one(count_books)}); }
Accepted<Job> start_stocktaking(Tx& tx, Body<Stocktaking> in) { return tx.enqueue(*in, {.key = "one at a time"}); }

void job_routes(Router& router) {
    auto books = router.collection("/api/v1/books", "books");
    books.post<start_stocktaking>("/stocktakings");
    jobs::routes<Stocktaking>(books, "/stocktakings");
}

struct Isolation : testing::Test {
    testkit::RunningService service{bookshelf::service().access_keys().routes(job_routes).job(take_stock)};
    testkit::Callers as{service};
    testkit::Answer emma = as.owner.post("/api/v1/books", {{"title", "Emma"}, {"pages", 474}}).key("k").expect(201);
    testkit::Answer key =
        as.owner.post("/api/v1/bookshelf/access-keys", {{"name", "a key"}, {"kind", "secret"}, {"scopes", Json::array({"books:read"})}}).expect(201);
};

TEST_F(Isolation, RowsByEveryMethod) {
    const std::string row = emma.location();
    as.stranger.get(row).expect_problem(404, "not-found");
    as.stranger.get(row).header("If-None-Match", "\"1\"").expect_problem(404, "not-found"); // not 304: that would tell that it is there
    as.stranger.patch(row, {{"title", "Mine"}}).expect_problem(404, "not-found");
    as.stranger.patch(row, {{"title", "Mine"}}).if_match("\"7\"").expect_problem(404, "not-found"); // not 412
    as.stranger.post(row + "/lend").expect_problem(404, "not-found");
    as.stranger.del(row).expect_problem(404, "not-found");
    as.owner.get(row).expect(200).expect_header("ETag", "\"1\"").field("/title", "Emma");
}

TEST_F(Isolation, NamesThatAreTakenElsewhereAreFree) {
    as.stranger.post("/api/v1/books", {{"title", "Emma"}, {"pages", 1}}).expect(201); // not 409: that would tell that it is there
}

TEST_F(Isolation, ListsAndTheirCursors) {
    as.owner.post("/api/v1/books", {{"title", "Persuasion"}, {"pages", 249}}).expect(201);
    as.stranger.get("/api/v1/books").expect(200).field("/items", Json::array());
    const std::string cursor = as.owner.get("/api/v1/books?limit=1").expect(200).text("/next_cursor");
    ASSERT_FALSE(cursor.empty());
    as.owner.get("/api/v1/books?limit=1&cursor=" + cursor).expect(200);
    as.stranger.get("/api/v1/books?limit=1&cursor=" + cursor).expect_problem(400, "invalid-cursor");
    as.owner.get("/api/v1/books?limit=1&state=in&cursor=" + cursor).expect_problem(400, "invalid-cursor"); // nor another filter's
}

TEST_F(Isolation, IdempotencyRecords) {
    const auto theirs = as.stranger.post("/api/v1/books", {{"title", "Emma"}, {"pages", 474}}).key("k").expect(201);
    EXPECT_EQ(theirs.header("Idempotency-Replayed"), "");
    EXPECT_NE(theirs.text("/id"), emma.text("/id"));
    // Nor those of another caller of the same project, who may not be allowed to see what was answered.
    const auto colleague = service.caller(service.project(), "books:write", "somebody else");
    colleague.post("/api/v1/books", {{"title", "Emma"}, {"pages", 474}}).key("k").expect_problem(409, "title-taken");
}

TEST_F(Isolation, Jobs) {
    const std::string at = "/api/v1/books/stocktakings";
    const auto ours = as.owner.post(at, {{"note", "ours"}}).expect(202);
    const auto theirs = as.stranger.post(at, {{"note", "theirs"}}).expect(202); // a key of one project is not that of another
    EXPECT_NE(ours.text("/id"), theirs.text("/id"));
    const std::string job = at + "/" + ours.text("/id");
    as.stranger.get(job).expect_problem(404, "not-found");
    as.stranger.post(job + "/cancel").expect_problem(404, "not-found");
    service.run_jobs_until_idle();
    as.owner.get(job).expect(200).field("/state", "done").field("/result/books", 1); // done in the project that asked
    as.stranger.get(at + "/" + theirs.text("/id")).expect(200).field("/result/books", 0);
    as.stranger.get(job).expect_problem(404, "not-found");
}

TEST_F(Isolation, AccessKeys) {
    as.stranger.get(key.location()).expect_problem(404, "not-found");
    as.stranger.del(key.location()).expect_problem(404, "not-found");
    as.stranger.del(key.location()).if_match("\"7\"").expect_problem(404, "not-found"); // not 412
    as.stranger.get("/api/v1/bookshelf/access-keys").expect(200).field("/items", Json::array());
    as.owner.get(key.location()).expect(200);
}

TEST_F(Isolation, EveryTableByItself) {
    as.owner.post(emma.location() + "/lend").expect(200); // an event
    as.owner.post("/api/v1/books/stocktakings", {{"note", ""}}).expect(202);
    std::vector<std::string> empty;
    EXPECT_EQ(testkit::check_isolation(service.database(), service.project(), &empty), std::vector<std::string>{});
    for (const std::string filled : {"public.book", "gravity.outbox", "gravity.idempotency", "gravity.job", "gravity.access_key"})
        EXPECT_EQ(std::count(empty.begin(), empty.end(), filled), 0) << filled << " has no row that could leak";
}

TEST(CheckIsolation, FindsATableThatIsOpen) {
    const testkit::TestDatabase database(bookshelf::migrations);
    database.admin("create table forgotten (id int, project uuid)");
    database.admin("create table half (id int, project uuid); alter table half enable row level security");
    database.admin("create table leaky (id int, project uuid); alter table leaky enable row level security; alter table leaky force row level security; "
                   "create policy everybody on leaky using (true)");
    database.admin("grant all on forgotten, half, leaky to public");
    const ProjectId owner = ProjectId::fresh();
    database.admin("insert into leaky values (1, '" + owner.to_string() + "')");
    const auto faults = testkit::check_isolation(database, owner);
    const auto told = [&](std::string_view part) {
        return std::any_of(faults.begin(), faults.end(), [&](const auto& fault) { return fault.find(part) != std::string::npos; });
    };
    EXPECT_TRUE(told("public.forgotten has no forced row-level security"));
    EXPECT_TRUE(told("public.half has no forced row-level security"));
    EXPECT_TRUE(told("another project sees 1 rows of public.leaky"));
    EXPECT_TRUE(told("a transaction of no project sees 1 rows of public.leaky"));
    EXPECT_TRUE(told("another project changes 1 rows of public.leaky"));
    EXPECT_TRUE(told("another project deletes 1 rows of public.leaky"));
    EXPECT_TRUE(told("another project adds a row to public.leaky"));
    EXPECT_FALSE(told("public.book"));
}

} // namespace
} // namespace gravity
