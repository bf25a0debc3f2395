#include <gravity/http/conditional.hpp>

#include <gtest/gtest.h>

using namespace gravity::http;

namespace {

constexpr std::int64_t now = 1'700'000'000;
constexpr std::int64_t example = 784'111'777; // of RFC 9110 section 5.6.7

Request with(const std::vector<std::pair<std::string, std::string>>& fields) {
    Request request;
    for (const auto& [name, value] : fields) request.headers.add(name, value);
    return request;
}
RangeResult range(const std::string& spec, std::uint64_t size = 100) { return evaluate_range(with({{"Range", spec}}), size, {}, now); }
using Kind = RangeResult::Kind;

} // namespace

TEST(HttpDate, FormatsAndParses) {
    EXPECT_EQ(format_http_date(example), "Sun, 06 Nov 1994 08:49:37 GMT");
    EXPECT_EQ(format_http_date(0), "Thu, 01 Jan 1970 00:00:00 GMT");
    EXPECT_EQ(format_http_date(-1), "Wed, 31 Dec 1969 23:59:59 GMT");
    EXPECT_EQ(parse_http_date("Sun, 06 Nov 1994 08:49:37 GMT", now), example);
    EXPECT_EQ(parse_http_date("Sunday, 06-Nov-94 08:49:37 GMT", now), example);
    EXPECT_EQ(parse_http_date("Sun Nov  6 08:49:37 1994", now), example);
    EXPECT_EQ(parse_http_date("Wednesday, 01-Jan-70 00:00:00 GMT", now), parse_http_date("Wed, 01 Jan 2070 00:00:00 GMT", now));
    EXPECT_EQ(parse_http_date("Thursday, 01-Jan-75 00:00:00 GMT", now), parse_http_date("Wed, 01 Jan 1975 00:00:00 GMT", now));
    for (const char* bad : {"", "Sun", "Sun, 6 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 08:49:37", "Sun, 06 Nov 1994 08:49:37 UTC",
                            "Sun, 31 Feb 1994 08:49:37 GMT", "Sun, 06 Nov 1994 24:00:00 GMT", "Sun, 06 nov 1994 08:49:37 GMT",
                            "Sun, 06 Nov 1994 08:49:37 GMT ", "784111777", "Sun Nov 6 08:49:37 1994"})
        EXPECT_FALSE(parse_http_date(bad, now)) << bad;
    for (std::int64_t t = -60'000'000'000; t < 250'000'000'000; t += 1'234'567'891) EXPECT_EQ(parse_http_date(format_http_date(t), now), t);
}

TEST(ETags, ComparisonsOfTheRfc) { // RFC 9110 section 8.8.3.2
    EXPECT_FALSE(etag_listed("W/\"1\"", "W/\"1\"", true));
    EXPECT_TRUE(etag_listed("W/\"1\"", "W/\"1\"", false));
    EXPECT_FALSE(etag_listed("W/\"1\"", "W/\"2\"", false));
    EXPECT_FALSE(etag_listed("W/\"1\"", "\"1\"", true));
    EXPECT_TRUE(etag_listed("W/\"1\"", "\"1\"", false));
    EXPECT_TRUE(etag_listed("\"1\"", "\"1\"", true));
    EXPECT_TRUE(etag_listed("\"a,b\" , \"c\"", "\"c\"", true));
    EXPECT_FALSE(etag_listed("\"a,b\"", "\"a\"", true));
    EXPECT_TRUE(etag_listed(" *", "\"x\"", true));
    for (const char* bad : {"", "1", "\"1", "W/1", "W/", "x, \"1\""}) EXPECT_FALSE(etag_listed(bad, "\"1\"", false)) << bad;
}

TEST(Preconditions, InTheOrderOfTheRfc) {
    const Validators v{"\"e\"", example};
    const std::string same = format_http_date(example), before = format_http_date(example - 1);
    EXPECT_EQ(evaluate_preconditions(with({}), v, now), 0);
    EXPECT_EQ(evaluate_preconditions(with({{"If-None-Match", "\"e\""}}), v, now), 304);
    EXPECT_EQ(evaluate_preconditions(with({{"If-None-Match", "\"x\""}, {"If-Modified-Since", same}}), v, now), 0); // the tag wins
    EXPECT_EQ(evaluate_preconditions(with({{"If-Modified-Since", same}}), v, now), 304);
    EXPECT_EQ(evaluate_preconditions(with({{"If-Modified-Since", before}}), v, now), 0);
    EXPECT_EQ(evaluate_preconditions(with({{"If-Modified-Since", "nonsense"}}), v, now), 0);
    EXPECT_EQ(evaluate_preconditions(with({{"If-Match", "\"x\""}, {"If-None-Match", "\"e\""}}), v, now), 412);
    EXPECT_EQ(evaluate_preconditions(with({{"If-Match", "\"e\""}, {"If-Unmodified-Since", before}}), v, now), 0);
    EXPECT_EQ(evaluate_preconditions(with({{"If-Unmodified-Since", before}}), v, now), 412);
    EXPECT_EQ(evaluate_preconditions(with({{"If-Unmodified-Since", same}}), v, now), 0);
}

TEST(Ranges, OneRange) {
    EXPECT_EQ(range("bytes=0-9").ranges, (std::vector<ByteRange>{{0, 9}}));
    EXPECT_EQ(range("Bytes=10-").ranges, (std::vector<ByteRange>{{10, 99}}));
    EXPECT_EQ(range("bytes=-10").ranges, (std::vector<ByteRange>{{90, 99}}));
    EXPECT_EQ(range("bytes=-1000").ranges, (std::vector<ByteRange>{{0, 99}}));
    EXPECT_EQ(range("bytes=90-1000").ranges, (std::vector<ByteRange>{{90, 99}}));
    EXPECT_EQ(range("bytes=99-99").ranges, (std::vector<ByteRange>{{99, 99}}));
}

TEST(Ranges, Unsatisfiable) {
    for (const char* spec : {"bytes=100-", "bytes=100-200", "bytes=-0", "bytes=100-,200-"}) EXPECT_EQ(range(spec).kind, Kind::unsatisfiable) << spec;
    EXPECT_EQ(range("bytes=0-", 0).kind, Kind::unsatisfiable);
    EXPECT_EQ(range("bytes=-5", 0).kind, Kind::unsatisfiable);
}

TEST(Ranges, IgnoredOnes) {
    for (const char* spec : {"", "bytes", "bytes=", "bytes=a-b", "bytes=9-0", "bytes=-", "bytes=1", "bytes= ,", "lines=1-2", "bytes=0-1-2",
                             "bytes=99999999999999999999-", "bytes=0x1-2", "bytes=+1-2", "bytes=0-50,40-60", "bytes=0-,0-"})
        EXPECT_EQ(range(spec).kind, Kind::whole) << spec;
    EXPECT_EQ(evaluate_range(with({}), 100, {}, now).kind, Kind::whole);
    EXPECT_EQ(evaluate_range(with({{"Range", "bytes=0-1"}, {"Range", "bytes=0-1"}}), 100, {}, now).kind, Kind::whole);
    Request head = with({{"Range", "bytes=0-1"}});
    head.method = Method::head;
    EXPECT_EQ(evaluate_range(head, 100, {}, now).kind, Kind::whole);
}

TEST(Ranges, SeveralInTheOrderAskedFor) {
    EXPECT_EQ(range("bytes=90-, 0-4 ,200-,10-19").ranges, (std::vector<ByteRange>{{90, 99}, {0, 4}, {10, 19}}));
    std::string many = "bytes=0-0";
    for (int i = 1; i < 16; ++i) many += "," + std::to_string(2 * i) + "-" + std::to_string(2 * i);
    EXPECT_EQ(range(many).ranges.size(), 16u);
    EXPECT_EQ(range(many + ",50-50").kind, Kind::whole);
}

TEST(Ranges, IfRange) {
    const auto kind = [](const std::string& condition, const Validators& validators) {
        return evaluate_range(with({{"Range", "bytes=0-1"}, {"If-Range", condition}}), 100, validators, now).kind;
    };
    EXPECT_EQ(kind("\"e\"", {"\"e\"", std::nullopt}), Kind::partial);
    EXPECT_EQ(kind("\"x\"", {"\"e\"", std::nullopt}), Kind::whole);
    EXPECT_EQ(kind("W/\"e\"", {"W/\"e\"", std::nullopt}), Kind::whole);
    EXPECT_EQ(kind("\"e\"", {}), Kind::whole);
    EXPECT_EQ(kind(format_http_date(example), {"", example}), Kind::partial);
    EXPECT_EQ(kind(format_http_date(example + 1), {"", example}), Kind::whole); // exact, not "since"
    EXPECT_EQ(kind(format_http_date(now - 1), {"", now - 1}), Kind::whole);     // changed a moment ago
    EXPECT_EQ(kind("nonsense", {"", example}), Kind::whole);
}

TEST(Ranges, ContentRange) {
    EXPECT_EQ(content_range(ByteRange{0, 9}, 100), "bytes 0-9/100");
    EXPECT_EQ(content_range(std::nullopt, 100), "bytes */100");
}
