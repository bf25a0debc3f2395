#include "world.hpp"

namespace gravity::registry::test {
namespace {

TEST(Model, AChangeTouchesItsServiceAndNoOther) {
    World world;
    world.register_web("web1", 80, R"(,"Check":{"TTL":"10s"})");
    world.put("/v1/agent/service/register", R"({"Name":"db","Port":5432})");
    const auto db = world.model.index_of(watch::service("db"));
    world.put("/v1/agent/check/pass/service:web1");
    EXPECT_TRUE(world.touched.contains(watch::service("web")));
    EXPECT_FALSE(world.touched.contains(watch::service("db")));
    EXPECT_FALSE(world.touched.contains(watch::services)); // the list of services is what it was
    EXPECT_EQ(world.model.index_of(watch::service("db")), db);
    EXPECT_EQ(world.model.index_of(watch::service("web")), world.model.index());
}

TEST(Model, AChangeOfTheNodeTouchesAllItsServices) {
    World world;
    world.register_web("web1", 80);
    world.put("/v1/agent/service/register", R"({"Name":"db","Port":5432})");
    world.put("/v1/agent/maintenance?enable=true&reason=work");
    EXPECT_TRUE(world.touched.contains(watch::service("web")));
    EXPECT_TRUE(world.touched.contains(watch::service("db")));
}

TEST(Model, TheLastInstancesDeletionRaisesTheIndexAndIsForgottenWithoutGoingBack) {
    World world;
    world.register_web("web1", 80);
    const auto before = world.model.index_of(watch::service("web"));
    world.put("/v1/agent/service/deregister/web1");
    const auto gone = world.model.index_of(watch::service("web"));
    EXPECT_GT(gone, before);
    world.put("/v1/kv/a", "x");
    EXPECT_EQ(world.model.index_of(watch::service("web")), gone);
    EXPECT_LT(world.model.index_of(watch::service("never")), gone);
    world.model.forget_departed(world.model.index());
    EXPECT_GE(world.model.index_of(watch::service("web")), gone);
    world.register_web("web1", 80);
    EXPECT_GT(world.model.index_of(watch::service("web")), gone);
}

TEST(Model, DeletingTheNewestKeyMovesTheIndexOfItsList) {
    World world;
    world.put("/v1/kv/a/1", "x");
    world.put("/v1/kv/a/2", "x");
    const auto before = world.get("/v1/kv/a/?recurse").index;
    world.del("/v1/kv/a/2");
    const auto after = world.get("/v1/kv/a/?recurse");
    EXPECT_GT(after.index, before);
    EXPECT_EQ(after.json().size(), 1u);
    world.run(ReapTombstones{world.model.index()});
    EXPECT_TRUE(world.model.table<Tombstone>().empty());
    EXPECT_GE(world.get("/v1/kv/a/?recurse").index, after.index);
}

TEST(Model, IndexesAreNeverZero) {
    World world;
    EXPECT_GE(world.get("/v1/catalog/nodes").index, 1);
    EXPECT_GE(world.get("/v1/kv/none").index, 1);
}

TEST(Model, ReadBackFromTheStoreItIsTheSameAndNoIndexFell) {
    World world;
    world.register_web("web/1%", 80, R"(,"Check":{"HTTP":"http://h/x","Interval":"5s","Header":{"A":["b"]}},"Meta":{"v":"2"},"Tags":["t"])");
    world.put("/v1/catalog/register", R"({"Node":"a/b","Address":"10.9.9.9","Service":{"Service":"s/t","Port":1}})");
    world.put("/v1/kv/dir/k%00%FF?flags=18446744073709551615", std::string("\x00\xFF", 2));
    world.del("/v1/kv/dir/none");
    world.put("/v1/kv/gone", "x");
    world.del("/v1/kv/gone");
    world.put("/v1/agent/service/register", R"({"Name":"left"})");
    world.put("/v1/agent/service/deregister/left");

    World again;
    layout::load(world.store, again.model);
    EXPECT_EQ(again.model.index(), world.model.index());
    for (const char* path : {"/v1/health/service/web", "/v1/catalog/nodes", "/v1/catalog/node/a/b", "/v1/kv/?recurse", "/v1/health/state/any",
                             "/v1/catalog/services"}) {
        EXPECT_EQ(again.get(path).body, world.get(path).body) << path;
        EXPECT_GE(again.get(path).index, world.get(path).index) << path;
    }
    EXPECT_GE(again.model.index_of(watch::service("left")), world.model.index_of(watch::service("left")));
}

TEST(Model, AStoreOfAnotherReleaseStopsTheStart) {
    for (const auto& [key, value] : {std::pair{"zz/unknown", "{}"}, std::pair{"n/a", "{\"name\":1}"}, std::pair{"i", "12x"}, std::pair{"s/noslash", "{}"}}) {
        MemoryStore store;
        store.pairs[key] = value;
        Model model;
        EXPECT_THROW(layout::load(store, model), StoreError) << key;
    }
}

} // namespace
} // namespace gravity::registry::test
