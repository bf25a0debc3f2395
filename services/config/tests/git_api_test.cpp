// Settings from repositories of others.
#include "config_fixture.hpp"

#include <gravity/base/crypto.hpp>
#include <gravity/base/encoding.hpp>
#include <gravity/testkit/neighbour.hpp>

#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace gravity::config {
namespace {

class GitSources : public ConfigApi {
protected:
    explicit GitSources(app::Texts settings = {{"CONFIG_GIT_SCHEMES", "https,file"}, {"CONFIG_MASTER_KEY", base64_encode(random_bytes(32))}})
        : ConfigApi(std::move(settings)) {
        std::string name = (std::filesystem::temp_directory_path() / "config-git-test-XXXXXX").string();
        EXPECT_NE(::mkdtemp(name.data()), nullptr);
        place = name;
        git("init --quiet --initial-branch=main");
    }
    ~GitSources() override { std::filesystem::remove_all(place); }

    std::filesystem::path place;
    const std::string sources = "/api/v1/config/git-sources";

    void shell(const std::string& command) { ASSERT_EQ(std::system(("cd '" + place.string() + "' && " + command).c_str()), 0) << command; }
    void git(const std::string& arguments) {
        shell("env HOME=" + place.string() + " GIT_CONFIG_NOSYSTEM=1 git -c user.name=ada -c user.email=ada@example.com " + arguments + " >/dev/null");
    }
    void write(const std::string& file, const std::string& content) {
        std::filesystem::create_directories((place / file).parent_path());
        std::ofstream(place / file) << content;
    }
    void commit(const std::string& options = "") {
        git("add --all");
        git("commit --quiet --message=x " + options);
    }
    Json body(Json applications = Json::array({"shop", "application"})) {
        return Json::object({{"url", "file://" + place.string()}, {"applications", std::move(applications)}});
    }
    static Json with(Json body, const std::string& member, const Json& value) {
        body[member] = value;
        return body;
    }
    std::string source(const Json& body) { return as.owner.post(sources, testkit::Members(body)).expect(201).field("/state", "idle").location(); }
    testkit::Answer pulled(const std::string& source, const std::string& state) {
        as.owner.post(source + "/pull").expect(202).field("/state", "waiting");
        testkit::eventually("it has come to an end", [&] { return as.owner.get(source).expect(200).text("/state") != "waiting"; }, std::chrono::seconds(60));
        return as.owner.get(source).expect(200).field("/state", state);
    }
    /// The draft of a set; "absent".
    std::string draft_of(const std::string& application, const std::string& profile = "default", const std::string& label = "main") {
        const auto found = as.owner.get(configs + "?application=" + application + "&profile=" + profile + "&label=" + label).expect(200);
        if (found.at("/items").size() == 0) return "absent";
        return as.owner.get(configs + "/" + found.text("/items/0/id") + "/draft").expect(200).at("/items").dump();
    }
};

TEST_F(GitSources, FillDrafts) {
    write("settings/shop.yml", "port: 8080\nname: no\n");
    write("settings/shop-dev.properties", "port=9090\n");
    write("settings/application.json", R"({"shared": true})");
    write("settings/README.md", "# not settings");
    write("settings/deeper/shop-eu.yml", "port: 1\n");
    write("shop.yml", "port: 1\n");
    commit();
    const std::string at = source(with(body(), "directory", "settings"));
    const auto done = pulled(at, "pulled").field("/sets", 3).field("/detail", Json());
    EXPECT_EQ(done.text("/commit").size(), 40u);
    EXPECT_EQ(draft_of("shop"), R"({"name":"no","port":8080})");
    EXPECT_EQ(draft_of("shop", "dev"), R"({"port":"9090"})");
    EXPECT_EQ(draft_of("application"), R"({"shared":true})");
    EXPECT_EQ(draft_of("shop", "eu"), "absent") << "that directory alone";
    EXPECT_EQ(event_types(), "") << "nothing is published";
    const auto log = as.owner.get("/api/v1/config/audit?limit=1").expect(200).field("/items/0/action", "git_source.pulled").field("/items/0/subject", "tester");
    log.field("/items/0/details/commit", done.text("/commit")).field("/items/0/address", "127.0.0.1");
    as.owner.get("/api/v1/config/audit?action=draft.imported").expect(200).field("/items/0/subject", "tester").field("/items/3", Json());

    // What is gone there is gone here, and what is sealed here stays.
    const auto shop = as.owner.get(configs + "?application=shop&profile=default").expect(200).text("/items/0/id");
    as.owner.patch(configs + "/" + shop + "/draft", {{"secrets", Json::object({{"password", "hunter2"}})}}).expect(200);
    write("settings/shop.yml", "host: example.org\n");
    commit();
    pulled(at, "pulled");
    EXPECT_EQ(draft_of("shop"), R"({"host":"example.org","password":"***"})");
    EXPECT_EQ(as.owner.get("/api/v1/config/audit?action=draft.imported").expect(200).at("/items").size(), 4u) << "and what has not changed is left alone";
}

TEST_F(GitSources, AreABranchOrATag) {
    write("shop.yml", "port: 1\n");
    commit();
    git("tag --annotate --message=x v1");
    git("checkout --quiet -b next");
    write("shop.yml", "port: 2\n");
    commit();
    pulled(source(with(with(body(), "ref", "v1"), "label", "stable")), "pulled");
    pulled(source(with(with(body(), "ref", "next"), "label", "next")), "pulled");
    EXPECT_EQ(draft_of("shop", "default", "stable"), R"({"port":1})");
    EXPECT_EQ(draft_of("shop", "default", "next"), R"({"port":2})");
    const auto absent = pulled(source(with(body(), "ref", "none")), "failed").field("/commit", Json());
    EXPECT_NE(absent.text("/detail").find("it cannot be fetched: "), std::string::npos);
}

TEST_F(GitSources, AreTakenWhollyOrNotAtAll) {
    write("application.yml", "a: 1\n");
    write("shop.yml", "a: 1\na: 2\n");
    commit();
    const std::string at = source(body());
    EXPECT_EQ(pulled(at, "failed").text("/detail"), R"(shop.yml: /content line 2, column 1: "a" stands twice)");
    EXPECT_EQ(draft_of("application"), "absent");
    write("shop.yml", "a: 1\n");
    write("shop.json", "{}");
    commit();
    EXPECT_EQ(pulled(at, "failed").text("/detail"), "two files are of shop in default: shop.yml");
    std::filesystem::remove(place / "shop.json");
    std::filesystem::remove(place / "shop.yml");
    shell("ln -s /etc/passwd shop.yml");
    commit();
    pulled(at, "pulled").field("/sets", 1); // a link is no file
    EXPECT_EQ(draft_of("shop"), "absent");
    write("application.yml", "a: " + std::string(2 * 1024 * 1024, 'x'));
    commit();
    const auto failed = pulled(at, "failed").field("/sets", 1);
    EXPECT_NE(failed.text("/detail").find("application.yml has more than"), std::string::npos);
    EXPECT_EQ(failed.text("/commit").size(), 40u) << "the one that the drafts have";
    EXPECT_EQ(pulled(source(body(Json::array({"till"}))), "failed").text("/detail"), "it has no file of these applications");
}

TEST_F(GitSources, AreSignedWhereTheyHaveToBe) {
    shell("ssh-keygen -q -t ed25519 -N '' -f key && ssh-keygen -q -t ed25519 -N '' -f other");
    const auto signers = [&](const std::string& key) {
        std::ifstream in(place / (key + ".pub"));
        std::string line;
        std::getline(in, line);
        return "ada@example.com " + line;
    };
    write(".gitignore", "key*\nother*\n");
    write("shop.yml", "port: 1\n");
    commit();
    const Json wanted = with(body(), "allowed_signers", signers("key"));
    EXPECT_NE(pulled(source(wanted), "failed").text("/detail").find("the commit is not signed by one who may"), std::string::npos);
    write("shop.yml", "port: 2\n");
    git("add --all");
    git("-c gpg.format=ssh -c user.signingkey=" + (place / "key").string() + " commit --quiet --message=x --gpg-sign");
    pulled(source(wanted), "pulled");
    EXPECT_EQ(draft_of("shop"), R"({"port":2})");
    EXPECT_NE(pulled(source(with(body(), "allowed_signers", signers("other"))), "failed").text("/detail").find("not signed"), std::string::npos);
}

TEST_F(GitSources, AreKept) {
    const auto made = as.owner.post(sources, testkit::Members(body())).expect(201).field("/ref", "main").field("/mode", "replace").field("/label", "main");
    as.owner.get(sources).expect(200).field("/items/0/id", made.text("/id"));
    as.stranger.get(sources).expect(200).field("/items", Json::array());
    as.stranger.get(made.location()).expect_problem(404, "not-found");
    as.stranger.post(made.location() + "/pull").expect_problem(404, "not-found");
    as.reader.get(sources).expect_problem(403, "forbidden");
    as.reader.post(made.location() + "/pull").expect_problem(403, "forbidden");
    as.owner.del(made.location()).if_match("\"9\"").expect_problem(412, "stale-version");
    as.owner.del(made.location()).if_match(made.etag()).expect(204);
    as.owner.get(made.location()).expect_problem(404, "not-found");

    const auto refused = [&](const std::string& member, const Json& value) {
        as.owner.post(sources, testkit::Members(with(body(), member, value))).expect_problem(422, "invalid-value").field("/errors/0/pointer", "/" + member);
    };
    refused("url", "ssh://git@example.com/x");
    refused("url", "ext::sh -c id");
    refused("url", "http://example.com/x");
    refused("url", "--upload-pack=id");
    refused("ref", "--upload-pack=id");
    refused("ref", "a..b");
    refused("directory", "../x");
    refused("directory", "");
    refused("applications", Json::array());
    refused("mode", "add");
    refused("label", "Main!");
}

TEST_F(GitSources, LeadNowhereTheyMayNot) {
    const std::string at = source(with(body(), "url", "https://localhost:" + std::to_string(service.port()) + "/settings.git"));
    EXPECT_EQ(pulled(at, "failed").text("/detail"), "the host has an address that may not be asked");
    const std::string nobody = source(with(body(), "url", "https://git.invalid/settings.git"));
    EXPECT_EQ(pulled(nobody, "failed").text("/detail"), "the host git.invalid is not known");
}

TEST_F(GitSources, AreHeldAgainstWhatIsInForce) {
    const std::string shop = published(as.owner, "shop", "default", Json::object({{"port", 1}}));
    draft(as.owner, shop, Json::object({{"port", 2}}));
    publish(as.owner, shop);
    draft(as.owner, shop, Json::object({{"mine", 1}}));
    as.owner.post(shop + "/releases/1/revert", testkit::Members(Json::object())).expect(201);
    write("shop.yml", "port: 3\n");
    commit();
    pulled(source(body()), "pulled");
    as.owner.get(shop + "/draft").expect(200).field("/base_number", 3).field("/items", Json::object({{"port", 3}}));
    publish(as.owner, shop).field("/number", 4);
}

class GitByHttps : public GitSources {
protected:
    GitByHttps() : GitSources(app::Texts{}) {}
};

TEST_F(GitByHttps, IsAllThatMayBeUnlessSaidOtherwise) {
    as.owner.post(sources, testkit::Members(body())).expect_problem(422, "invalid-value").field("/errors/0/pointer", "/url");
    EXPECT_ANY_THROW(testkit::RunningService(assemble(0), {{"CONFIG_GIT_SCHEMES", "https,ext"}}));
    EXPECT_ANY_THROW(testkit::RunningService(assemble(0), {{"CONFIG_GIT_NETWORKS", "somewhere"}}));
}

} // namespace
} // namespace gravity::config
