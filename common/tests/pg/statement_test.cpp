// The placeholder compiler and the text format, without a server.
#include "pg/connection.hpp"
#include "pg/statement.hpp"

#include <gravity/base/bytes.hpp>
#include <gravity/model.hpp>

#include <gtest/gtest.h>

namespace gravity::pg {
namespace {

enum class Status {
    draft,
    active
};
BOOST_DESCRIBE_ENUM(Status, draft, active)
struct NewThing {
    Slug sku;
    Money price;
    std::optional<Money> old_price;
    std::optional<std::string> note;
};
BOOST_DESCRIBE_STRUCT(NewThing, (), (sku, price, old_price, note))
struct Listing : PageQuery {
    std::optional<Status> status;
};
BOOST_DESCRIBE_STRUCT(Listing, (PageQuery), (status))

TEST(Statement, FlattensArgumentsInFieldOrder) {
    const Sql<void(Uuid, NewThing)> sql{"t.flatten", "insert into t values ($1, $2, $3, $4, $5, $6, $7)"};
    const auto& c = sql.statement().compiled();
    std::vector<std::string> names;
    for (const auto& slot : c.slots) names.push_back(slot.name);
    EXPECT_EQ(names, (std::vector<std::string>{"", "sku", "price_amount", "price_currency", "old_price_amount", "old_price_currency", "note"}));
    EXPECT_EQ(c.sql, "insert into t values ($1, $2, $3, $4, $5, $6, $7)");
}

TEST(Statement, NamesFieldsAndSendsEachValueOnce) {
    const Sql<void(NewThing)> sql{"t.named", "update t set note = $note, sku = $sku where sku = $sku"};
    EXPECT_EQ(sql.statement().compiled().sql, "update t set note = $1, sku = $2 where sku = $2");
    EXPECT_EQ(sql.statement().compiled().parameters.size(), 2u);
}

TEST(Statement, LeavesQuotedTextCommentsAndDollarQuotesAlone) {
    const Sql<void(Uuid)> sql{"t.quoted", "select '$1', \"$2\", $q$ $3 $q$ /* $4 */ where a = $1 -- $9\n and true"};
    EXPECT_EQ(sql.statement().compiled().sql, "select '$1', \"$2\", $q$ $3 $q$ /* $4 */ where a = $1 -- $9\n and true");
}

TEST(Statement, SaysThatItsPlanIsForAnyValues) {
    const Sql<void(Uuid)> generic{"t.generic", "$generic_plan select $1"}, custom{"t.custom", "select $1"};
    EXPECT_TRUE(generic.statement().compiled().generic_plan);
    EXPECT_EQ(generic.statement().compiled().sql, " select $1");
    EXPECT_FALSE(custom.statement().compiled().generic_plan);
}

TEST(Statement, ExpandsAPageInOneDirectionToARowComparison) {
    const Sql<std::string(Listing)> sql{"t.page", "select * from t where ($status::text is null or status = $status) and $page(t.created_at desc, id desc)"};
    const auto& c = sql.statement().compiled();
    EXPECT_EQ(c.sql, "select * from t where ($1::text is null or status = $1) and true order by t.created_at desc, id desc limit $2::bigint");
    EXPECT_EQ(c.sql_after, "select * from t where ($1::text is null or status = $1) and (t.created_at, id) < ($2, $3) "
                           "order by t.created_at desc, id desc limit $4::bigint");
    EXPECT_EQ(c.keys[0].column, "created_at");
}

TEST(Statement, ExpandsAPageInMixedDirectionsToNestedComparisons) {
    const Sql<std::string(PageQuery)> sql{"t.mixed", "select * from t where $page(price asc, id desc)"};
    EXPECT_EQ(sql.statement().compiled().sql_after,
              "select * from t where ((price > $1) or (price = $1 and id < $2)) order by price asc, id desc limit $3::bigint");
}

TEST(Statement, RefusesWhatCannotBeRight) {
    const auto compile_error = [](auto&& sql) {
        try {
            sql.statement().compiled();
        } catch (const std::logic_error& error) {
            return std::string(error.what());
        }
        return std::string("none");
    };
    EXPECT_NE(compile_error(Sql<void(Uuid)>{"t.too_many", "select $2"}).find("give 1 values"), std::string::npos);
    EXPECT_NE(compile_error(Sql<void(Uuid)>{"t.unnamed", "select $nothing"}).find("no argument has a field 'nothing'"), std::string::npos);
    EXPECT_NE(compile_error(Sql<void(PageQuery)>{"t.page_middle", "select 1 where $page(id) and true"}).find("must be the end"), std::string::npos);
    EXPECT_NE(compile_error(Sql<void()>{"t.open", "select 'a"}).find("does not end"), std::string::npos);
    EXPECT_NE(compile_error(Sql<void()>{"t.open_dollar", "select $q$ a"}).find("a dollar-quoted text does not end"), std::string::npos);
    EXPECT_NE(compile_error(Sql<void()>{"t.lone", "select $ 1"}).find("a lone '$'"), std::string::npos);
    EXPECT_NE(compile_error(Sql<void(Uuid)>{"t.zero", "select $0"}).find("give 1 values"), std::string::npos);
    EXPECT_NE(compile_error(Sql<void(PageQuery)>{"t.page_bare", "select 1 where $page"}).find("$page needs its order"), std::string::npos);
    EXPECT_NE(compile_error(Sql<void(PageQuery)>{"t.page_open", "select 1 where $page(id desc"}).find("$page( does not end"), std::string::npos);
    EXPECT_NE(compile_error(Sql<void(Uuid)>{"t.page_without", "select 1 where $page(id)"}).find("no argument has a field 'limit'"), std::string::npos);
    EXPECT_EQ(compile_error(Sql<void()>{"t.comment", "select 1 -- to the end"}), "none");
    EXPECT_EQ(compile_error(Sql<void()>{"t.comment_open", "select 1 /* to the end"}), "none"); // the server says what is wrong with it
}

std::vector<std::optional<std::string>> bound(const Statement& statement, std::span<const meta::Ref> args) {
    std::vector<std::optional<std::string>> values;
    for (const auto& slot : flatten(statement.parameters())) values.push_back(bind(slot, args));
    return values;
}

TEST(Values, BindsNestedOptionalAndMoney) {
    const Sql<void(NewThing)> sql{"t.bind", "select"};
    const NewThing thing{Slug("mug"), Money{1999, Currency("EUR")}, std::nullopt, "a note"};
    const meta::Ref args[] = {meta::ref(thing)};
    EXPECT_EQ(bound(sql.statement(), args),
              (std::vector<std::optional<std::string>>{"mug", "1999", "EUR", std::nullopt, std::nullopt, "a note"}));
}

template <class T>
T round_trip(const T& value) {
    T out{};
    from_sql_text(to_sql_text(meta::ref(value)), false, meta::mutable_ref(out));
    return out;
}

TEST(Values, ArraysSurviveQuotesCommasAndBackslashes) {
    const std::vector<std::string> nasty{"", "a,b", "\"quoted\"", "back\\slash", "{brace}", "NULL", "ü 漢"};
    EXPECT_EQ(round_trip(nasty), nasty);
    EXPECT_EQ(round_trip(std::vector<std::int64_t>{1, -2, 3}), (std::vector<std::int64_t>{1, -2, 3}));
    EXPECT_EQ(round_trip(std::vector<std::string>{}), std::vector<std::string>{});
}

struct Part {
    std::string name;
    std::optional<std::int64_t> count;
};
BOOST_DESCRIBE_STRUCT(Part, (), (name, count))

TEST(Values, EveryKindSurvives) {
    EXPECT_EQ(to_sql_text(meta::ref(true)), "t");
    EXPECT_EQ(round_trip(true), true);
    EXPECT_EQ(round_trip(false), false);
    EXPECT_EQ(round_trip(1.5), 1.5);
    EXPECT_EQ(round_trip(Status::active), Status::active);
    const Bytes bytes(std::string("\0\xff x", 4));
    EXPECT_EQ(to_sql_text(meta::ref(bytes)), "\\x00ff2078");
    EXPECT_EQ(round_trip(bytes), bytes);
    std::optional<std::int64_t> number;
    from_sql_text("7", false, meta::mutable_ref(number));
    EXPECT_EQ(number, 7);
    // What SQL has no columns for is JSON.
    const std::vector<Part> parts{{"a", 1}, {"b", std::nullopt}};
    EXPECT_EQ(to_sql_text(meta::ref(parts)), R"([{"name":"a","count":1},{"name":"b"}])");
    std::vector<Part> read;
    from_sql_text(to_sql_text(meta::ref(parts)), true, meta::mutable_ref(read));
    ASSERT_EQ(read.size(), 2u);
    EXPECT_EQ(read[0].count, 1);
    EXPECT_EQ(read[1].name, "b");
    const std::map<std::string, std::string> map{{"k", "v"}};
    std::map<std::string, std::string> map_read;
    from_sql_text(to_sql_text(meta::ref(map)), true, meta::mutable_ref(map_read));
    EXPECT_EQ(map_read, map);
    std::vector<std::string> as_json;
    from_sql_text(R"(["a","b"])", true, meta::mutable_ref(as_json));
    EXPECT_EQ(as_json, (std::vector<std::string>{"a", "b"}));
    EXPECT_THROW(to_sql_text(meta::ref(number)), std::logic_error); // whether there is one is bind's to say
}

TEST(Values, ReadsPostgresTimestamps) {
    Timestamp at;
    from_sql_text("2026-11-23 12:00:00.5+00", false, meta::mutable_ref(at));
    EXPECT_EQ(at.to_string(), "2026-11-23T12:00:00.500Z");
    EXPECT_THROW(from_sql_text("infinity", false, meta::mutable_ref(at)), std::runtime_error);
}

TEST(Values, DamagedValuesAreNamedNotGuessed) {
    std::int64_t number = 0;
    EXPECT_THROW(from_sql_text("12x", false, meta::mutable_ref(number)), std::runtime_error);
    Status status{};
    EXPECT_THROW(from_sql_text("gone", false, meta::mutable_ref(status)), std::runtime_error);
    NewThing thing;
    EXPECT_THROW(from_sql_text("{\"sku\": 1}", true, meta::mutable_ref(thing)), std::runtime_error);
    EXPECT_THROW(from_sql_text("{\"sku\": ", true, meta::mutable_ref(thing)), std::runtime_error);
    Bounded<int, 1, 5> few;
    EXPECT_THROW(from_sql_text("6", false, meta::mutable_ref(few)), std::runtime_error);
    double real = 0;
    EXPECT_THROW(from_sql_text("1.5.5", false, meta::mutable_ref(real)), std::runtime_error);
    Bytes bytes;
    EXPECT_THROW(from_sql_text("\\xzz", false, meta::mutable_ref(bytes)), std::runtime_error);
    EXPECT_THROW(from_sql_text("x", false, meta::mutable_ref(bytes)), std::runtime_error);
    Slug slug;
    EXPECT_THROW(from_sql_text("Not A Slug", false, meta::mutable_ref(slug)), std::runtime_error);
    std::vector<std::string> texts;
    for (const std::string damaged : {"", "{", "a,b", "{a,NULL}", "{\"a\"b}"})
        EXPECT_THROW(from_sql_text(damaged, false, meta::mutable_ref(texts)), std::runtime_error) << damaged;
}

TEST(ErrorText, ConstraintNameIsReadFromTheLabelledLine) {
    EXPECT_EQ(
        constraint_of("ERROR:  23505: duplicate key\nDETAIL:  Key (sku)=(a) exists.\nSCHEMA NAME:  public\nCONSTRAINT NAME:  thing_sku_key\nLOCATION:  x"),
        "thing_sku_key");
    EXPECT_EQ(constraint_of("ERROR:  syntax"), "");
    // A German server: its severity is translated; the label is our own library's, and the code has no language.
    const auto german = "FEHLER:  23505: doppelter Schlüsselwert\nDETAIL:  Schlüssel existiert bereits.\nCONSTRAINT NAME:  thing_sku_key\n";
    EXPECT_EQ(constraint_of(german), "thing_sku_key");
    EXPECT_EQ(sqlstate_of(german), "23505");
    EXPECT_EQ(sqlstate_of("server closed the connection unexpectedly: bad"), "");
    EXPECT_EQ(first_line("ERROR:  23505: duplicate\nDETAIL: x"), "23505: duplicate");
}

TEST(ErrorText, ItsFirstLineWithoutTheSeverity) {
    EXPECT_EQ(first_line("ERROR:  duplicate key\nDETAIL: x"), "duplicate key");
    EXPECT_EQ(first_line("connection to server failed: refused\n\tIs it running?"), "connection to server failed: refused");
    EXPECT_EQ(first_line(""), "");
}

} // namespace
} // namespace gravity::pg
