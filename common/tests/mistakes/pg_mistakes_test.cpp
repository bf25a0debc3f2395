// What a program can get wrong with statements, and what a store can have had done to it: told in words, and nothing stays of it.
#include "pg/tx_state.hpp"

#include <gravity/base/crypto.hpp>
#include <gravity/base/encoding.hpp>
#include <gravity/log/capture.hpp>
#include <gravity/model.hpp>
#include <gravity/pg/database.hpp>
#include <gravity/testkit/loop.hpp>
#include <gravity/testkit/postgres.hpp>

#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

namespace gravity {
namespace {

constexpr pg::Migration migrations[] = {{"0001_odd", R"sql(
    create table odd (id uuid primary key, project uuid, name text, other_amount bigint, other_currency text,
                      constraint odd_name_key unique (project, name) deferrable initially deferred);
    call gravity.isolate('odd');)sql"}};

constexpr Problem name_taken{409, "name-taken", "The name is taken"};

struct Named {
    std::string name;
};
BOOST_DESCRIBE_STRUCT(Named, (), (name))
struct Valued {
    std::optional<Money> other;
    std::optional<std::string> name;
};
BOOST_DESCRIBE_STRUCT(Valued, (), (other, name))
struct Nameless {
    std::int64_t n = 1;
};
BOOST_DESCRIBE_STRUCT(Nameless, (), (n))
struct SomethingHappened {
    static constexpr Event event{"gravity.test.something.happened"};
    std::int64_t n = 1;
};
BOOST_DESCRIBE_STRUCT(SomethingHappened, (), (n))

const Sql<void(Uuid, std::optional<std::string>)> add{"odd.add", "insert into odd (id, name) values ($1, $2)", {{"odd_name_key", name_taken}}};
const Sql<void(Uuid, Money)> add_value{"odd.add_value", "insert into odd (id, other_amount, other_currency) values ($1, $2, $3)"};
const Sql<std::int64_t()> count{"odd.count", "select count(*) from odd"};
const Sql<Named()> one_of_many{"odd.one_of_many", "select name from odd"};
const Sql<Nameless()> another_column{"odd.another_column", "select name from odd"};
const Sql<std::string()> no_column{"odd.no_column", "select from odd"};
const Sql<Valued(Uuid)> get_valued{"odd.valued", "select * from odd where id = $1"};
const Sql<Named(PageQuery)> no_page{"odd.no_page", "select name from odd where $cursor::text is null limit $limit"};
const Sql<Named(PageQuery)> hidden_order{"odd.hidden_order", "select name from odd where $page(id)"};

class Mistakes : public testing::Test {
protected:
    testkit::TestDatabase store{migrations};
    boost::asio::io_context io;
    pg::Database database{options(), io};
    ProjectId ours = ProjectId::fresh();

    pg::Options options() const {
        pg::Options o;
        o.url = store.url();
        o.cursor_key = "a key for tests";
        o.pool_max = 1;
        return o;
    }
    void in(const pg::Scope& scope, const std::function<void(Tx&)>& work) {
        pg::Run run;
        run.scope = scope;
        database.run_blocking(run, work);
    }
    void in_ours(const std::function<void(Tx&)>& work) { in(pg::Scope::project(ours), work); }
    /// What the work was stopped with; nothing of it must stay.
    template <class E = std::exception>
    std::string why(const std::function<void(Tx&)>& work) {
        const std::string before = store.admin("select count(*) from odd");
        std::string text = "nothing";
        try {
            in_ours(work);
        } catch (const E& error) {
            text = error.what();
        }
        EXPECT_EQ(store.admin("select count(*) from odd"), before);
        in_ours([](Tx& tx) { tx.one(count); }); // the connection, or the next, is as good as before
        return text;
    }
};

TEST_F(Mistakes, OfAStatementAreNamedWithIt) {
    in_ours([](Tx& tx) {
        tx.exec(add, Uuid::v7(), "a");
        tx.exec(add, Uuid::v7(), "b");
    });
    EXPECT_EQ(why<std::runtime_error>([](Tx& tx) { tx.one(one_of_many); }), "statement odd.one_of_many gave more than one row");
    EXPECT_EQ(why<std::runtime_error>([](Tx& tx) { tx.all(another_column); }), "the statement gives no column 'n'");
    EXPECT_EQ(why<std::runtime_error>([](Tx& tx) { tx.all(no_column); }), "the statement gives no column");
    EXPECT_EQ(why<std::logic_error>([](Tx& tx) { tx.page(no_page, PageQuery{}); }), "statement odd.no_page has no $page(...)");
    PageQuery first;
    first.limit = Bounded<int, 1, 200>(1);
    EXPECT_EQ(why<std::logic_error>([&](Tx& tx) { tx.page(hidden_order, first); }), "statement odd.hidden_order does not give its order column id");
    in_ours([](Tx& tx) { tx.exec(add, Uuid::v7(), std::nullopt); });
    EXPECT_EQ(why<std::runtime_error>([](Tx& tx) { tx.all(one_of_many); }), "column name is null but its field is not optional");
}

TEST_F(Mistakes, OfATransactionLeaveNothing) {
    EXPECT_THROW(in(pg::Scope(), [](Tx& tx) { tx.one(count); }), std::logic_error); // of nobody
    EXPECT_EQ(why<std::logic_error>([](Tx& tx) {
                  tx.exec(add, Uuid::v7(), "a");
                  tx.emit(SomethingHappened{});
              }),
              "gravity.test.something.happened: an event without an `id` needs a subject");
    in_ours([](Tx& tx) { tx.emit(SomethingHappened{}, "with one"); });
}

TEST_F(Mistakes, AreFoundAtTheCommitToo) {
    in_ours([](Tx& tx) { tx.exec(add, Uuid::v7(), "a"); });
    // A deferred constraint: the server refuses the commit, and whatever came before it is undone.
    const std::string text = why([](Tx& tx) { tx.exec(add, Uuid::v7(), "a"); });
    EXPECT_NE(text.find("odd_name_key"), std::string::npos) << text;
}

TEST_F(Mistakes, AValueOfSeveralColumnsIsThereOrNot) {
    const Uuid with = Uuid::v7(), without = Uuid::v7();
    in_ours([&](Tx& tx) {
        tx.exec(add_value, with, Money{5, Currency("EUR")});
        tx.exec(add, without, "a");
        const Valued there = tx.one(get_valued, with), absent = tx.one(get_valued, without);
        EXPECT_EQ(there.other, (Money{5, Currency("EUR")}));
        EXPECT_EQ(there.name, std::nullopt);
        EXPECT_EQ(absent.other, std::nullopt);
        EXPECT_EQ(absent.name, "a");
    });
}

TEST_F(Mistakes, ARefusalStandsThoughItsRollbackIsLost) {
    const log::Capture log;
    const std::string text = why<Refusal>([this](Tx& tx) {
        tx.exec(add, Uuid::v7(), "a");
        store.cut_connections();
        const char* others = "select count(*) from pg_stat_activity where pid <> pg_backend_pid() and datname = current_database()";
        testkit::until([&] { return store.admin(others) == "0"; });
        throw Refusal(name_taken);
    });
    EXPECT_EQ(text, "The name is taken");
    EXPECT_TRUE(log.contains("rollback failed"));
}

TEST_F(Mistakes, AStoreWithoutItsCursorKeyIsDamaged) {
    EXPECT_EQ(database.load_cursor_key().size(), 64u);
    store.admin("delete from gravity.instance_key returning 1");
    EXPECT_THROW(database.load_cursor_key(), std::runtime_error);
}

TEST(Cursor, IsGoodForNothingButWhatItWasMadeFor) {
    const std::string key = "key", binding = "list";
    const auto refused = [&](const std::string& cursor, std::size_t values) {
        try {
            pg::read_cursor(key, binding, cursor, values);
        } catch (const Refusal& refusal) {
            return refusal.problem().slug == problems::invalid_cursor.slug;
        }
        return false;
    };
    const std::string good = pg::make_cursor(key, binding, {"a", ""});
    EXPECT_EQ(pg::read_cursor(key, binding, good, 2), (std::vector<std::string>{"a", ""}));
    EXPECT_TRUE(refused(good, 1));
    EXPECT_TRUE(refused(good, 3));
    EXPECT_TRUE(refused("", 0));
    // Well signed, and yet none: lengths that lead outside, and a rest.
    const auto signed_by_us = [&](const std::string& payload) {
        return base64url_encode(std::string(1, '\1') + hmac_sha256(key, binding + '\0' + payload).substr(0, 16) + payload);
    };
    EXPECT_FALSE(refused(signed_by_us(std::string("\0\0\0\1a", 5)), 1));
    EXPECT_TRUE(refused(signed_by_us(std::string("\0\0\0\2a", 5)), 1));
    EXPECT_TRUE(refused(signed_by_us(std::string("\xff\xff\xff\xff", 4)), 1));
    EXPECT_TRUE(refused(signed_by_us(std::string("\0\0\0\1ab", 6)), 1));
}

} // namespace
} // namespace gravity
