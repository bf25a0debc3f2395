#include "cache_policy.hpp"
#include "frequency_sketch.hpp"

#include <gtest/gtest.h>

/// What RFC 9111 lets a shared cache keep and use, without a cache.
namespace gravity::gateway::test {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;

constexpr std::int64_t today = 1'800'000'000; // Fri, 15 Jan 2027 08:00:00 GMT
const steady_clock::time_point start = steady_clock::time_point() + std::chrono::hours(1);
Moment at(int second) { return {start + seconds(second), today + second}; }

CacheRequest asking(std::string_view fields = "", std::string_view method = "GET") {
    const std::string bytes = std::string(method) + " /a HTTP/1.1\r\nHost: h\r\n" + std::string(fields) + "\r\n";
    RequestHead head;
    EXPECT_FALSE(parse_request_head(bytes, head));
    auto request = read_cache_request(bytes, head);
    EXPECT_TRUE(request.has_value());
    request->url = "h/a";
    return *request;
}

struct Answer {
    std::string bytes;
    ResponseHead head;
    explicit Answer(std::string_view fields, std::string_view status = "200 OK")
        : bytes("HTTP/1.1 " + std::string(status) + "\r\n" + std::string(fields) + "\r\n") {
        EXPECT_FALSE(parse_response_head(bytes, http::Method::get, head));
    }
};

std::optional<Stored> kept(std::string_view fields, std::string_view request = "", CacheUse use = CacheUse::shared, std::string_view status = "200 OK") {
    const CacheRequest asked = asking(request);
    const Answer answer(fields, status);
    const std::string head = "GET /a HTTP/1.1\r\nHost: h\r\n" + std::string(request) + "\r\n";
    return storable({asked, head, at(0), at(0), use}, answer.bytes, answer.head);
}
StoredPtr whole(std::string_view fields, std::string_view request = "") {
    auto stored = kept(fields, request);
    EXPECT_TRUE(stored.has_value()) << fields;
    return complete(*std::move(stored), "0123456789");
}
CacheStep step(std::string_view fields, int second, std::string_view request = "") {
    return decide(asking(request), whole(fields).get(), at(second).steady);
}

TEST(CacheControl, IsReadWithoutBeingMisledByQuotes) {
    CacheControl control;
    control.read(R"(ext="max-age=99, no-store, \"", Max-Age=5 , PRIVATE="x, y",must-revalidate)");
    EXPECT_EQ(control.max_age, 5u);
    EXPECT_FALSE(control.no_store);
    EXPECT_TRUE(control.is_private);
    EXPECT_TRUE(control.must_revalidate);
    EXPECT_TRUE(control.given);
    CacheControl none;
    none.read(" , ,");
    EXPECT_FALSE(none.given);
}

TEST(CacheControl, WhatIsNoNumberOrSaidTwiceKeepsNothingLonger) {
    const auto age = [](std::initializer_list<std::string_view> lines) {
        CacheControl control;
        for (const std::string_view line : lines) control.read(line);
        return control.max_age;
    };
    EXPECT_EQ(age({"max-age=007"}), 7u);
    EXPECT_EQ(age({"max-age=\"7\""}), 7u);
    EXPECT_EQ(age({"max-age=99999999999999999999"}), 1u << 31);
    for (const std::string_view bad : {"max-age", "max-age=", "max-age=-1", "max-age=7.5", "max-age='7'", "max-age= 7", "max-age =7", "max-age=7s"})
        EXPECT_EQ(age({bad}), 0u) << bad;
    EXPECT_EQ(age({"max-age=7, max-age=7"}), 7u);
    EXPECT_EQ(age({"max-age=7", "max-age=8"}), 0u);
    CacheControl control;
    control.read("max-stale, min-fresh=x");
    EXPECT_EQ(control.max_stale, 1u << 31);
    EXPECT_EQ(control.min_fresh, 1u << 31);
}

TEST(CachePolicy, WhatIsNotForOthersIsNotKept) {
    EXPECT_TRUE(kept("Cache-Control: max-age=9\r\n"));
    for (const std::string_view fields :
         {"", "Cache-Control: no-store, max-age=9\r\n", "Cache-Control: private, max-age=9\r\n", "Cache-Control: private=\"x\", max-age=9\r\n",
          "Cache-Control: max-age=9\r\nVary: Accept\r\nVary: a, *\r\n", "Cache-Control: max-age=9\r\nSet-Cookie: a=b\r\n", "Cache-Control: max-age=0\r\n",
          "Last-Modified: Fri, 15 Jan 2021 08:00:00 GMT\r\nCache-Control: no-store\r\n", "Cache-Control: max-age=9\r\nAge: 9\r\n",
          "Cache-Control: no-cache, max-age=9\r\n", "Expires: 0\r\n"})
        EXPECT_FALSE(kept(fields)) << fields;
    EXPECT_FALSE(kept("Cache-Control: max-age=9\r\n", "", CacheUse::off));
    EXPECT_TRUE(kept("Cache-Control: max-age=9\r\nSet-Cookie: a=b\r\n", "", CacheUse::shared_with_cookies));
    EXPECT_FALSE(kept("Cache-Control: max-age=9\r\n", "", CacheUse::shared, "206 Partial Content"));
    EXPECT_FALSE(kept("Cache-Control: max-age=9, must-understand\r\n", "", CacheUse::shared, "299 Whatever"));
    EXPECT_TRUE(kept("Cache-Control: max-age=9\r\n", "", CacheUse::shared, "299 Whatever"));
    EXPECT_TRUE(kept("Cache-Control: max-age=9, must-understand, no-store\r\n"));
    EXPECT_TRUE(kept("ETag: \"1\"\r\n")) << "to be asked for again";
    EXPECT_FALSE(kept("ETag: \"1\"\r\n", "", CacheUse::shared, "503 Service Unavailable"));
}

TEST(CachePolicy, CredentialsNeedTheServicesWord) {
    const std::string_view alice = "Authorization: Bearer alice\r\n", bob = "Authorization: Bearer bob\r\n";
    EXPECT_FALSE(kept("Cache-Control: max-age=9\r\n", alice));
    EXPECT_FALSE(kept("Expires: Fri, 15 Jan 2027 09:00:00 GMT\r\n", alice));
    const auto open = kept("Cache-Control: max-age=9, public\r\n", alice);
    ASSERT_TRUE(open);
    EXPECT_TRUE(selects(*open, asking(bob), ""));
    EXPECT_TRUE(selects(*kept("Cache-Control: s-maxage=9\r\n", alice), asking(), ""));
    // Section 3.5 allows these to be kept; only the same credentials get them.
    const auto own = kept("Cache-Control: max-age=9, must-revalidate\r\n", alice);
    ASSERT_TRUE(own);
    EXPECT_TRUE(selects(*own, asking(alice), ""));
    EXPECT_FALSE(selects(*own, asking(bob), ""));
    EXPECT_FALSE(selects(*own, asking(), ""));
    EXPECT_EQ(own->owner.find("alice"), std::string::npos) << "no token is kept";
}

TEST(CachePolicy, LifetimeAndAge) {
    EXPECT_EQ(kept("Cache-Control: max-age=9, s-maxage=3\r\nExpires: Fri, 15 Jan 2027 09:00:00 GMT\r\n")->lifetime, seconds(3));
    EXPECT_EQ(kept("Cache-Control: max-age=9\r\nExpires: Fri, 15 Jan 2027 09:00:00 GMT\r\n")->lifetime, seconds(9));
    EXPECT_EQ(kept("Date: Fri, 15 Jan 2027 08:00:00 GMT\r\nExpires: Fri, 15 Jan 2027 08:00:20 GMT\r\n")->lifetime, seconds(20));
    EXPECT_FALSE(kept("Expires: Fri, 15 Jan 2027 09:00:00 GMT\r\nExpires: Fri, 15 Jan 2027 09:00:00 GMT\r\n"));
    EXPECT_EQ(kept("Cache-Control: max-age=99\r\nAge: 7\r\n")->initial_age, seconds(7));
    EXPECT_EQ(kept("Cache-Control: max-age=99\r\nAge: 7, 98\r\n")->initial_age, seconds(7));
    EXPECT_EQ(kept("Cache-Control: max-age=99\r\nAge: 7\r\nDate: Fri, 15 Jan 2027 07:59:50 GMT\r\n")->initial_age, seconds(10)) << "the older of the two";
    for (const std::string_view bad : {"Age: x\r\n", "Age: -1\r\n", "Age: 0, 0\r\n", "Age: 0, x\r\n", "Age: 0\r\nAge: 0\r\n", "Age: 0;a=b\r\n", "Age: 1.0\r\n"})
        EXPECT_FALSE(kept("Cache-Control: max-age=99\r\n" + std::string(bad))) << bad;
    const CacheRequest request = asking();
    const Answer answer("Cache-Control: max-age=99\r\n");
    EXPECT_EQ(storable({request, "", at(0), at(3), CacheUse::shared}, answer.bytes, answer.head)->initial_age, seconds(3)) << "on its way";
}

TEST(CachePolicy, UseValidateOrFetch) {
    EXPECT_EQ(decide(asking(), nullptr, start), CacheStep::fetch);
    EXPECT_EQ(step("Cache-Control: max-age=9\r\n", 8), CacheStep::use);
    EXPECT_EQ(step("Cache-Control: max-age=9\r\n", 9), CacheStep::fetch);
    EXPECT_EQ(step("Cache-Control: max-age=9\r\nETag: \"1\"\r\n", 9), CacheStep::validate);
    EXPECT_EQ(step("Cache-Control: max-age=9, no-cache\r\nETag: \"1\"\r\n", 0), CacheStep::validate);
    EXPECT_EQ(step("Cache-Control: max-age=9, stale-while-revalidate=5\r\n", 13), CacheStep::use_and_refresh);
    EXPECT_EQ(step("Cache-Control: max-age=9, stale-while-revalidate=5\r\n", 14), CacheStep::fetch);
    EXPECT_EQ(step("Cache-Control: max-age=9, stale-while-revalidate=5, must-revalidate\r\n", 10), CacheStep::fetch);
}

TEST(CachePolicy, TheRequestMayAskForMoreOrForLess) {
    const std::string_view nine = "Cache-Control: max-age=9\r\nETag: \"1\"\r\n";
    EXPECT_EQ(step(nine, 5, "Cache-Control: no-cache\r\n"), CacheStep::validate);
    EXPECT_EQ(step(nine, 5, "Pragma: no-cache\r\n"), CacheStep::validate);
    EXPECT_EQ(step(nine, 5, "Pragma: no-cache\r\nCache-Control: max-age=6\r\n"), CacheStep::use);
    EXPECT_EQ(step(nine, 5, "Cache-Control: max-age=4\r\n"), CacheStep::validate);
    EXPECT_EQ(step(nine, 5, "Cache-Control: min-fresh=4\r\n"), CacheStep::use);
    EXPECT_EQ(step(nine, 5, "Cache-Control: min-fresh=5\r\n"), CacheStep::validate);
    EXPECT_EQ(step(nine, 12, "Cache-Control: max-stale=3\r\n"), CacheStep::use);
    EXPECT_EQ(step(nine, 13, "Cache-Control: max-stale=3\r\n"), CacheStep::validate);
    EXPECT_EQ(step(nine, 9999, "Cache-Control: max-stale\r\n"), CacheStep::use);
    EXPECT_EQ(step("Cache-Control: s-maxage=9\r\n", 10, "Cache-Control: max-stale\r\n"), CacheStep::fetch);
    EXPECT_EQ(step(nine, 5, "Cache-Control: only-if-cached\r\n"), CacheStep::use);
    EXPECT_EQ(step(nine, 9, "Cache-Control: only-if-cached\r\n"), CacheStep::give_up);
    EXPECT_EQ(decide(asking("Cache-Control: only-if-cached\r\n"), nullptr, start), CacheStep::give_up);
}

TEST(CachePolicy, AFailureIsCoveredAsLongAsTheServiceAllows) {
    const auto covers = [](std::string_view fields, int second, std::string_view request = "") {
        return covers_failure(asking(request), *whole(fields), at(second).steady);
    };
    EXPECT_TRUE(covers("Cache-Control: max-age=9, stale-if-error=5\r\n", 13));
    EXPECT_FALSE(covers("Cache-Control: max-age=9, stale-if-error=5\r\n", 14));
    EXPECT_FALSE(covers("Cache-Control: max-age=9\r\n", 10));
    EXPECT_TRUE(covers("Cache-Control: max-age=9\r\n", 10, "Cache-Control: stale-if-error=5\r\n"));
    EXPECT_FALSE(covers("Cache-Control: max-age=9, stale-if-error=5, must-revalidate\r\n", 10));
    EXPECT_FALSE(covers("Cache-Control: s-maxage=9, stale-if-error=5\r\n", 10));
    EXPECT_FALSE(covers("Cache-Control: max-age=9, stale-if-error=5\r\n", 10, "Cache-Control: no-cache\r\n"));
}

TEST(CachePolicy, VaryIsHeldAgainstWhatTheServiceWasAsked) {
    const auto stored =
        whole("Cache-Control: max-age=9\r\nVary: Accept, X-None\r\nVary: accept-language\r\n", "Accept: a\r\nAccept: b\r\nAccept-Language: de\r\n");
    const auto fits = [&](std::string_view fields) { return selects(*stored, asking(), "GET /a HTTP/1.1\r\n" + std::string(fields) + "\r\n"); };
    EXPECT_TRUE(fits("accept: a, b\r\nACCEPT-LANGUAGE: de\r\nX-Other: 1\r\n"));
    EXPECT_FALSE(fits("Accept: b, a\r\nAccept-Language: de\r\n"));
    EXPECT_FALSE(fits("Accept: a, b\r\n"));
    EXPECT_FALSE(fits("Accept: a, b\r\nAccept-Language: de\r\nX-None: 1\r\n"));
    CacheRequest elsewhere = asking();
    elsewhere.space = "another backend";
    EXPECT_FALSE(selects(*stored, elsewhere, "GET /a HTTP/1.1\r\nAccept: a, b\r\nAccept-Language: de\r\n\r\n"));
}

TEST(CachePolicy, WhatEndsAtThisHopIsNotKept) {
    const auto stored =
        whole("Connection: x-gone\r\nX-Gone: 1\r\nKeep-Alive: timeout=5\r\nContent-Length: 10\r\nAge: 3\r\nX-Kept: 1\r\nCache-Control: max-age=9\r\n");
    EXPECT_EQ(stored->head, "HTTP/1.1 200 OK\r\nX-Kept: 1\r\nCache-Control: max-age=9\r\nDate: Fri, 15 Jan 2027 08:00:00 GMT\r\nContent-Length: 10\r\n\r\n");
}

TEST(CachePolicy, AValidationMakesItFreshWithNewFields) {
    const auto stored = whole("Cache-Control: max-age=9\r\nETag: \"1\"\r\nX-A: 1\r\nX-B: 1\r\nDate: Fri, 15 Jan 2027 08:00:00 GMT\r\n");
    const CacheRequest request = asking();
    const Answer answer("X-A: 2\r\nX-A: 3\r\nETag: \"2\"\r\nContent-Length: 77\r\nContent-Encoding: gzip\r\nCache-Control: max-age=4\r\nAge: 1\r\n",
                        "304 Not Modified");
    const auto fresh = freshened(*stored, {request, "", at(20), at(20), CacheUse::shared}, answer.bytes, answer.head);
    EXPECT_EQ(fresh->head, "HTTP/1.1 200 OK\r\nETag: \"1\"\r\nX-B: 1\r\nContent-Length: 10\r\nX-A: 2\r\nX-A: 3\r\nCache-Control: max-age=4\r\nDate: Fri, 15 "
                           "Jan 2027 08:00:20 GMT\r\n\r\n");
    EXPECT_EQ(fresh->body, stored->body) << "one copy";
    EXPECT_EQ(fresh->age(at(22).steady), seconds(3));
    EXPECT_EQ(decide(request, fresh.get(), at(22).steady), CacheStep::use);
    EXPECT_EQ(decide(request, fresh.get(), at(23).steady), CacheStep::validate);
}

TEST(CachePolicy, ValidatorsTakeThePlaceOfTheClients) {
    const auto stored = whole("Cache-Control: max-age=9\r\nETag: W/\"1\"\r\nLast-Modified: Fri, 15 Jan 2021 08:00:00 GMT\r\n");
    EXPECT_EQ(with_validators("GET /a HTTP/1.1\r\nHost: h\r\nif-none-match: \"9\"\r\nRange: bytes=0-1\r\nX: y\r\n\r\n", *stored),
              "GET /a HTTP/1.1\r\nHost: h\r\nX: y\r\nIf-None-Match: W/\"1\"\r\nIf-Modified-Since: Fri, 15 Jan 2021 08:00:00 GMT\r\n\r\n");
}

TEST(CachePolicy, AClientGetsNothingNewOrAPart) {
    const auto stored = whole("Cache-Control: max-age=9\r\nContent-Type: text/plain\r\nETag: \"1\"\r\nLast-Modified: Fri, 15 Jan 2021 08:00:00 GMT\r\n");
    const auto get = [&](std::string_view fields, std::string_view method = "GET") { return portion(*stored, asking(fields, method), today); };
    EXPECT_EQ(get("").end, 10u);
    const auto unchanged = get("If-None-Match: \"2\", W/\"1\"\r\n");
    EXPECT_TRUE(unchanged.head.starts_with("HTTP/1.1 304 Not Modified\r\n"));
    EXPECT_NE(unchanged.head.find("ETag: \"1\"\r\n"), std::string::npos);
    EXPECT_EQ(unchanged.head.find("Content-"), std::string::npos);
    EXPECT_EQ(unchanged.end, 0u);
    EXPECT_TRUE(get("If-Modified-Since: Fri, 15 Jan 2021 08:00:00 GMT\r\n").head.starts_with("HTTP/1.1 304"));
    EXPECT_TRUE(get("If-None-Match: \"2\"\r\nIf-Modified-Since: Fri, 15 Jan 2021 08:00:00 GMT\r\n").head.starts_with("HTTP/1.1 200")) << "the tag decides";
    const auto undated = whole("Cache-Control: max-age=9\r\n"); // of today
    EXPECT_TRUE(portion(*undated, asking("If-Modified-Since: Fri, 15 Jan 2027 08:00:00 GMT\r\n"), today).head.starts_with("HTTP/1.1 304"));
    EXPECT_TRUE(portion(*undated, asking("If-Modified-Since: Fri, 15 Jan 2027 07:59:59 GMT\r\n"), today).head.starts_with("HTTP/1.1 200"));
    const auto part = get("Range: bytes=2-4\r\n");
    EXPECT_TRUE(part.head.starts_with("HTTP/1.1 206 Partial Content\r\n"));
    EXPECT_NE(part.head.find("Content-Range: bytes 2-4/10\r\nContent-Length: 3\r\n"), std::string::npos);
    EXPECT_EQ(part.begin, 2u);
    EXPECT_EQ(part.end, 5u);
    EXPECT_EQ(get("Range: bytes=2-4\r\nIf-Range: \"2\"\r\n").end, 10u);
    EXPECT_EQ(get("Range: bytes=0-1,3-4\r\n").end, 10u) << "several parts are not made";
    EXPECT_TRUE(get("Range: bytes=2-4\r\n", "HEAD").head.starts_with("HTTP/1.1 200"));
}

TEST(CachePolicy, RequestsInWhichItHasNoPart) {
    const auto reads = [](std::string_view text) {
        RequestHead head;
        EXPECT_FALSE(parse_request_head(text, head)) << text;
        return read_cache_request(text, head).has_value();
    };
    EXPECT_TRUE(reads("HEAD /a HTTP/1.1\r\nHost: h\r\n\r\n"));
    EXPECT_FALSE(reads("POST /a HTTP/1.1\r\nHost: h\r\n\r\n"));
    EXPECT_FALSE(reads("GET /a HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\n\r\n"));
    EXPECT_FALSE(reads("GET /a HTTP/1.1\r\nHost: h\r\nIf-Match: *\r\n\r\n"));
    EXPECT_FALSE(reads("GET /a HTTP/1.1\r\nHost: h\r\nCache-Control: no-store\r\n\r\n"));
    EXPECT_FALSE(reads("GET /a HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"));
}

TEST(CachePolicy, KeysOfUrls) {
    EXPECT_EQ(cache_url("Shop.Example:80", "/a", "?b=C"), "shop.example:80/a?b=C");
    EXPECT_EQ(parse_cache_url("HTTPS://Shop.example/a//b/../c?d"), "shop.example/a/c?d");
    EXPECT_FALSE(parse_cache_url("/a"));
    EXPECT_FALSE(parse_cache_url("shop.example"));
    EXPECT_FALSE(parse_cache_url("h/%2F"));
    EXPECT_EQ(referred_url("/b?c#d", "h", "/x/y"), "h/b?c");
    EXPECT_EQ(referred_url("b", "h", "/x/y"), "h/x/b");
    EXPECT_EQ(referred_url("https://H/b", "h", "/"), "h/b");
    EXPECT_FALSE(referred_url("https://other/b", "h", "/"));
    EXPECT_FALSE(referred_url("//other/b", "h", "/"));
    EXPECT_FALSE(referred_url("https://h", "h", "/"));
}

TEST(FrequencySketch, KnowsWhatIsAskedForOften) {
    FrequencySketch sketch(100);
    for (int i = 0; i < 8; ++i) sketch.add(12345);
    for (std::uint64_t other = 0; other < 50; ++other) sketch.add(other * 0x9e3779b97f4a7c15u);
    EXPECT_GE(sketch.estimate(12345), 8u);
    EXPECT_LT(sketch.estimate(999'999), 8u);
    for (std::uint64_t other = 0; other < 20'000; ++other) sketch.add(other % 4 * 0x9e3779b97f4a7c15u);
    EXPECT_LT(sketch.estimate(12345), 2u) << "and forgets";
}

} // namespace
} // namespace gravity::gateway::test
