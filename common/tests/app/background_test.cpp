// What a service does beside answering requests, through a running one: events out and in, schedules, removal of a project.
#include <gravity/service.hpp>
#include <gravity/testkit/redis.hpp>
#include <gravity/testkit/service.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <thread>

namespace gravity {
namespace {

constexpr pg::Migration migrations[] = {{"0001_trees", R"sql(
    create table tree (id uuid primary key, project uuid, parent uuid references tree, name text not null);
    call gravity.isolate('tree');
    create table leaf (id uuid primary key, project uuid, tree uuid not null references tree, colour text not null default 'green');
    call gravity.isolate('leaf');)sql"}};

struct NewTree {
    Text<1, 100> name;
    std::optional<Uuid> parent;
};
BOOST_DESCRIBE_STRUCT(NewTree, (), (name, parent))
struct Tree : NewTree {
    Uuid id;
};
BOOST_DESCRIBE_STRUCT(Tree, (NewTree), (id))
struct TreePlanted {
    static constexpr Event event{"gravity.forest.tree.planted"};
    Uuid id;
};
BOOST_DESCRIBE_STRUCT(TreePlanted, (), (id))
struct AutumnCame {
    static constexpr JobKind job{"autumn"};
    std::string colour;
};
BOOST_DESCRIBE_STRUCT(AutumnCame, (), (colour))

const Sql<Tree(Uuid, NewTree)> insert_tree{"tree.insert", "insert into tree (id, name, parent) values ($1, $2, $3) returning *"};
const Sql<void(Uuid, Uuid)> insert_leaf{"leaf.insert", "insert into leaf (id, tree) values ($1, $2)"};
const Sql<void(std::string)> colour_leaves{"leaf.colour", "update leaf set colour = $1"};

Created<Tree> plant(Tx& tx, Body<NewTree> in) {
    const Tree tree = tx.one(insert_tree, Uuid::v7(), *in);
    tx.emit(TreePlanted{tree.id});
    return tree;
}
// Its own event: the leaf comes by way of Redis.
void grow_leaf(Tx& tx, const Received<TreePlanted>& e) { tx.exec(insert_leaf, Uuid::v7(), e.data.id); }
void colour(Tx& tx, const AutumnCame& input, JobRun&) { tx.exec(colour_leaves, input.colour); }

void routes(Router& router) { router.collection("/api/v1/trees", "trees").post<plant>("", {.summary = "Plant a tree"}); }

Service forest() {
    return Service{"forest", 0}
        .postgres(migrations)
        .routes(routes)
        .consume(grow_leaf)
        .job(colour)
        .schedule("0 0 * 10 *", AutumnCame{"red"}, {.each_project = true});
}

class BackgroundTest : public testing::Test {
protected:
    testkit::TestRedis redis;

    void until(const std::function<bool()>& condition) {
        const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
        while (!condition()) {
            ASSERT_LT(std::chrono::steady_clock::now(), deadline) << "the condition did not come true in time";
            std::this_thread::sleep_for(std::chrono::milliseconds(2));
        }
    }
};

TEST_F(BackgroundTest, EventsGoOutAndComeInOnce) {
    testkit::RunningService service(forest(), {{"EVENTS_URL", redis.url()}});
    const testkit::Callers as(service);
    for (int i = 0; i < 5; ++i) as.owner.post("/api/v1/trees", {{"name", "oak"}}).expect(201);
    until([&] { return service.database().admin("select count(*) from leaf") == "5"; });
    EXPECT_EQ(service.take_events().size(), 5u);
    EXPECT_EQ(service.take_events().size(), 0u);
    EXPECT_NE(as.anonymous.get("/metrics").expect(200).body().find("gravity_events_published_total"), std::string::npos);
    service.caller(service.project(), "events:admin").get("/internal/dead-letters").expect(200).field("/items", Json::array());
    as.reader.get("/internal/dead-letters").expect_problem(403, "forbidden");
}

TEST_F(BackgroundTest, WithoutRedisEventsWaitAndTheServiceSaysSo) {
    testkit::RunningService service(forest());
    const testkit::Callers as(service);
    as.owner.post("/api/v1/trees", {{"name", "oak"}}).expect(201);
    until([&] { return as.anonymous.get("/health/ready").expect(200).body().find("EVENTS_URL is not set") != std::string::npos; });
    as.anonymous.get("/health/ready").expect(200).field("/status", "warn").field("/checks/events/0/status", "warn");
    EXPECT_EQ(service.take_events().size(), 1u);
    const auto operator_ = service.caller(service.project(), "events:admin");
    operator_.get("/internal/dead-letters").expect_problem(409, "no-events");
    operator_.post("/internal/dead-letters/replay", Json::object()).expect_problem(409, "no-events");
}

TEST_F(BackgroundTest, RemovesAProjectWhollyAndNoOther) {
    testkit::RunningService service(forest(), {{"EVENTS_URL", redis.url()}});
    const testkit::Callers as(service);
    for (const testkit::Client& someone : {as.owner, as.stranger}) {
        const auto root = someone.post("/api/v1/trees", {{"name", "oak"}}).key("k").expect(201);
        someone.post("/api/v1/trees", {{"name", "young oak"}, {"parent", root.text("/id")}}).expect(201); // refers to a row of its own table
    }
    until([&] { return service.database().admin("select count(*) from leaf") == "4"; });
    until([&] { return service.database().admin("select count(*) from gravity.outbox where published_at is null") == "0"; });
    const auto remover = service.caller(ProjectId::fresh(), "projects:purge");
    const std::string target = "/internal/projects/" + service.project().to_string();
    as.reader.del(target).expect_problem(403, "forbidden");
    remover.del(target)
        .expect(200)
        .field("/removed", Json::object({{"public.leaf", 2}, {"public.tree", 2}, {"gravity.idempotency", 1}, {"gravity.outbox", 2}}))
        .field("/rows", 7);
    for (const char* table : {"tree", "leaf", "gravity.idempotency"})
        EXPECT_EQ(service.database().admin(std::string("select count(*) from ") + table + " where project = '" + service.project().to_string() + "'"), "0")
            << table;
    EXPECT_EQ(service.database().admin("select count(*) from tree"), "2");
    until([&] { return service.database().admin("select count(*) from gravity.outbox where published_at is null") == "0"; });
    const Json again = remover.del(target).expect(200).at("/removed"); // at most the announcement of the first time
    EXPECT_EQ(again.find("public.tree"), nullptr);
    EXPECT_EQ(again.find("public.leaf"), nullptr);
    int told = 0;
    for (const auto& event : service.take_events())
        told += event.type == "gravity.forest.project_data.deleted" && event.subject == service.project().to_string();
    EXPECT_EQ(told, 1); // the second removal took the announcement of the first along, and made one of its own
}

// What the forest says of a tree, as somebody understands it who was told wrong.
struct TreeNamed {
    static constexpr Event event{"gravity.forest.tree.planted"};
    Uuid id;
    std::string name;
};
BOOST_DESCRIBE_STRUCT(TreeNamed, (), (id, name))
void call_by_name(Tx&, const Received<TreeNamed>&) {}

TEST_F(BackgroundTest, DeadLettersAreSeenAndHandledOnceMore) {
    testkit::RunningService service(Service{"forest", 0}.postgres(migrations).routes(routes).consume(call_by_name), {{"EVENTS_URL", redis.url()}});
    const testkit::Callers as(service);
    const testkit::Client keeper = service.caller(service.project(), "events:admin");
    as.owner.post("/api/v1/trees", {{"name", "oak"}}).expect(201);
    const auto letters = [&] { return keeper.get("/internal/dead-letters").expect(200); };
    until([&] { return letters().at("/items").size() == 1; });
    const std::string first = letters().text("/items/0/id");
    letters().field("/items/0/type", "gravity.forest.tree.planted");
    EXPECT_NE(letters().text("/items/0/reason").find("name"), std::string::npos);
    keeper.post("/internal/dead-letters/replay", {{"id", "forest:1-1"}}).expect_problem(404, "not-found");
    keeper.post("/internal/dead-letters/replay", {{"id", "meadow:1-1"}}).expect_problem(404, "not-found");
    as.owner.post("/internal/dead-letters/replay", {{"id", first}}).expect(200).field("/count", 1);
    until([&] { return letters().at("/items").size() == 1 && letters().text("/items/0/id") != first; }); // it has been tried, and is no better
    keeper.post("/internal/dead-letters/replay", testkit::Members(Json::object())).expect(200).field("/count", 1);
}

// A table that somebody adds is among them without a word.
TEST_F(BackgroundTest, KnowsItsTablesFromTheirPolicies) {
    testkit::RunningService service(forest());
    EXPECT_EQ(service.database().admin("select string_agg(name, ' ') from gravity.isolated_tables() where name like 'public.%'"), "public.leaf public.tree");
}

} // namespace
} // namespace gravity
