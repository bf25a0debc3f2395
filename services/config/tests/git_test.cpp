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

TEST(GitUrl, MayBeOfSsh) {
    EXPECT_EQ(parsed<GitUrl>("ssh://Git.Example.com/team/settings.git"), "ssh://git.example.com/team/settings.git");
    EXPECT_EQ(parsed<GitUrl>("ssh://example.com:2222/x"), "ssh://example.com:2222/x");
    EXPECT_EQ(parsed<GitUrl>("ssh://example.com:443/x"), "ssh://example.com:443/x") << "a port that is usual elsewhere";
    for (const std::string_view bad : {"ssh://example.com", "ssh://example.com/", "ssh://git@example.com/x", "ssh://example.com:80/x",
                                       "ssh://-oProxyCommand=id/x",
                                       "ssh://example.com/x?y", "ssh://example.com/x#y", "ssh:///x", "ssh://"})
        EXPECT_EQ(parsed<GitUrl>(bad), "refused") << bad;
    const GitUrl url("ssh://[2001:db8::1]:2222/x");
    EXPECT_EQ(std::string(url.scheme()) + " " + url.host() + " " + std::to_string(url.port()), "ssh 2001:db8::1 2222");
    EXPECT_EQ(GitUrl("ssh://example.com/x").port(), 22);
    EXPECT_EQ(GitUrl("https://example.com/x").port(), 443);
    EXPECT_EQ(GitUrl("file:///x").host() + std::to_string(GitUrl("file:///x").port()), "0");
}

std::string faults_of(const GitUrl& url, const GitCredentials& credentials) {
    std::string all;
    for (const auto& fault : credential_faults(url, credentials)) all += fault.pointer + " ";
    return all;
}

TEST(GitCredentials, AreThoseOfTheWay) {
    const std::string key = "-----BEGIN OPENSSH PRIVATE KEY-----\nx\n-----END OPENSSH PRIVATE KEY-----\n";
    GitCredentials password, of_ssh;
    password.password = Secret<>("token");
    of_ssh.private_key = Secret<>(key);
    of_ssh.known_hosts = "example.com ssh-ed25519 AAAA";
    const GitUrl https("https://example.com/x"), ssh("ssh://example.com/x"), file("file:///x");
    EXPECT_EQ(faults_of(https, {}), "");
    EXPECT_EQ(faults_of(https, password), "");
    EXPECT_EQ(faults_of(ssh, of_ssh), "");
    EXPECT_EQ(faults_of(file, {}), "");
    EXPECT_EQ(faults_of(ssh, {}), "/private_key /known_hosts ");
    EXPECT_EQ(faults_of(ssh, password), "/password /private_key /known_hosts ");
    EXPECT_EQ(faults_of(https, of_ssh), "/private_key /known_hosts ");
    EXPECT_EQ(faults_of(file, password), "/password ");
    GitCredentials unknown_host = of_ssh, no_key = of_ssh, option = of_ssh, colon = password, name_alone;
    unknown_host.known_hosts = std::nullopt;
    no_key.private_key = Secret<>("ssh-ed25519 AAAA");
    option.username = "-oProxyCommand=id";
    colon.username = "a:b";
    name_alone.username = "ada";
    EXPECT_EQ(faults_of(ssh, unknown_host), "/known_hosts ");
    EXPECT_EQ(faults_of(ssh, no_key), "/private_key ");
    EXPECT_EQ(faults_of(ssh, option), "/username ");
    // As the keys begin that ssh-keygen writes.
    const std::string in_clear = "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAMwAAAAtzc2gtZW\n";
    for (const std::string sealed : {"-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEAAAAACmFlczI1Ni1jdHIAAAAGYmNyeXB0AAAAGAAAABDHXW7HjT\n",
                                     "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,7992ED0C8D7E72C80AEE83AE66EBA4AE\n",
                                     "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMIIHbTBXBgkqhkiG9w0BBQ0wSjApBgkqhkiG9w0BBQwwHAQI67kuf79cwjUCAggA\n"}) {
        of_ssh.private_key = Secret<>(sealed);
        EXPECT_EQ(faults_of(ssh, of_ssh), "/private_key ") << sealed;
    }
    of_ssh.private_key = Secret<>(in_clear);
    EXPECT_EQ(faults_of(ssh, of_ssh), "");
    EXPECT_EQ(faults_of(https, colon), "/username ");
    EXPECT_EQ(faults_of(https, name_alone), "/password ");
    EXPECT_EQ(faults_of(file, name_alone), "/username ");
    password.password = Secret<>(std::string(4'097, 'x'));
    EXPECT_EQ(faults_of(https, password), "/password ");
}

TEST(GitCredentials, AreNotTold) {
    EXPECT_EQ(without_secrets("remote: Basic Z2l0 is not token, token", {"Z2l0", "token"}), "remote: Basic *** is not ***, ***");
    EXPECT_EQ(without_secrets("**", {"*", ""}), "******");
    EXPECT_EQ(without_secrets("all is well", {}), "all is well");
}

TEST(GitFaults, AreToldByTheLineThatSaysWhy) {
    const std::string always = "fatal: Could not read from remote repository.\n\n"
                               "Please make sure you have the correct access rights\nand the repository exists.\n";
    EXPECT_EQ(telling_line("Host key verification failed.\r\n" + always), "Host key verification failed.");
    EXPECT_EQ(telling_line("remote: no\nfatal: unable to access 'x'\n"), "fatal: unable to access 'x'");
    EXPECT_EQ(telling_line(always), "fatal: Could not read from remote repository.") << "if there is nothing else";
    const std::string unread = "Load key \"/proc/1/fd/9\": error in libcrypto\r\ngit@example.com: Permission denied (publickey).\r\n";
    EXPECT_EQ(telling_line(unread + always), "its private key cannot be read");
    EXPECT_EQ(telling_line(" \n"), "");
    EXPECT_EQ(telling_line("one"), "one");
}

TEST(GitSsh, TakesOneKeyAndOneHost) {
    const std::string command = ssh_command({"example.com", 2222, "203.0.113.7", "git", "/proc/1/fd/9", "/tmp/it's/known_hosts"});
    EXPECT_TRUE(command.starts_with("ssh -F none -i '/proc/1/fd/9' ")) << command;
    for (const std::string_view option :
         {"'StrictHostKeyChecking=yes'", "'HostKeyAlias=[example.com]:2222'", "'HostName=203.0.113.7'", "'User=git'", "'BatchMode=yes'",
          "'IdentitiesOnly=yes'", "'IdentityAgent=none'", "'GlobalKnownHostsFile=/dev/null'", R"('UserKnownHostsFile="/tmp/it'\''s/known_hosts"')"})
        EXPECT_NE(command.find(" -o " + std::string(option)), std::string::npos) << option << " in " << command;
    EXPECT_NE(ssh_command({"example.com", 22, "203.0.113.7", "git", "k", "h"}).find("'HostKeyAlias=example.com'"), std::string::npos);
}

TEST(GitPulls, ComeLessOftenTheMoreFail) {
    const auto minutes = [](int interval, int failures, double luck = 0.5) { return pause_before_pull(interval, failures, luck) / 60'000'000; };
    EXPECT_EQ(minutes(60, 0), Duration::microseconds(60));
    EXPECT_EQ(minutes(60, 1), Duration::microseconds(120));
    EXPECT_EQ(minutes(60, 3), Duration::microseconds(480));
    EXPECT_EQ(minutes(60, 9), Duration::microseconds(24 * 60)) << "a day is the most";
    EXPECT_EQ(minutes(5, 1'000), Duration::microseconds(24 * 60));
    EXPECT_EQ(minutes(10'080, 5), Duration::microseconds(10'080)) << "but for what is rarer";
    EXPECT_EQ(minutes(60, 0, 0.0), Duration::microseconds(54));
    EXPECT_LE(minutes(60, 0, 0.999), Duration::microseconds(66));
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
