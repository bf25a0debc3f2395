// What git servers say when something was pushed.
#include "git_push.hpp"

#include <gtest/gtest.h>

namespace gravity::config {
namespace {

std::string place_of_address(std::string_view address) { return repository_place(address).value_or("nowhere"); }

TEST(RepositoryPlace, IsTheSameHoweverItIsWritten) {
    for (const std::string_view address :
         {"https://github.com/ada/settings.git", "https://GitHub.com/ada/settings", "https://ada@github.com:443/ada/settings/",
          "ssh://git@github.com/ada/settings",
          "ssh://git@github.com:22/ada/settings.git", "git@github.com:ada/settings.git", "git://github.com/ada/settings.git"})
        EXPECT_EQ(place_of_address(address), "github.com/ada/settings") << address;
    EXPECT_EQ(place_of_address("https://github.com/Ada/settings"), "github.com/Ada/settings") << "a path may tell capitals apart";
    EXPECT_EQ(place_of_address("ssh://[2001:db8::1]:22/x"), "[2001:db8::1]/x");
    EXPECT_EQ(place_of_address("https://[2001:db8::1]/x"), "[2001:db8::1]/x");
    EXPECT_EQ(place_of_address("file:///srv/git/x.git"), "/srv/git/x");
    for (const std::string_view none : {"", "github.com", "https://github.com", "https://github.com/", "https:///x", "/srv/git/x", ":x", "git@github.com:"})
        EXPECT_EQ(place_of_address(none), "nowhere") << none;
}

bool is_of(const std::string& message, std::string_view of = "example.com/ada/settings", std::string_view ref = "main") {
    return read_push(Json::parse(message).or_throw()).is_of(of, ref);
}

TEST(Pushes, AreTakenFromEachKindOfServer) {
    const std::string github = R"({"ref":"refs/heads/main","repository":{"clone_url":"https://example.com/ada/settings.git"}})";
    EXPECT_TRUE(is_of(github));
    EXPECT_FALSE(is_of(github, "example.com/ada/settings", "next"));
    EXPECT_FALSE(is_of(github, "example.com/ada/other"));
    EXPECT_TRUE(is_of(R"({"ref":"refs/tags/v1","project":{"git_ssh_url":"git@example.com:ada/settings.git"}})", "example.com/ada/settings", "v1"));
    EXPECT_TRUE(is_of(R"({"ref":"refs/heads/a/b","repository":{"ssh_url":"ssh://git@example.com/ada/settings.git"}})", "example.com/ada/settings", "a/b"));
    const std::string bitbucket = R"({"repository":{"links":{"html":{"href":"https://example.com/ada/settings"}}},
                                      "push":{"changes":[{"new":{"name":"next"}},{"new":null},{"new":{"name":"main"}}]}})";
    EXPECT_TRUE(is_of(bitbucket));
    EXPECT_FALSE(is_of(bitbucket, "example.com/ada/settings", "old"));
    EXPECT_TRUE(is_of(R"({"repository":{"url":"https://example.com/ada/settings"}})")) << "it does not say which branch";

    // What was deleted is not there to be pulled, and a ping tells of no push.
    const std::string whose = R"("repository":{"clone_url":"https://example.com/ada/settings.git"})";
    EXPECT_FALSE(is_of(R"({"ref":"refs/heads/main","after":"0000000000000000000000000000000000000000",)" + whose + "}"));
    EXPECT_TRUE(is_of(R"({"ref":"refs/heads/main","after":"0000000000000000000000000000000000000001",)" + whose + "}"));
    EXPECT_FALSE(is_of(R"({"push":{"changes":[{"old":{"name":"main"},"new":null}]},)" + whose + "}"));
    EXPECT_FALSE(is_of(R"({"push":{"changes":[]},)" + whose + "}"));
    EXPECT_FALSE(is_of(R"({"zen":"Keep it logically awesome.","hook_id":1,"hook":{"type":"Repository"},)" + whose + "}"));
    for (const std::string none : {"{}", R"({"repository":"x"})", R"({"repository":{"clone_url":5,"links":[]},"ref":{}})", R"({"push":{"changes":[5]}})"})
        EXPECT_FALSE(is_of(none)) << none;
}

} // namespace
} // namespace gravity::config
