// Transactions, constraints, paging and retries on a real PostgreSQL.
#include "things.hpp"

#include <gravity/testkit/check_sql.hpp>

#include <atomic>
#include <set>
#include <thread>

namespace gravity {
namespace {

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
    rows[7].extra = Json::object({{"text", "a\tb\\c\n"}, {"beyond", 1e30}, {"far", -2.5e300}, {"half", 0.5}}); // jsonb writes the digits of 1e30
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

} // namespace
} // namespace gravity
