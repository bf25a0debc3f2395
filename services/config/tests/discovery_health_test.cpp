#include "discovery_health.hpp"

#include <gtest/gtest.h>

#include <stdexcept>

namespace gravity::config {
namespace {

const ProjectId own = ProjectId::fresh();

std::string told(const std::string& document) {
    std::string text;
    for (const auto& [instance, state] : check_states(document, own)) text += instance + " " + std::to_string(static_cast<int>(state)) + " ";
    return text;
}

TEST(DiscoveryHealthStates, AreTheWorstOfAnInstancesChecks) {
    const std::string of = R"({"Node":{},"Service":{"ID":")";
    EXPECT_EQ(told("[" + of + R"(a"},"Checks":[{"Status":"passing"},{"Status":"warning"}]},)" + of +
                   R"(b"},"Checks":[{"Status":"critical"},{"Status":"passing"}]},)" + of + R"(c"},"Checks":[]},)" + of + R"(d"}},)" + of +
                   R"(e"},"Checks":[{"Status":"maintenance"}]}])"),
              "a 1 b 2 c 0 d 0 e 2 ");
    EXPECT_EQ(told("[]"), "");
    EXPECT_EQ(told("[" + of + R"(a"},"Checks":[{"Status":5},"x",null]}])"), "a 2 "); // what is no status is none that passes
}

TEST(DiscoveryHealthStates, AreNotThoseOfAnotherProject) {
    const auto instance = [](const std::string& id, const std::string& project) {
        return R"({"Service":{"ID":")" + id + R"(","Meta":{"project":")" + project + R"("}},"Checks":[{"Status":"passing"}]})";
    };
    EXPECT_EQ(told("[" + instance("ours", own.to_string()) + "," + instance("theirs", ProjectId::fresh().to_string()) + "]"), "ours 0 ");
}

TEST(DiscoveryHealthStates, AreInNoOtherDocument) {
    for (const std::string bad : {"", "{}", "[{}]", "[5]", R"([{"Service":{}}])", R"([{"Service":{"ID":5}}])", R"([{"Service":5}])"})
        EXPECT_THROW(told(bad), std::invalid_argument) << bad;
}

} // namespace
} // namespace gravity::config
