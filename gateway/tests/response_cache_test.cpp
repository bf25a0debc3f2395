#include "response_cache.hpp"

#include <gtest/gtest.h>

/// What is kept, for how long there is room, and who fetches for whom.
namespace gravity::gateway::test {
namespace {

using std::chrono::seconds;
using Step = CacheStep;
const auto start = std::chrono::steady_clock::time_point() + std::chrono::hours(1);

CacheRequest request(std::string url, std::string space = "s") {
    CacheRequest request;
    request.url = std::move(url);
    request.space = std::move(space);
    return request;
}
StoredPtr answer(std::string url, std::size_t size = 100, std::vector<std::string> tags = {}) {
    Stored stored;
    stored.url = std::move(url);
    stored.space = "s";
    stored.head = "HTTP/1.1 200 OK\r\n\r\n";
    stored.received = start;
    stored.lifetime = seconds(60);
    stored.tags = std::move(tags);
    return complete(std::move(stored), std::string(size, 'x'));
}
const ResponseCache::Waiter nobody = [](const ResponseCache::Landing&) { ADD_FAILURE() << "nobody waits"; };
bool has(ResponseCache& cache, const std::string& url) { return cache.seek(request(url), "", start, nobody).step == Step::use; }

TEST(ResponseCache, KeepsAndPurges) {
    ResponseCache cache({});
    EXPECT_FALSE(cache.in_use());
    for (const char* url : {"h/a", "h/a/b", "h/c", "g/a"}) cache.store(answer(url, 100, {url[2] == 'a' ? "letter-a" : "other"}), start);
    EXPECT_EQ(cache.entries(), 4u);
    EXPECT_TRUE(has(cache, "h/a"));
    EXPECT_TRUE(cache.in_use());
    EXPECT_FALSE(has(cache, "h/d"));
    EXPECT_EQ(cache.purge_url("h/a", start), 1u);
    EXPECT_EQ(cache.purge_url("h/a", start), 0u);
    EXPECT_EQ(cache.purge_tag("letter-a", start), 2u);
    EXPECT_EQ(cache.purge_prefix("h/", start), 1u);
    EXPECT_EQ(cache.entries(), 0u);
    EXPECT_EQ(cache.bytes(), 0u);
}

TEST(ResponseCache, ANewAnswerTakesThePlaceOfTheOld) {
    ResponseCache cache({});
    cache.store(answer("h/a", 10), start);
    cache.store(answer("h/a", 20), start);
    EXPECT_EQ(cache.entries(), 1u);
    EXPECT_EQ(cache.seek(request("h/a"), "", start, nobody).stored->body->size(), 20u);
    EXPECT_EQ(cache.seek(request("h/a", "another"), "", start, nobody).step, Step::fetch) << "of another space it is another";
    cache.forget(*answer("h/a"));
    EXPECT_EQ(cache.entries(), 1u) << "only the very one goes";
    const auto kept = cache.seek(request("h/a"), "", start, nobody).stored;
    cache.forget(*kept);
    EXPECT_EQ(cache.entries(), 0u);
}

TEST(ResponseCache, MemoryIsBounded) {
    const CacheLimits limits{.bytes = 64 * 1024, .entries = 1000, .body = 16 * 1024};
    ResponseCache cache(limits);
    for (int i = 0; i < 500; ++i) {
        cache.store(answer("h/" + std::to_string(i), 1000), start);
        ASSERT_LE(cache.bytes(), limits.bytes);
    }
    EXPECT_GT(cache.entries(), 10u);
    cache.store(answer("h/large", 65 * 1024), start);
    EXPECT_FALSE(has(cache, "h/large"));

    ResponseCache few({.bytes = 1 << 20, .entries = 3, .body = 1 << 20});
    for (int i = 0; i < 9; ++i) few.store(answer("h/" + std::to_string(i)), start);
    EXPECT_EQ(few.entries(), 3u);

    auto first = few.room(600 * 1024);
    EXPECT_TRUE(first);
    EXPECT_FALSE(few.room(600 * 1024)) << "not twice at once";
    first = {};
    EXPECT_TRUE(few.room(600 * 1024));
}

TEST(ResponseCache, WhatIsAskedForOftenOutlivesAScan) {
    ResponseCache cache({.bytes = 64 * 1024, .entries = 10, .body = 64 * 1024});
    cache.store(answer("h/popular"), start);
    for (int i = 0; i < 5; ++i) EXPECT_TRUE(has(cache, "h/popular"));
    for (int i = 0; i < 100; ++i) {
        const std::string url = "h/scan" + std::to_string(i);
        cache.seek(request(url), "", start, nobody).lead.decline(false);
        cache.store(answer(url), start);
    }
    EXPECT_TRUE(has(cache, "h/popular"));
    EXPECT_EQ(cache.entries(), 10u);
}

TEST(ResponseCache, WhatWasAskedForBeforeItWasOutdatedIsNotKept) {
    ResponseCache cache({});
    cache.purge_url("h/a", start + seconds(5));
    cache.store(answer("h/a"), start + seconds(5));
    EXPECT_FALSE(has(cache, "h/a"));
    cache.store(answer("h/a"), start + seconds(6));
    EXPECT_TRUE(has(cache, "h/a"));
    cache.purge_prefix("other/", start + seconds(9));
    cache.store(answer("h/b"), start + seconds(8));
    EXPECT_FALSE(has(cache, "h/b")) << "which may be what was meant";
}

TEST(ResponseCache, SomethingOutdatedIsRememberedThroughManyOthers) {
    ResponseCache cache({.bytes = 1 << 20, .entries = 100, .body = 1 << 20}); // one shard
    cache.purge_url("h/a", start + seconds(5));
    for (int i = 0; i < 1000; ++i) cache.purge_url("h/" + std::to_string(i), start + seconds(6));
    cache.store(answer("h/a"), start + seconds(4));
    EXPECT_FALSE(has(cache, "h/a"));
}

TEST(ResponseCache, OneFetchesForAllWhoWait) {
    ResponseCache cache({});
    std::vector<ResponseCache::Landing> landed;
    const ResponseCache::Waiter wait = [&](const ResponseCache::Landing& landing) { landed.push_back(landing); };
    auto first = cache.seek(request("h/a"), "", start, nobody);
    ASSERT_TRUE(first.lead);
    EXPECT_FALSE(first.waits);
    for (int i = 0; i < 3; ++i) EXPECT_TRUE(cache.seek(request("h/a"), "", start, wait).waits);
    EXPECT_TRUE(cache.seek(request("h/a", "another"), "", start, nobody).lead) << "of another space is another fetch";
    const auto stored = answer("h/a");
    first.lead.land(stored);
    ASSERT_EQ(landed.size(), 3u);
    EXPECT_EQ(landed[2].stored, stored);
    first.lead.land(stored);
    EXPECT_EQ(landed.size(), 3u) << "once";
}

TEST(ResponseCache, WhoLeadsAndGoesAwayLeavesItToAnother) {
    ResponseCache cache({});
    bool again = false;
    const ResponseCache::Waiter wait = [&](const ResponseCache::Landing& landing) { again = landing.again; };
    {
        const auto first = cache.seek(request("h/a"), "", start, nobody);
        EXPECT_TRUE(cache.seek(request("h/a"), "", start, wait).waits);
    }
    EXPECT_TRUE(again);
    EXPECT_TRUE(cache.seek(request("h/a"), "", start, nobody).lead);
}

TEST(ResponseCache, NobodyWaitsForWhatWasNotForOthers) {
    ResponseCache cache({});
    cache.seek(request("h/a"), "", start, nobody).lead.decline(true);
    const auto next = cache.seek(request("h/a"), "", std::chrono::steady_clock::now(), nobody);
    EXPECT_FALSE(next.lead);
    EXPECT_FALSE(next.waits);
    EXPECT_TRUE(cache.seek(request("h/a"), "", std::chrono::steady_clock::now() + std::chrono::minutes(1), nobody).lead) << "not for ever";
}

TEST(ResponseCache, WhoComesAfterAPurgeDoesNotWaitForAnOlderFetch) {
    ResponseCache cache({});
    const auto before = cache.seek(request("h/a"), "", start, nobody);
    cache.purge_url("h/a", start);
    EXPECT_TRUE(cache.seek(request("h/a"), "", start, nobody).lead);
}

TEST(ResponseCache, RequestsThatAskForMoreGoTheirOwnWay) {
    ResponseCache cache({});
    const auto first = cache.seek(request("h/a"), "", start, nobody);
    for (auto change :
         {+[](CacheRequest& r) { r.head = true; }, +[](CacheRequest& r) { r.conditional = true; }, +[](CacheRequest& r) { r.control.no_cache = true; }}) {
        CacheRequest other = request("h/a");
        change(other);
        const auto sought = cache.seek(other, "", start, nobody);
        EXPECT_FALSE(sought.waits || sought.lead);
    }
}

TEST(ResponseCache, OneRefreshesWhatOthersUseMeanwhile) {
    ResponseCache cache({});
    Stored stored = *answer("h/a");
    stored.while_revalidate = seconds(60);
    cache.store(std::make_shared<const Stored>(stored), start);
    const auto first = cache.seek(request("h/a"), "", start + seconds(61), nobody);
    EXPECT_EQ(first.step, Step::use_and_refresh);
    EXPECT_TRUE(first.lead);
    const auto second = cache.seek(request("h/a"), "", start + seconds(61), nobody);
    EXPECT_EQ(second.step, Step::use_and_refresh);
    EXPECT_FALSE(second.lead || second.waits);
}

} // namespace
} // namespace gravity::gateway::test
