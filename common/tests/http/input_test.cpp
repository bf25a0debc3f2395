#include <gravity/base/number.hpp>
#include <gravity/base/problem.hpp>
#include <gravity/base/text.hpp>
#include <gravity/http/deep_object.hpp>
#include <gravity/http/input.hpp>
#include <gravity/pg/page.hpp>

#include <gtest/gtest.h>

namespace gravity::http {
namespace sample {

enum class Status {
    draft,
    active
};
BOOST_DESCRIBE_ENUM(Status, draft, active)

struct Filter : PageQuery {
    std::optional<Status> status;
    std::vector<Slug> label;
    std::map<std::string, Text<1, 5>> attr;
    std::optional<bool> open;
    std::optional<int> from;
    std::optional<int> to;
};
BOOST_DESCRIBE_STRUCT(Filter, (PageQuery), (status, label, attr, open, from, to))
void check(const Filter& filter, meta::Errors& errors) {
    if (filter.from && filter.to && *filter.to < *filter.from) errors.reject("to", "must not be below from");
}

struct Needed {
    int number;
    std::string text;
};
BOOST_DESCRIBE_STRUCT(Needed, (), (number, text))

// A list of two to three numbers: bounds of its own.
struct Few : std::vector<int> {
    static constexpr meta::Type describe() {
        meta::Type t;
        t.kind = meta::Kind::list;
        t.list = &meta::detail::list_ops<Few>;
        t.min = 2;
        t.max = 3;
        t.make = &meta::detail::make<Few>;
        return t;
    }
};
struct WithFew {
    Few few;
};
BOOST_DESCRIBE_STRUCT(WithFew, (), (few))

struct WithDeep {
    DeepObject<Text<0, 5>, 2> filter;
    std::optional<int> filters;
};
BOOST_DESCRIBE_STRUCT(WithDeep, (), (filter, filters))

} // namespace sample

namespace {

using namespace sample;

// What extractors do: read, then refuse once with all faults. Gives the refusal, or nothing.
template <class T> std::optional<Refusal> read_query(std::string_view query, T& out) {
    Request request;
    request.query = query;
    Input input(request, {}, nullptr);
    try {
        input.read_query(meta::mutable_ref(out));
        input.refuse_faults();
    } catch (const Refusal& refusal) {
        return refusal;
    }
    return std::nullopt;
}
template <class T = Filter> std::string refused(std::string_view query) {
    T out;
    const auto refusal = read_query(query, out);
    return refusal ? std::to_string(refusal->problem().status) + " " + refusal->detail() : "taken";
}
Filter taken(std::string_view query) {
    Filter filter;
    const auto refusal = read_query(query, filter);
    EXPECT_FALSE(refusal) << refusal->detail();
    return filter;
}

TEST(Query, FillsTheStructAndItsDefaults) {
    const Filter none = taken("");
    EXPECT_EQ(none.limit, 50);
    EXPECT_FALSE(none.status);
    const Filter all = taken("limit=7&status=active&open=false&cursor=a%2Bb+c");
    EXPECT_EQ(all.limit, 7);
    EXPECT_EQ(all.status, Status::active);
    EXPECT_EQ(all.open, false);
    EXPECT_EQ(all.cursor->view(), "a+b c");
    EXPECT_EQ(taken("&&limit=7&").limit, 7);
}

TEST(Query, ReadsListsRepeatedOrWithCommas) {
    const std::vector<Slug> expected{"a", "b", "c"};
    EXPECT_EQ(taken("label=a&label=b&label=c").label, expected);
    EXPECT_EQ(taken("label=a,b,c").label, expected);
    EXPECT_EQ(taken("label=a,b&limit=1&label=c").label, expected);
    EXPECT_EQ(refused("label=a,,b").substr(0, 19), "422 /label: must be");
}

TEST(Query, ReadsMapsByTheirPrefix) {
    const Filter filter = taken("attr.color=red&attr.a.b=x");
    EXPECT_EQ(filter.attr.size(), 2u);
    EXPECT_EQ(filter.attr.at("color").view(), "red");
    EXPECT_EQ(filter.attr.at("a.b").view(), "x");
    EXPECT_EQ(refused("attr.color=red&attr.color=blue"), "400 /attr.color: is given twice");
    EXPECT_EQ(refused("attr.color=toolong"), "422 /attr.color: must be 1 to 5 characters");
    for (const auto query : {"attr=red", "attr.=red", "attrs.color=red", "attr%00x=1"})
        EXPECT_EQ(refused(query).substr(0, 3), "400") << query;
    for (const auto query : {"attr.%00=x", "attr.%ff=x", "attr.a%00=x", "%00=x", "attr%00x=1", "limit%ff=1"}) // no answer repeats them
        EXPECT_NE(refused(query).find("must be named in UTF-8 without NUL"), std::string::npos) << query;
}

TEST(Query, ReadsDeepObjectsByTheirBrackets) {
    WithDeep deep;
    EXPECT_FALSE(read_query("filter[color]=red&filter%5Ba.b%5D=&filters=3", deep));
    EXPECT_EQ(deep.filter.size(), 2u);
    EXPECT_EQ(deep.filter.at("color").view(), "red");
    EXPECT_EQ(deep.filter.at("a.b").view(), "");
    EXPECT_EQ(deep.filters, 3);
    EXPECT_FALSE(read_query("", deep));
    EXPECT_EQ(refused<WithDeep>("filter[a]=1&filter[a]=1"), "400 /filter[a]: is given twice");
    EXPECT_EQ(refused<WithDeep>("filter[a]=toolong"), "422 /filter[a]: must be 0 to 5 characters");
    EXPECT_EQ(refused<WithDeep>("filter[a]=1&filter[b]=2&filter[c]=3"), "422 /filter[c]: is one too many (at most 2)");
    for (const auto query : {"filter=red", "filter[]=red", "filter.color=red", "filter[color=red", "filter[a][b]=x", "filter[[a]]=x", "filter]a[=x",
                             "filter[a]b=x", "filter["})
        EXPECT_EQ(refused<WithDeep>(query).substr(0, 3), "400") << query;
    EXPECT_NE(refused<WithDeep>("filter[%00]=x").find("must be named in UTF-8 without NUL"), std::string::npos);
    EXPECT_EQ(refused<WithDeep>("filter[" + std::string(128, 'n') + "]=x"), "taken");
    EXPECT_NE(refused<WithDeep>("filter[" + std::string(129, 'n') + "]=x").find("must have a name of at most 128 bytes"), std::string::npos);
}

TEST(Query, RefusesWhatIsUnknownOrDouble) {
    EXPECT_EQ(refused("limits=7"), "400 /limits: is not a known parameter");
    EXPECT_EQ(refused("=7"), "400 /: is not a known parameter");
    EXPECT_EQ(refused("LIMIT=7"), "400 /LIMIT: is not a known parameter");
    EXPECT_EQ(refused("limit=7&limit=7"), "400 /limit: is given twice");
    EXPECT_EQ(refused("a/b=1"), "400 /a~1b: is not a known parameter");
}

TEST(Query, RefusesBadValues) {
    EXPECT_EQ(refused("limit=0"), "422 /limit: must be between 1 and 200");
    EXPECT_EQ(refused("limit=201&status=gone"),
              "422 /limit: must be between 1 and 200; /status: must be one of draft, active");
    EXPECT_EQ(refused("limit"), "422 /limit: must be an integer");
    EXPECT_EQ(refused("open=1"), "422 /open: must be true or false");
    EXPECT_EQ(refused("limit=x&more=1").substr(0, 3), "400");
    EXPECT_EQ(refused("from=2&to=1"), "422 /to: must not be below from");
    EXPECT_EQ(refused("from=x&to=1"), "422 /from: must be an integer"); // no rule over what is not there
}

TEST(Query, RefusesWhatCannotBeRead) {
    for (const auto query : {"limit=%", "limit=%1", "limit=%zz", "%=1"})
        EXPECT_EQ(refused(query), "400 the query string is malformed or has too many parameters") << query;
    std::string many;
    for (int i = 0; i < 257; ++i) many += "label=a&";
    EXPECT_EQ(refused(many), "400 the query string is malformed or has too many parameters");
    EXPECT_EQ(refused<Needed>("number=1&text=%00"), "422 /text: must not contain the NUL character");
    EXPECT_EQ(refused<Needed>("number=1&text=%ff"), "422 /text: must be valid UTF-8");
}

TEST(Query, RequiresWhatHasNoDefault) {
    EXPECT_EQ(refused<Needed>("number=1&text="), "taken");
    EXPECT_EQ(refused<Needed>(""), "400 /number: is required; /text: is required");
}

TEST(Query, HoldsTheNumberOfItems) {
    EXPECT_EQ(refused<WithFew>(""), "400 /few: is required");
    EXPECT_EQ(refused<WithFew>("few=1"), "422 /few: must have at least 2 items");
    EXPECT_EQ(refused<WithFew>("few=1,2"), "taken");
    EXPECT_EQ(refused<WithFew>("few=1,2&few=3"), "taken");
    EXPECT_EQ(refused<WithFew>("few=1,2,3,4"), "422 /few: must have at most 3 items");
}

TEST(PathValue, ThatItsTypeDoesNotTakeNamesNothing) {
    const Request request;
    const Input input(request, {{"id", "7"}, {"slug", "No"}}, nullptr);
    int id = 0;
    input.read_path("id", meta::mutable_ref(id));
    EXPECT_EQ(id, 7);
    Slug slug;
    try {
        input.read_path("slug", meta::mutable_ref(slug));
        FAIL() << "it was taken";
    } catch (const Refusal& refusal) {
        EXPECT_EQ(refusal.problem().status, 404);
    }
    EXPECT_THROW(input.read_path("other", meta::mutable_ref(id)), std::logic_error);
}

TEST(BodyValue, IsDecodedStrictly) {
    Request request;
    const auto status = [&](std::string_view body) {
        request.body = body;
        Input input(request, {}, nullptr);
        Needed out;
        try {
            input.read_body(meta::mutable_ref(out));
            input.refuse_faults();
        } catch (const Refusal& refusal) {
            return std::to_string(refusal.problem().status) + " " + refusal.detail();
        }
        return std::string("taken");
    };
    EXPECT_EQ(status(R"({"number": 1, "text": ""})"), "taken");
    EXPECT_EQ(status(""), "400 The body is not valid JSON near byte 1");
    EXPECT_EQ(status(R"({"number": 1e999, "text": ""})"), "400 The body is not acceptable JSON: a number is out of range");
    EXPECT_EQ(status(R"({"number": 1})"), "400 /text: is required");
    EXPECT_EQ(status(R"({"number": 99999999999, "text": ""})"),
              "422 /number: must be between -2147483648 and 2147483647");
    EXPECT_EQ(status(R"({"number": 1, "text": "", "more": 0})"), "400 /more: is not a known field");
}

TEST(Faults, OfQueryAndBodyAreToldTogether) {
    Request request;
    request.query = "limit=0";
    request.body = R"({"number": "x"})";
    Input input(request, {}, nullptr);
    Filter filter;
    Needed body;
    input.read_query(meta::mutable_ref(filter));
    input.read_body(meta::mutable_ref(body));
    try {
        input.refuse_faults();
        FAIL() << "nothing was refused";
    } catch (const Refusal& refusal) {
        EXPECT_EQ(refusal.problem().status, 400);
        ASSERT_EQ(refusal.faults().size(), 3u);
        EXPECT_EQ(refusal.faults()[0].in, "query");
        EXPECT_EQ(refusal.faults()[0].pointer, "/limit");
        EXPECT_EQ(refusal.faults()[1].in, "");
        EXPECT_EQ(refusal.faults()[1].pointer, "/number");
    }
}

} // namespace
} // namespace gravity::http
