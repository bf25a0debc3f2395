// YAML files with several documents, as Spring Boot has them.
#include "spring_documents.hpp"

#include <gravity/base/problem.hpp>

#include <gtest/gtest.h>

namespace gravity::config {
namespace {

std::string read_documents(std::string_view content, const ConfigName& own = "default") {
    std::string all;
    try {
        for (const auto& [profile, items] : read_spring_yaml(content, own)) all += profile.str() + to_json(items).dump() + " ";
    } catch (const Refusal& refused) {
        return refused.faults().empty() ? std::string(refused.problem().slug) : refused.faults().front().pointer + " " + refused.faults().front().detail;
    }
    return all;
}

TEST(SpringDocuments, AreOfTheProfilesThatTheyName) {
    EXPECT_EQ(read_documents("port: 1\n---\nspring.config.activate.on-profile: dev\nport: 2\n---\nspring:\n  profiles: dev, eu\nname: x\n"),
              R"(default{"port":1} dev{"name":"x","port":2} eu{"name":"x"} )");
    EXPECT_EQ(read_documents("spring:\n  config:\n    activate:\n      on-profile: [dev, eu]\n  application:\n    name: shop\n"),
              R"(dev{"spring.application.name":"shop"} eu{"spring.application.name":"shop"} )");
    EXPECT_EQ(read_documents("spring.profiles.active: dev\n"), R"(default{"spring.profiles.active":"dev"} )") << "which is a setting";
}

TEST(SpringDocuments, ComeOnTopOfEarlierOnes) {
    EXPECT_EQ(read_documents("a: 1\nlist: [1, 2]\n---\na: 2\nlist: [3]\nb: 3\n"), R"(default{"a":2,"b":3,"list[0]":3} )");
    EXPECT_EQ(read_documents("--- # the first\na: 1\n"), R"(default{"a":1} )");
    EXPECT_EQ(read_documents("# a comment\r\n---\r\na: 1\r\n...\r\n---\r\nb: 2\r\n"), R"(default{"a":1,"b":2} )");
    EXPECT_EQ(read_documents("text: |\n  ---\n  x\n"), R"(default{"text":"---\nx\n"} )") << "within a text";
    EXPECT_EQ(read_documents("--- {a: 1}\n"), R"(default{"a":1} )");
    EXPECT_EQ(read_documents(""), "default{} ");
    EXPECT_EQ(read_documents("a: 1\n", "dev"), R"(dev{"a":1} )");
}

TEST(SpringDocuments, AreRefused) {
    EXPECT_EQ(read_documents("spring.config.activate.on-profile: \"!dev\"\n"),
              "/items/spring.config.activate.on-profile must be names of profiles: expressions are not taken");
    EXPECT_EQ(read_documents("spring.profiles: eu\n", "dev"), "/items a file of a profile has a document of others");
    EXPECT_EQ(read_documents("a: 1\n---\nb: 1\nb: 2\n").substr(0, 26), "/content of document 2: li");
    EXPECT_EQ(read_documents("a: 1\na: 2\n"), R"(/content line 2, column 1: "a" stands twice)");
    std::string many = "a: 0\n";
    for (int i = 0; i < 100; ++i) many += "---\na: 1\n";
    EXPECT_EQ(read_documents(many), "/content has more than 100 documents");
}

TEST(SpringDocuments, AreOfSoManyProfilesAtMost) {
    const auto names = [](int from, int to) {
        std::string all;
        for (int i = from; i < to; ++i) all += (all.empty() ? "p" : ",p") + std::to_string(i);
        return all;
    };
    EXPECT_EQ(read_spring_yaml("spring.profiles: \"" + names(0, 100) + "\"\na: 1\n", "default").size(), 100u);
    EXPECT_EQ(read_documents("spring.profiles: \"" + names(0, 101) + "\"\na: 1\n"), "/items/spring.profiles names more than 100 profiles");
    EXPECT_EQ(read_documents("spring.profiles: \"" + names(0, 60) + "\"\n---\nspring.profiles: \"" + names(50, 101) + "\"\n"),
              "/content has settings of more than 100 profiles");
    const std::string large = "\na: " + std::string(200'000, 'x') + "\n";
    EXPECT_EQ(read_spring_yaml("spring.profiles: \"" + names(0, 40) + "\"" + large, "default").size(), 40u);
    EXPECT_EQ(read_documents("spring.profiles: \"" + names(0, 50) + "\"" + large), "/content has more than 8388608 bytes for all its profiles");
}

} // namespace
} // namespace gravity::config
