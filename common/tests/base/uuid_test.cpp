#include <gravity/base/uuid.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <ctime>
#include <set>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <unordered_set>
#include <vector>

using gravity::Id;
using gravity::Uuid;

namespace {

unsigned version(const Uuid& id) { return id.bytes()[6] >> 4; }
unsigned variant(const Uuid& id) { return id.bytes()[8] >> 6; }

TEST(Uuid, ReadsAndWritesTheTextForm) {
    const auto id = Uuid::parse("017F22E2-79B0-7CC3-98C4-DC0C0C07398F"); // RFC 9562 appendix A.6
    ASSERT_TRUE(id);
    EXPECT_EQ(id->to_string(), "017f22e2-79b0-7cc3-98c4-dc0c0c07398f");
    EXPECT_EQ(version(*id), 7u);
    EXPECT_EQ(id->bytes()[0], 0x01);
    EXPECT_EQ(id->bytes()[15], 0x8f);
}

TEST(Uuid, RefusesEverythingElse) {
    for (const char* text :
         {"", "017f22e2", "{017f22e2-79b0-7cc3-98c4-dc0c0c07398f}", "urn:uuid:017f22e2-79b0-7cc3-98c4-dc0c0c07398f",
          "017f22e279b07cc398c4dc0c0c07398f", "017f22e2-79b0-7cc3-98c4-dc0c0c07398",
          "017f22e2-79b0-7cc3-98c4-dc0c0c07398f0", "017f22e2-79b0-7cc3-98c4-dc0c0c07398g",
          "017f22e2-79b0-7cc3-98c4_dc0c0c07398f", "017f22e27-9b0-7cc3-98c4-dc0c0c07398f",
          "00000000-0000-0000-0000-000000000000", " 17f22e2-79b0-7cc3-98c4-dc0c0c07398f"}) {
        EXPECT_FALSE(Uuid::parse(text)) << text;
    }
}

TEST(Uuid, Version7HoldsTheTimeAndGrows) {
    const auto before = static_cast<std::uint64_t>(std::time(nullptr)) * 1000;
    Uuid last = Uuid::v7();
    EXPECT_EQ(version(last), 7u);
    EXPECT_EQ(variant(last), 2u);
    std::uint64_t ms = 0;
    for (std::size_t i = 0; i < 6; ++i) ms = ms << 8 | last.bytes()[i];
    EXPECT_GE(ms, before);
    for (int i = 0; i < 100'000; ++i) { // far more than 4,096 in a millisecond, so the counter runs over
        const Uuid next = Uuid::v7();
        ASSERT_LT(last, next);
        ASSERT_EQ(version(next), 7u);
        ASSERT_EQ(variant(next), 2u);
        last = next;
    }
}

TEST(Uuid, Version7OfSeveralThreadsIsUniqueAndGrowsInEach) {
    std::vector<std::vector<Uuid>> made(4);
    std::vector<std::thread> threads;
    for (auto& ids : made) {
        threads.emplace_back([&ids] {
            for (int i = 0; i < 20'000; ++i) ids.push_back(Uuid::v7());
        });
    }
    for (auto& thread : threads) thread.join();
    std::unordered_set<std::string> heads; // time and counter alone are unique within a process
    for (const auto& ids : made) {
        EXPECT_TRUE(std::is_sorted(ids.begin(), ids.end()));
        for (const Uuid& id : ids) heads.insert(id.to_string().substr(0, 18));
    }
    EXPECT_EQ(heads.size(), 80'000u);
}

TEST(Uuid, Version4IsRandom) {
    std::set<Uuid> seen;
    std::array<int, 16> ones{};
    for (int i = 0; i < 10'000; ++i) {
        const Uuid id = Uuid::v4();
        ASSERT_EQ(version(id), 4u);
        ASSERT_EQ(variant(id), 2u);
        seen.insert(id);
        for (std::size_t b = 0; b < 16; ++b) ones[b] += id.bytes()[b] & 1;
    }
    EXPECT_EQ(seen.size(), 10'000u);
    for (const int n : ones) EXPECT_NEAR(n, 5'000, 500); // ten standard deviations
}

TEST(Uuid, AForkedChildMakesOtherIds) {
    (void)Uuid::v4(); // fills the buffer that a fork copies
    int ends[2];
    ASSERT_EQ(pipe(ends), 0);
    const pid_t child = fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
        const std::string text = Uuid::v4().to_string();
        const ssize_t n = write(ends[1], text.data(), text.size());
        _exit(n == 36 ? 0 : 1);
    }
    const std::string ours = Uuid::v4().to_string();
    char theirs[36];
    ASSERT_EQ(read(ends[0], theirs, sizeof theirs), 36);
    int status = 0;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0);
    close(ends[0]);
    close(ends[1]);
    EXPECT_NE(ours, std::string(theirs, 36));
}

TEST(Id, IsUnsetUntilMadeAndDescribesItself) {
    using ProductId = Id<"product">;
    EXPECT_FALSE(ProductId{}.is_set());
    const ProductId id = ProductId::fresh();
    EXPECT_TRUE(id.is_set());
    const auto again = ProductId::parse(id.to_string());
    ASSERT_TRUE(again);
    EXPECT_EQ(*again, id);
    EXPECT_FALSE(ProductId::parse("product"));
    static_assert(!std::is_convertible_v<ProductId, Id<"order">>);

    constexpr gravity::meta::Type type = ProductId::describe();
    EXPECT_EQ(type.format, "uuid");
    ProductId read;
    std::string why;
    EXPECT_TRUE(type.text->from_text(id.to_string(), &read, why));
    EXPECT_EQ(read, id);
    EXPECT_TRUE(type.is_set(&read));
    EXPECT_FALSE(type.text->from_text("x", &read, why));
    EXPECT_NE(why, "");
}

} // namespace
