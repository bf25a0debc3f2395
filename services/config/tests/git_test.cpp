// Names in repositories, and programs that are run.
#include "git_domain.hpp"
#include "git_fetch.hpp"
#include "process.hpp"

#include <gtest/gtest.h>

namespace gravity::config {
namespace {

template <class T>
std::string parsed(std::string_view text) {
    const auto value = T::parse(text);
    return value ? value->str() : "refused";
}

TEST(GitUrl, IsOneOfThreeKinds) {
    EXPECT_EQ(parsed<GitUrl>("https://Git.Example.com/a/b.git"), "https://git.example.com/a/b.git");
    EXPECT_EQ(parsed<GitUrl>("http://example.com:8080/x"), "http://example.com:8080/x");
    EXPECT_EQ(parsed<GitUrl>("file:///srv/git/settings.git"), "file:///srv/git/settings.git");
    EXPECT_EQ(GitUrl("https://example.com/x").scheme(), "https");
    EXPECT_EQ(GitUrl("file:///x").scheme(), "file");
    for (const std::string_view bad :
         {"", "ssh://git@example.com/x", "git@example.com:x", "ext::sh -c id", "https://user:pw@example.com/x", "https://example.com/x?y",
          "https://example.com/x#y", "file://host/x", "file:///a/../b", "file:///a b", "--upload-pack=id", "/srv/git"})
        EXPECT_EQ(parsed<GitUrl>(bad), "refused") << bad;
}

TEST(GitRef, IsNoOption) {
    for (const std::string_view good : {"main", "v1.2.3", "release/2026-01", "a_b"}) EXPECT_EQ(parsed<GitRef>(good), good);
    for (const std::string_view bad :
         {"", "-x", "--upload-pack=id", "a..b", "a/../b", "/a", "a/", "a//b", "a b", "a:b", "a^{}", ".a", "a/.b", "a.", "a.lock", "@{-1}", "a/-b"})
        EXPECT_EQ(parsed<GitRef>(bad), "refused") << bad;
    EXPECT_EQ(parsed<GitRef>(std::string(201, 'a')), "refused");
}

std::string whose(std::string_view name, const std::vector<ConfigName>& applications = {"shop", "shop-eu", "application"}) {
    const auto file = settings_file(name, applications);
    return file ? file->application.str() + " " + file->profile.str() + " " + std::string(meta::enum_name(file->format)) : "nobody's";
}

TEST(GitFiles, AreNamedAsSpringHasThem) {
    EXPECT_EQ(whose("shop.yml"), "shop default yaml");
    EXPECT_EQ(whose("shop-dev.yaml"), "shop dev yaml");
    EXPECT_EQ(whose("shop-eu.properties"), "shop-eu default properties") << "the longest application that fits";
    EXPECT_EQ(whose("shop-eu-dev.json"), "shop-eu dev json");
    EXPECT_EQ(whose("shop-eu.yml", {"shop"}), "shop eu yaml");
    EXPECT_EQ(whose("application-dev.yml"), "application dev yaml");
    for (const std::string_view other : {"shop", "shop.txt", "shops.yml", "till.yml", "shop-.yml", "shop-DEV.yml", ".yml", "README.md", "shop.yml.bak"})
        EXPECT_EQ(whose(other), "nobody's") << other;
}

TEST(GitFiles, AreListed) {
    using namespace std::string_view_literals;
    const auto files = files_of_tree("100644 blob ded4ca7f       8\tconf/shop.yml\0"
                                     "040000 tree af70af0d       -\tconf\0"
                                     "120000 blob aa11           9\tlink.yml\0"
                                     "160000 commit bb22         -\tmodule\0"
                                     "100755 blob cc33          10\trun me.yml\0"sv);
    ASSERT_TRUE(files);
    ASSERT_EQ(files->size(), 2u) << "no links, no modules, no directories";
    EXPECT_EQ((*files)[0].path, "conf/shop.yml");
    EXPECT_EQ((*files)[0].bytes, 8u);
    EXPECT_EQ((*files)[0].object, "ded4ca7f");
    EXPECT_EQ((*files)[1].path, "run me.yml");
    EXPECT_TRUE(files_of_tree("")->empty());
    for (const std::string_view bad :
         {"x"sv, "100644 blob aa 8 conf\0"sv, "100644 blob aa x\tconf\0"sv, "100644 blob --x 8\tconf\0"sv, "100644 blob aa 8\tconf"sv})
        EXPECT_FALSE(files_of_tree(bad)) << bad;
}

ProcessEnd run(const std::vector<std::string>& arguments, int seconds = 20, std::size_t output = 1'000) {
    return run_process(arguments, {"PATH=/usr/bin:/bin", "GREETING=hello"}, {std::chrono::steady_clock::now() + std::chrono::seconds(seconds), output});
}

TEST(Processes, AreRunWithoutAShell) {
    const ProcessEnd end = run({"printf", "%s", "a;b $HOME `id`"});
    EXPECT_EQ(end.how, ProcessEnd::How::exited);
    EXPECT_EQ(end.status, 0);
    EXPECT_EQ(end.output, "a;b $HOME `id`");
    EXPECT_EQ(run({"env"}).output, "PATH=/usr/bin:/bin\nGREETING=hello\n") << "nothing of the surroundings";
    const ProcessEnd failing = run({"sh", "-c", "echo out; echo wrong >&2; exit 3"});
    EXPECT_EQ(failing.status, 3);
    EXPECT_EQ(failing.output + failing.errors, "out\nwrong\n");
    EXPECT_EQ(run({"cat"}).output, "") << "there is nothing to read";
}

TEST(Processes, AreBounded) {
    const auto begun = std::chrono::steady_clock::now();
    EXPECT_EQ(run({"sh", "-c", "sleep 60 & sleep 60"}, 1).how, ProcessEnd::How::late);
    EXPECT_EQ(run({"sh", "-c", "exec >&- 2>&-; sleep 60"}, 1).how, ProcessEnd::How::late) << "one that says nothing more";
    EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::seconds(30));
    const ProcessEnd flooding = run({"yes"});
    EXPECT_EQ(flooding.how, ProcessEnd::How::too_much_output);
    EXPECT_EQ(flooding.output.size(), 1'000u);
    EXPECT_EQ(run({"sh", "-c", "kill -9 $$"}).how, ProcessEnd::How::killed);
    const ProcessEnd absent = run({"gravity-no-such-program"});
    EXPECT_EQ(absent.how, ProcessEnd::How::not_started);
    EXPECT_NE(absent.errors, "");
    EXPECT_LE(run({"sh", "-c", "yes wrong | head -c 100000 >&2"}).errors.size(), 2'000u);
}

std::string fault(const GitUrl& url, const GitOptions& options) {
    try {
        check_git_url(url, options);
    } catch (const GitFault& found) {
        return found.what();
    }
    return "";
}

TEST(GitUrl, LeadsNowhereItMayNot) {
    GitOptions options;
    const std::string refused = "the host has an address that may not be asked";
    for (const char* url :
         {"https://127.0.0.1/x", "https://10.0.0.1/x", "https://169.254.169.254/x", "https://[::1]/x", "https://[::ffff:127.0.0.1]/x", "https://localhost/x"})
        EXPECT_EQ(fault(GitUrl::parse(url).or_throw(), options), refused) << url;
    EXPECT_EQ(fault("http://192.0.2.1/x", options), "http is not a way that may be gone");
    EXPECT_EQ(fault("file:///x", options), "file is not a way that may be gone");
    EXPECT_EQ(fault("https://8.8.8.8/x", options), "");
    options.policy = http::AddressPolicy({"10.0.0.0/8"});
    EXPECT_EQ(fault("https://10.0.0.1/x", options), "");
    EXPECT_EQ(fault("https://192.168.0.1/x", options), refused);
    options.schemes = {"file"};
    EXPECT_EQ(fault("file:///x", options), "");
}

} // namespace
} // namespace gravity::config
