// Transactions, isolation, constraints, paging, retries and migrations on a real PostgreSQL.
#include "pg/tx_state.hpp"

#include <gravity/model.hpp>
#include <gravity/pg/database.hpp>
#include <gravity/testkit/check_sql.hpp>
#include <gravity/testkit/postgres.hpp>

#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

#include <atomic>
#include <set>
#include <thread>

namespace gravity {
namespace {

constexpr Problem sku_taken{409, "sku-taken", "Another thing has this SKU"};

constexpr pg::Migration migrations_v1[] = {{"0001_things", R"sql(
    create table thing (
        id uuid primary key, project uuid, sku text not null, stock bigint not null default 0 check (stock >= 0),
        price_amount bigint not null, price_currency text not null, tags text[] not null default '{}', extra jsonb not null default '{}',
        created_at timestamptz not null default now(), constraint thing_sku_key unique (project, sku));
    call gravity.isolate('thing');)sql"}};

struct NewThing {
    Slug sku;
    Money price;
    std::vector<std::string> tags;
    Json extra = Json::object();
};
BOOST_DESCRIBE_STRUCT(NewThing, (), (sku, price, tags, extra))
struct Thing : NewThing {
    Uuid id;
    std::int64_t stock = 0;
    Timestamp created_at;
};
BOOST_DESCRIBE_STRUCT(Thing, (NewThing), (id, stock, created_at))
struct ThingMade {
    static constexpr Event event{"gravity.test.thing.made"};
    Uuid id;
    Slug sku;
};
BOOST_DESCRIBE_STRUCT(ThingMade, (), (id, sku))
struct ListThings : PageQuery {
    std::optional<std::string> prefix;
};
BOOST_DESCRIBE_STRUCT(ListThings, (PageQuery), (prefix))

const Sql<Thing(Uuid, NewThing)> insert_thing{"thing.insert", R"sql(
    insert into thing (id, sku, price_amount, price_currency, tags, extra) values ($1, $2, $3, $4, $5, $6) returning *)sql",
                                              {{"thing_sku_key", sku_taken}}};
const Sql<Thing(Uuid)> get_thing{"thing.get", "select * from thing where id = $1"};
const Sql<Thing(ListThings)> list_things{"thing.list", R"sql(
    select * from thing where ($prefix::text is null or sku like $prefix || '%') and $page(created_at desc, id desc))sql"};
const Sql<void(Uuid, std::int64_t)> set_stock{"thing.set_stock", "update thing set stock = $2 where id = $1"};
const Sql<std::int64_t(Uuid)> get_stock{"thing.stock", "select stock from thing where id = $1"};
const Sql<std::int64_t()> count_things{"thing.count", "select count(*) from thing"};

struct BulkThing : NewThing {
    Uuid id;
    std::int64_t stock = 0;
    std::optional<Timestamp> created_at = Timestamp::parse("2026-11-26T12:00:00Z").or_throw();
};
BOOST_DESCRIBE_STRUCT(BulkThing, (NewThing), (id, stock, created_at))
const Copy<BulkThing> copy_things{"thing.copy", "thing", {{"thing_sku_key", sku_taken}}};
const Copy<BulkThing> copy_new_things{"thing.copy_new", "thing", {}, "(project, sku) do nothing"};

NewThing thing(const std::string& sku) { return {Slug::parse(sku).or_throw(), Money{1999, Currency("EUR")}, {"a,b", "c"}, Json::object({{"k", 1}})}; }

class TxTest : public testing::Test {
protected:
    testkit::TestDatabase store{migrations_v1};
    boost::asio::io_context io;
    pg::Database database{options(), io};
    ProjectId ours = ProjectId::fresh(), theirs = ProjectId::fresh();

    pg::Options options() const {
        pg::Options o;
        o.url = store.url();
        o.cursor_key = "a key for tests";
        return o;
    }
    void in(ProjectId project, const std::function<void(Tx&)>& work, bool read_only = false) {
        pg::Run run;
        run.scope = pg::Scope::project(project, "tester");
        run.read_only = read_only;
        database.run_blocking(run, work);
    }
    Uuid add(ProjectId project, const std::string& sku) {
        Uuid id;
        in(project, [&](Tx& tx) { id = tx.one(insert_thing, Uuid::v7(), thing(sku)).id; });
        return id;
    }
    template <class F>
    std::string slug_of(F&& call) {
        try {
            call();
        } catch (const Refusal& refusal) {
            return std::string(refusal.problem().slug);
        }
        return "none";
    }
};

TEST_F(TxTest, RowsComeBackAsTheyWentIn) {
    const Uuid id = add(ours, "mug");
    in(ours, [&](Tx& tx) {
        const Thing back = tx.one(get_thing, id);
        EXPECT_EQ(back.sku, Slug("mug"));
        EXPECT_EQ(back.price, (Money{1999, Currency("EUR")}));
        EXPECT_EQ(back.tags, (std::vector<std::string>{"a,b", "c"}));
        EXPECT_EQ(back.extra.dump(), "{\"k\":1}");
        EXPECT_TRUE(back.created_at.is_set());
    });
}

std::vector<BulkThing> many_things(int count) {
    std::vector<BulkThing> rows;
    for (int i = 0; i < count; ++i) {
        BulkThing row;
        static_cast<NewThing&>(row) = thing("bulk-" + std::to_string(i));
        row.id = Uuid::v7();
        row.stock = i;
        rows.push_back(row);
    }
    return rows;
}

TEST_F(TxTest, ManyRowsGoInAtOnceAndComeBackAsTheyWent) {
    auto rows = many_things(2'000);
    rows[7].tags = {"tab\there", "line\nbreak", "back\\slash", "\\N", "\"quoted\"", "\r", "\xc3\xa4"};
    rows[7].extra = Json::object({{"text", "a\tb\\c\n"}});
    in(ours, [&](Tx& tx) { EXPECT_EQ(tx.copy(copy_things, rows), 2'000); });
    in(ours, [&](Tx& tx) {
        EXPECT_EQ(tx.one(count_things), 2'000);
        const Thing back = tx.one(get_thing, rows[7].id);
        EXPECT_EQ(back.tags, rows[7].tags);
        EXPECT_EQ(back.extra, rows[7].extra);
        EXPECT_EQ(back.stock, 7);
        EXPECT_EQ(back.price, rows[7].price);
    });
    in(theirs, [&](Tx& tx) { EXPECT_EQ(tx.one(count_things), 0); }); // the policy holds for them as for any row
    in(ours, [&](Tx& tx) { EXPECT_EQ(tx.copy(copy_things, std::vector<BulkThing>{}), 0); });
}

TEST_F(TxTest, ManyRowsGoInWhollyOrNotAtAll) {
    add(ours, "bulk-3");
    EXPECT_EQ(slug_of([&] { in(ours, [&](Tx& tx) { tx.copy(copy_things, many_things(5)); }); }), "sku-taken");
    in(ours, [&](Tx& tx) { EXPECT_EQ(tx.one(count_things), 1); });
    in(ours, [&](Tx& tx) {
        EXPECT_EQ(tx.copy(copy_new_things, many_things(5)), 4);
        EXPECT_EQ(tx.copy(copy_new_things, many_things(6)), 1); // twice in one transaction
    });
    in(ours, [&](Tx& tx) { EXPECT_EQ(tx.one(count_things), 6); });
}

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

TEST_F(TxTest, ANamedConstraintBecomesItsProblem) {
    add(ours, "mug");
    EXPECT_EQ(slug_of([&] { add(ours, "mug"); }), "sku-taken");
}

TEST_F(TxTest, AnUnnamedConstraintIsAnErrorOfTheProgram) {
    const Uuid id = add(ours, "mug");
    EXPECT_THROW(in(ours, [&](Tx& tx) { tx.exec(set_stock, id, -1); }), std::runtime_error);
}

TEST_F(TxTest, NothingStaysOfAHandlerThatThrows) {
    EXPECT_THROW(in(ours,
                    [&](Tx& tx) {
                        tx.one(insert_thing, Uuid::v7(), thing("mug"));
                        tx.emit(ThingMade{Uuid::v7(), Slug("mug")});
                        tx.after_commit([] { ADD_FAILURE() << "not committed"; });
                        throw std::runtime_error("no");
                    }),
                 std::runtime_error);
    EXPECT_EQ(store.admin("select count(*) from thing"), "0");
    EXPECT_EQ(store.admin("select count(*) from gravity.outbox"), "0");
}

TEST_F(TxTest, AnEventIsWrittenWithItsChange) {
    bool told = false;
    in(ours, [&](Tx& tx) {
        const Thing made = tx.one(insert_thing, Uuid::v7(), thing("mug"));
        tx.emit(ThingMade{made.id, made.sku});
        tx.after_commit([&] { told = true; });
    });
    EXPECT_TRUE(told);
    EXPECT_EQ(store.admin("select type || ' ' || (data->>'sku') || ' ' || (subject = data->>'id')::text from gravity.outbox"),
              "gravity.test.thing.made mug true");
    EXPECT_EQ(store.admin("select project::text from gravity.outbox"), ours.to_string());
}

TEST_F(TxTest, AFailureThatAHandlerSwallowsIsNotTakenForACommit) {
    add(ours, "mug");
    EXPECT_THROW(in(ours,
                    [&](Tx& tx) {
                        tx.one(insert_thing, Uuid::v7(), thing("cup"));
                        try {
                            tx.one(insert_thing, Uuid::v7(), thing("mug"));
                        } catch (const Refusal&) { // the server has given up the whole transaction by now
                        }
                    }),
                 std::logic_error);
    EXPECT_EQ(store.admin("select string_agg(sku, ',') from thing"), "mug");
    add(ours, "cup"); // and the connection is good
}

TEST_F(TxTest, EventsKeepTheirPlaceAmongTheStatements) {
    static const Sql<std::int64_t()> announced{"test.announced", "select count(*) from gravity.outbox"};
    in(ours, [&](Tx& tx) {
        tx.emit(ThingMade{Uuid::v7(), Slug("first")});
        EXPECT_EQ(tx.one(announced), 1);
        tx.emit(ThingMade{Uuid::v7(), Slug("second")});
        tx.emit(ThingMade{Uuid::v7(), Slug("third")});
        EXPECT_EQ(tx.one(announced), 3);
        tx.emit(ThingMade{Uuid::v7(), Slug("fourth")});
    });
    EXPECT_EQ(store.admin("select string_agg(data->>'sku', ' ' order by position) from gravity.outbox"), "first second third fourth");
}

TEST_F(TxTest, AnEventThatTheStoreRefusesTakesItsChangeWithIt) {
    store.admin("alter table gravity.outbox add constraint no_cups check (data->>'sku' <> 'cup')");
    EXPECT_THROW(in(ours,
                    [&](Tx& tx) {
                        tx.one(insert_thing, Uuid::v7(), thing("cup"));
                        tx.emit(ThingMade{Uuid::v7(), Slug("cup")});
                        tx.after_commit([] { ADD_FAILURE() << "not committed"; });
                    }),
                 std::runtime_error);
    EXPECT_EQ(store.admin("select count(*) from thing"), "0");
    add(ours, "cup"); // the connection has rolled back and is good
}

TEST_F(TxTest, AReadOnlyTransactionCannotWrite) {
    EXPECT_THROW(in(ours, [&](Tx& tx) { tx.one(insert_thing, Uuid::v7(), thing("mug")); }, true), std::runtime_error);
}

TEST_F(TxTest, OnlyWhatSaysSoIsPlannedForAnyValues) {
    const Sql<std::int64_t(std::string)> generic{"thing.generic", "$generic_plan select count(*) from thing where sku = $1"};
    const Sql<std::int64_t(std::string)> custom{"thing.custom", "select count(*) from thing where sku = $1"};
    const Sql<std::string()> planned{"thing.planned", R"sql(
        select string_agg(concat_ws(' ', name, generic_plans, custom_plans), ', ' order by name)
        from pg_prepared_statements where name in ('thing.generic', 'thing.custom'))sql"};
    const Sql<std::string()> mode{"thing.mode", "select current_setting('plan_cache_mode')"};
    add(ours, "mug");
    in(
        ours,
        [&](Tx& tx) {
            for (const char* sku : {"mug", "cup"}) {
                EXPECT_EQ(tx.one(generic, sku), sku == std::string_view("mug") ? 1 : 0);
                EXPECT_EQ(tx.one(custom, sku), sku == std::string_view("mug") ? 1 : 0);
            }
            EXPECT_EQ(tx.one(planned), "thing.custom 0 2, thing.generic 2 0");
            EXPECT_EQ(tx.one(mode), "auto");
        },
        true);
    in(ours, [&](Tx& tx) { // a setting would be the transaction's
        EXPECT_EQ(tx.one(generic, "mug"), 1);
        EXPECT_EQ(tx.one(mode), "auto");
    });
}

TEST_F(TxTest, PagesGoOverEveryRowOnceWhileOthersAreAdded) {
    std::set<std::string> expected;
    for (int i = 0; i < 23; ++i) expected.insert(add(ours, "s" + std::to_string(i)).to_string());
    std::set<std::string> seen;
    ListThings query;
    query.limit = 5;
    for (int pages = 0; pages < 10; ++pages) {
        Page<Thing> page;
        in(ours, [&](Tx& tx) { page = tx.page(list_things, query); }, true);
        EXPECT_LE(page.items.size(), 5u);
        for (const auto& item : page.items)
            EXPECT_TRUE(seen.insert(item.id.to_string()).second) << "shown twice";
        if (!page.next_cursor) break;
        query.cursor = Text<1, 1000>::parse(*page.next_cursor).or_throw();
        add(ours, "late" + std::to_string(pages)); // newer than every cursor: not part of what is being read
    }
    EXPECT_EQ(seen, expected);
}

TEST_F(TxTest, ACursorIsGoodForItsOwnListOnly) {
    for (int i = 0; i < 3; ++i) add(ours, "s" + std::to_string(i));
    ListThings query;
    query.limit = 1;
    in(ours, [&](Tx& tx) { query.cursor = Text<1, 1000>::parse(tx.page(list_things, query).next_cursor.value()).or_throw(); });
    const auto read = [&](ProjectId project, const ListThings& with) {
        return slug_of([&] { in(project, [&](Tx& tx) { tx.page(list_things, with); }); });
    };
    EXPECT_EQ(read(ours, query), "none");
    EXPECT_EQ(read(theirs, query), "invalid-cursor");
    ListThings filtered = query;
    filtered.prefix = "s";
    EXPECT_EQ(read(ours, filtered), "invalid-cursor");
    std::string edited = query.cursor->str();
    edited[edited.size() / 2] = edited[edited.size() / 2] == 'A' ? 'B' : 'A';
    ListThings forged = query;
    forged.cursor = Text<1, 1000>::parse(edited).or_throw();
    EXPECT_EQ(read(ours, forged), "invalid-cursor");
    forged.cursor = Text<1, 1000>("!");
    EXPECT_EQ(read(ours, forged), "invalid-cursor");
}

TEST_F(TxTest, ConflictingTransactionsAreRunAgainUntilBothHaveTakenEffect) {
    pg::Run serializable;
    serializable.scope = pg::Scope::project(ours);
    serializable.serializable = true;
    const Uuid id = add(ours, "mug");
    constexpr int writers = 4, rounds = 5;
    std::atomic<int> refused{0};
    std::vector<std::thread> threads;
    for (int w = 0; w < writers; ++w)
        threads.emplace_back([&] {
            for (int i = 0; i < rounds; ++i) {
                bool done = false;
                while (!done) {
                    try {
                        database.run_blocking(serializable, [&](Tx& tx) {
                            tx.exec(set_stock, id, tx.one(get_stock, id) + 1);
                        });
                        done = true;
                    } catch (const Refusal& refusal) {
                        EXPECT_EQ(refusal.problem().slug, "conflict"); // tried three times: told so, and nothing happened
                        ++refused;
                    }
                }
            }
        });
    for (auto& thread : threads) thread.join();
    in(ours, [&](Tx& tx) { EXPECT_EQ(tx.one(get_stock, id), writers * rounds); });
}

TEST_F(TxTest, ACutConnectionIsReplacedBeforeAnybodyNotices) {
    const Uuid id = add(ours, "mug");
    for (int i = 0; i < 3; ++i) {
        store.cut_connections();
        in(ours, [&](Tx& tx) { EXPECT_EQ(tx.one(get_stock, id), 0); });
    }
}

TEST_F(TxTest, AColumnAddedByANewerReleaseDoesNotBreakAnOlderOneThatIsRunning) {
    const Uuid id = add(ours, "mug");
    for (const bool read_only : {true, false}) {
        in(ours, [&](Tx& tx) { EXPECT_EQ(tx.one(get_thing, id).sku, Slug("mug")); }, read_only);
        store.admin(std::string("alter table thing add column later_") + (read_only ? "a" : "b") + " text");
        in(ours, [&](Tx& tx) { EXPECT_EQ(tx.one(get_thing, id).sku, Slug("mug")); }, read_only);
    }
}

TEST_F(TxTest, AConnectionThatBreaksInCommitLeavesTheOutcomeUnknown) {
    store.admin("create function cut() returns trigger language plpgsql as $$ begin perform pg_terminate_backend(pg_backend_pid()); return null; end $$; "
                "create constraint trigger cut after insert on thing deferrable initially deferred for each row execute function cut()");
    int runs = 0;
    EXPECT_EQ(slug_of([&] {
                  in(ours, [&](Tx& tx) {
                      ++runs;
                      tx.one(insert_thing, Uuid::v7(), thing("mug"));
                  });
              }),
              "outcome-unknown");
    EXPECT_EQ(runs, 1); // a second order is what must not happen
    in(ours, [&](Tx& tx) { EXPECT_EQ(tx.one(count_things), 0); }, true);
}

TEST_F(TxTest, AnAbsentStoreIs503) {
    pg::Options nowhere = options();
    nowhere.url = "postgres://nobody:x@127.0.0.1:1/none";
    pg::Database absent(nowhere, io);
    pg::Run run;
    run.scope = pg::Scope::project(ours);
    EXPECT_EQ(slug_of([&] { absent.run_blocking(run, [](Tx& tx) { tx.one(count_things); }); }), "store-unavailable");
    EXPECT_TRUE(absent.probe());
}

TEST_F(TxTest, AFullQueueRefusesInsteadOfWaiting) {
    pg::Options small = options();
    small.pool_max = 1;
    small.queue_max = 1;
    pg::Database tight(small, io);
    pg::Run run;
    run.scope = pg::Scope::project(ours);
    std::mutex gate;
    std::atomic<int> started{0};
    gate.lock();
    std::vector<std::thread> threads;
    threads.emplace_back([&] { tight.run_blocking(run, [&](Tx&) { ++started; const std::lock_guard wait(gate); }); });
    while (started == 0) std::this_thread::yield();
    threads.emplace_back([&] { tight.run_blocking(run, [](Tx&) {}); });
    while (tight.stats().queued == 0) std::this_thread::yield();
    EXPECT_EQ(slug_of([&] { tight.run_blocking(run, [](Tx&) {}); }), "overloaded");
    gate.unlock();
    for (auto& thread : threads) thread.join();
}

TEST_F(TxTest, WorkWhoseDeadlineHasPassedOrWhoseCallerHasGoneIsNotBegun) {
    pg::Run late;
    late.scope = pg::Scope::project(ours);
    late.deadline = std::chrono::steady_clock::now() - std::chrono::seconds(1);
    EXPECT_EQ(slug_of([&] { database.run_blocking(late, [](Tx&) { ADD_FAILURE(); }); }), "deadline-exceeded");
    pg::Run gone;
    gone.scope = pg::Scope::project(ours);
    gone.abandoned = [] { return true; };
    EXPECT_EQ(slug_of([&] { database.run_blocking(gone, [](Tx&) { ADD_FAILURE(); }); }), "deadline-exceeded");
    EXPECT_EQ(database.stats().dropped, 2u);
}

TEST_F(TxTest, AStatementIsStoppedAtTheDeadline) {
    static const Sql<std::string()> nap{"test.nap", "select pg_sleep(20)::text"};
    pg::Run run;
    run.scope = pg::Scope::project(ours);
    run.deadline = std::chrono::steady_clock::now() + std::chrono::milliseconds(100);
    EXPECT_EQ(slug_of([&] { database.run_blocking(run, [](Tx& tx) { tx.one(nap); }); }), "deadline-exceeded");
}

TEST_F(TxTest, TheTimeOneReadHasIsNotTheNextOnes) {
    static const Sql<std::int64_t()> allowed{"test.allowed", "select extract(epoch from current_setting('statement_timeout')::interval)::bigint * 1000"};
    pg::Options one = options();
    one.pool_max = 1;
    pg::Database narrow(one, io);
    const auto read = [&](std::chrono::milliseconds left) {
        pg::Run run;
        run.scope = pg::Scope::project(ours);
        run.read_only = true;
        if (left.count() != 0) run.deadline = std::chrono::steady_clock::now() + left;
        std::int64_t milliseconds = 0;
        narrow.run_blocking(run, [&](Tx& tx) { milliseconds = tx.one(allowed); });
        return milliseconds;
    };
    EXPECT_EQ(read({}), 15'000);
    EXPECT_LE(read(std::chrono::milliseconds(4000)), 4000); // on the same connection: the nearer deadline is kept
    EXPECT_EQ(read({}), 15'000);                            // and does not stay
    EXPECT_EQ(read(std::chrono::minutes(1)), 15'000);
}

TEST_F(TxTest, ValuesTheServerCannotTakeAreTheCallersFault) {
    static const Sql<std::int64_t(std::int64_t)> overflow{"test.overflow", "select $1::bigint * 9223372036854775807"};
    EXPECT_EQ(slug_of([&] { in(ours, [](Tx& tx) { tx.one(overflow, 3); }); }), "invalid-value");
}

TEST_F(TxTest, ARoleThatCouldStepOverIsolationIsNoticed) {
    EXPECT_FALSE(database.unsafe_role());
    pg::Options admin = options();
    admin.url = store.admin_url();
    pg::Database unsafe(admin, io);
    EXPECT_TRUE(unsafe.unsafe_role());
}

TEST_F(TxTest, EveryStatementFitsTheSchema) {
    for (const auto& fault : testkit::check_sql(store)) ADD_FAILURE() << fault;
}

TEST_F(TxTest, CheckSqlFindsWhatIsWrong) {
    const Sql<Thing(Uuid)> typo{"wrong.column", "select id, sku from thing where id = $1"};
    const Sql<std::int64_t(std::string)> type{"wrong.type", "select stock from thing where created_at = $1"};
    const Sql<void()> table{"wrong.table", "delete from nothing_here"};
    std::string all;
    for (const auto& fault : testkit::check_sql(store)) all += fault + "\n";
    EXPECT_NE(all.find("wrong.column: gives no column 'price_amount'"), std::string::npos) << all;
    EXPECT_NE(all.find("wrong.type: $1 () is bound to timestamp with time zone"), std::string::npos) << all;
    EXPECT_NE(all.find("nothing_here"), std::string::npos) << all;
}

TEST(Migrate, OnceForSeveralAtATimeAndThenNotAgain) {
    testkit::TestDatabase store;
    std::atomic<int> applied{0};
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i) threads.emplace_back([&] { applied += pg::migrate(store.owner_url(), migrations_v1, "gravity_test_app").applied; });
    for (auto& thread : threads) thread.join();
    EXPECT_EQ(applied, 3); // two of the platform, one of the service
    EXPECT_EQ(pg::migrate(store.owner_url(), migrations_v1, "gravity_test_app").applied, 0);
}

TEST(Migrate, AChangedFileIsRefused) {
    testkit::TestDatabase store;
    pg::migrate(store.owner_url(), migrations_v1, "");
    constexpr pg::Migration changed[] = {{"0001_things", "select 1"}};
    try {
        pg::migrate(store.owner_url(), changed, "");
        FAIL();
    } catch (const std::runtime_error& error) {
        EXPECT_NE(std::string(error.what()).find("0001_things was changed"), std::string::npos);
    }
}

TEST(Migrate, AnOlderProgramRefusesANewerDatabase) {
    testkit::TestDatabase store;
    pg::migrate(store.owner_url(), migrations_v1, "");
    try {
        pg::migrate(store.owner_url(), {}, "");
        FAIL();
    } catch (const std::runtime_error& error) {
        EXPECT_NE(std::string(error.what()).find("older than the database"), std::string::npos);
    }
}

TEST(Migrate, AFileThatFailsLeavesNothingBehind) {
    testkit::TestDatabase store;
    constexpr pg::Migration bad[] = {{"0001_half", "create table half (id int); select nonsense;"}};
    EXPECT_THROW(pg::migrate(store.owner_url(), bad, ""), std::runtime_error);
    EXPECT_EQ(store.admin("select count(*) from pg_tables where tablename = 'half'"), "0");
}

} // namespace
} // namespace gravity
