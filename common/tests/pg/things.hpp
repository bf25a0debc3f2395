/// A table of things and its statements on a real PostgreSQL: what the tests of transactions share.
#pragma once

#include <gravity/model.hpp>
#include <gravity/pg/database.hpp>
#include <gravity/testkit/postgres.hpp>

#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

namespace gravity {

inline constexpr Problem sku_taken{409, "sku-taken", "Another thing has this SKU"};

inline constexpr pg::Migration migrations_v1[] = {{"0001_things", R"sql(
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

inline const Sql<Thing(Uuid, NewThing)> insert_thing{"thing.insert", R"sql(
    insert into thing (id, sku, price_amount, price_currency, tags, extra) values ($1, $2, $3, $4, $5, $6) returning *)sql",
                                                     {{"thing_sku_key", sku_taken}}};
inline const Sql<Thing(Uuid)> get_thing{"thing.get", "select * from thing where id = $1"};
inline const Sql<Thing(ListThings)> list_things{"thing.list", R"sql(
    select * from thing where ($prefix::text is null or sku like $prefix || '%') and $page(created_at desc, id desc))sql"};
inline const Sql<void(Uuid, std::int64_t)> set_stock{"thing.set_stock", "update thing set stock = $2 where id = $1"};
inline const Sql<std::int64_t(Uuid)> get_stock{"thing.stock", "select stock from thing where id = $1"};
inline const Sql<std::int64_t()> count_things{"thing.count", "select count(*) from thing"};

struct BulkThing : NewThing {
    Uuid id;
    std::int64_t stock = 0;
    std::optional<Timestamp> created_at = Timestamp::parse("2026-11-26T12:00:00Z").or_throw();
};
BOOST_DESCRIBE_STRUCT(BulkThing, (NewThing), (id, stock, created_at))
inline const Copy<BulkThing> copy_things{"thing.copy", "thing", {{"thing_sku_key", sku_taken}}};
inline const Copy<BulkThing> copy_new_things{"thing.copy_new", "thing", {}, "(project, sku) do nothing"};

inline NewThing thing(const std::string& sku) { return {Slug::parse(sku).or_throw(), Money{1999, Currency("EUR")}, {"a,b", "c"}, Json::object({{"k", 1}})}; }

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

} // namespace gravity
