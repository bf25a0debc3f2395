// What is added up before it is written: exact, and of each key for itself.
#include "usage_sums.hpp"

#include <gtest/gtest.h>

#include <map>
#include <string>

namespace gravity::project {
namespace {

Meter some_meter() {
    Meter meter;
    meter.id = MeterId::fresh();
    return meter;
}

Counted once(const Meter& meter, std::int64_t second, const std::string& value, const std::string& subject = "", const std::string& grouping = "{}") {
    return {&meter, Timestamp::from_unix_seconds(second), subject, grouping, Decimal::parse(value).or_throw()};
}

TEST(UsageSums, AreExact) {
    const Meter meter = some_meter();
    const auto sums = [&](const std::vector<std::string>& values) {
        std::vector<Counted> counted;
        for (const auto& value : values) counted.push_back(once(meter, 1000, value));
        const UsageSums made = sums_of(counted);
        EXPECT_EQ(made.counts, std::vector<std::int64_t>{static_cast<std::int64_t>(values.size())});
        return made.sums.at(0) + " " + made.least.at(0) + " " + made.most.at(0);
    };
    EXPECT_EQ(sums({"0.1", "0.2"}), "0.3 0.1 0.2");
    EXPECT_EQ(sums({"0"}), "0 0 0");
    EXPECT_EQ(sums({"-1.5", "1.5"}), "0 -1.5 1.5");
    EXPECT_EQ(sums({"-0.000000000001", "-0.25"}), "-0.250000000001 -0.25 -0.000000000001");
    EXPECT_EQ(sums({"100", "20.50"}), "120.5 20.5 100");
    EXPECT_EQ(sums(std::vector<std::string>(2'000, "999999999999999999.999999999999")),
              "1999999999999999999999.999999998 999999999999999999.999999999999 999999999999999999.999999999999");
}

TEST(UsageSums, AreOfEachKeyForItself) {
    const Meter one = some_meter(), two = some_meter();
    const UsageSums sums = sums_of({once(one, 899, "1"), once(one, 0, "2"), once(one, 900, "4"), once(two, 0, "8"), once(one, 0, "16", "ada"),
                                    once(one, 0, "32", "", R"({"model":"m"})"), once(one, -1, "64")});
    std::map<std::string, std::string> rows;
    for (std::size_t i = 0; i < sums.sums.size(); ++i)
        rows[(sums.meters[i] == one.id ? "one " : "two ") + std::to_string(sums.quarters[i].unix_seconds()) + " " + sums.subjects[i] + sums.groupings[i]] =
            sums.sums[i] + "/" + std::to_string(sums.counts[i]);
    std::map<std::string, std::string> expected = {{"one 0 {}", "3/2"}, {"one 900 {}", "4/1"}, {"two 0 {}", "8/1"}, {"one 0 ada{}", "16/1"}};
    expected[R"(one 0 {"model":"m"})"] = "32/1";
    expected["one -900 {}"] = "64/1";
    EXPECT_EQ(rows, expected);
    EXPECT_TRUE(sums_of({}).sums.empty());
}

} // namespace
} // namespace gravity::project
