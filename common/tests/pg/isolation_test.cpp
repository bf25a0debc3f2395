// Nobody sees, or leaves behind on a connection, what is another project's.
#include "pg/tx_state.hpp"
#include "things.hpp"

#include <set>
#include <thread>

namespace gravity {
namespace {

TEST_F(TxTest, AnotherProjectSeesNothing) {
    const Uuid id = add(ours, "mug");
    EXPECT_EQ(slug_of([&] { in(theirs, [&](Tx& tx) { tx.one(get_thing, id); }); }), "not-found");
    in(theirs, [&](Tx& tx) {
        EXPECT_FALSE(tx.maybe(get_thing, id));
        EXPECT_EQ(tx.exec(set_stock, id, 5), 0);
        EXPECT_EQ(tx.one(count_things), 0);
    });
    add(theirs, "mug"); // the same SKU is free there
}

TEST_F(TxTest, AConnectionUsedByOneProjectForgetsItForTheNext) {
    add(ours, "mug");
    pg::Run system;
    system.scope = pg::Scope::system("test");
    for (int i = 0; i < 3; ++i) // the same pooled connection: without a project no row of a service is visible
        database.run_blocking(system, [&](Tx& tx) { EXPECT_EQ(tx.one(count_things), 0); });
}

TEST_F(TxTest, NoScopeIsLeftOnAConnectionWhateverEndedThere) {
    pg::Options one = options();
    one.pool_max = 1; // so that all of it meets on one connection
    pg::Database narrow(one, io);
    const auto with = [&](ProjectId project, bool read_only, const std::function<void(Tx&)>& work) {
        pg::Run run;
        run.scope = pg::Scope::project(project, "tester");
        run.read_only = read_only;
        narrow.run_blocking(run, work);
    };
    static const Sql<std::string()> seen{"test.scope_seen", "select coalesce(string_agg(sku, ',' order by sku), '') from thing"};
    static const Sql<std::int64_t()> fails{"test.fails", "select 1 / count(*) from thing where sku = 'nobody'"};
    static const Sql<std::string()> settings{"test.settings", R"sql(
        select concat_ws('|', current_setting('gravity.project', true), current_setting('gravity.caller', true), current_setting('gravity.scope', true),
                         current_setting('transaction_read_only')))sql"};
    add(ours, "ours");
    add(theirs, "theirs");
    const std::function<void()> endings[] = {
        [&] { with(ours, true, [&](Tx& tx) { EXPECT_EQ(tx.one(seen), "ours"); }); },
        [&] { with(ours, true, [&](Tx& tx) { tx.one(fails); }); },                        // a read that the server refuses
        [&] { with(ours, false, [&](Tx& tx) { EXPECT_EQ(tx.one(seen), "ours"); }); },     // a commit
        [&] { with(ours, false, [&](Tx& tx) { tx.one(fails); }); },                       // a rollback after an error of the server
        [&] { with(ours, false, [&](Tx& tx) { tx.one(seen); throw Refusal(sku_taken); }); }, // a rollback without one
        [&] { with(ours, true, [&](Tx& tx) { tx.one(seen); throw Refusal(sku_taken); }); },
        [&] { with(ours, false, [&](Tx& tx) { tx.one(insert_thing, Uuid::v7(), thing("ours")); }); }, // a violated constraint
        [&] { with(ours, true, [&](Tx& tx) { tx.one(insert_thing, Uuid::v7(), thing("new")); }); },   // a write in a read
        [&] { with(ours, true, [](Tx&) {}); },                                            // nothing at all
    };
    pg::Run system;
    system.scope = pg::Scope::system("test");
    system.read_only = true;
    for (int round = 0; round < 3; ++round)
        for (const auto& ending : endings) {
            try {
                ending();
            } catch (const std::exception&) { // each has its own; what is asked here is what stays behind
            }
            with(theirs, true, [&](Tx& tx) { EXPECT_EQ(tx.one(seen), "theirs"); });
            with(theirs, false, [&](Tx& tx) { EXPECT_EQ(tx.one(seen), "theirs"); });
            narrow.run_blocking(system, [&](Tx& tx) {
                EXPECT_EQ(tx.one(seen), "");
                EXPECT_EQ(tx.one(settings), "||system|on");
            });
            with(theirs, false, [&](Tx& tx) { EXPECT_EQ(tx.one(settings), theirs.to_string() + "|tester|project|off"); });
        }
    EXPECT_EQ(store.admin("select count(*) from thing"), "2");
}

TEST_F(TxTest, ProjectsThatTakeTurnsOnFewConnectionsSeeTheirOwnOnly) {
    pg::Options few = options();
    few.pool_max = 2;
    for (const bool prepare : {true, false}) {
        few.prepare = prepare;
        pg::Database shared(few, io);
        std::vector<ProjectId> projects;
        const std::string mark = prepare ? "p" : "u";
        for (int i = 0; i < 4; ++i) {
            projects.push_back(ProjectId::fresh());
            add(projects.back(), mark + std::to_string(i));
        }
        static const Sql<std::vector<std::string>()> skus{"test.skus", "select array_agg(sku) from thing"};
        static const Sql<std::int64_t()> fails{"test.fails_too", "select 1 / count(*) from thing where sku = 'nobody'"};
        std::vector<std::thread> threads;
        for (int i = 0; i < 4; ++i)
            threads.emplace_back([&, i] {
                pg::Run run;
                run.scope = pg::Scope::project(projects[static_cast<std::size_t>(i)], "caller " + std::to_string(i));
                for (int round = 0; round < 50; ++round) {
                    run.read_only = round % 3 != 0;
                    if (round % 5 == 0) {
                        EXPECT_THROW(shared.run_blocking(run, [](Tx& tx) { tx.one(fails); }), std::exception);
                    }
                    shared.run_blocking(run, [&](Tx& tx) { EXPECT_EQ(tx.one(skus), std::vector{mark + std::to_string(i)}); });
                }
            });
        for (auto& thread : threads) thread.join();
    }
}

TEST_F(TxTest, AWriteForAnotherProjectIsRefusedByTheServer) {
    static const Sql<void(Uuid, Uuid)> forge{"thing.forge", R"sql(
        insert into thing (id, project, sku, price_amount, price_currency) values ($1, $2, 'forged', 1, 'EUR'))sql"};
    EXPECT_THROW(in(ours, [&](Tx& tx) { tx.exec(forge, Uuid::v7(), theirs.uuid()); }), std::runtime_error);
    EXPECT_EQ(store.admin("select count(*) from thing"), "0");
}

} // namespace
} // namespace gravity
