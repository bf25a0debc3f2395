// Settings from repositories of others.
#include "config_fixture.hpp"

#include <gravity/base/crypto.hpp>
#include <gravity/base/encoding.hpp>
#include <gravity/testkit/neighbour.hpp>

#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

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

TEST_F(GitSources, MayHaveDocumentsOfOtherProfiles) {
    write("shop.yml", "port: 1\n---\nspring:\n  config:\n    activate:\n      on-profile: dev\nport: 2\nname: x\n");
    write("shop-dev.properties", "port=3\n");
    commit();
    pulled(source(body()), "pulled").field("/sets", 2);
    EXPECT_EQ(draft_of("shop"), R"({"port":1})");
    EXPECT_EQ(draft_of("shop", "dev"), R"({"name":"x","port":"3"})") << "its own file comes on top";
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

TEST_F(GitSources, WaitForNothingThatHasFailedForGood) {
    write("shop.yml", "port: 1\n");
    commit();
    const std::string at = source(body());
    service.database().admin("create function broken() returns trigger language plpgsql as $$ begin raise exception 'broken'; end $$;"
                             "create trigger broken before insert on config_set for each row execute function broken()");
    as.owner.post(at + "/pull").expect(202);
    const auto last_attempt = [&] {
        service.database().admin("update gravity.job set attempts = max_attempts - 1, due_at = now()"
                                 " where kind = 'pull-git' and state = 'waiting' and attempts > 0");
        return as.owner.get(at).expect(200).text("/state") != "waiting";
    };
    testkit::eventually("it has ended", last_attempt, std::chrono::seconds(60));
    as.owner.get(at).expect(200).field("/state", "failed").field("/detail", "it could not be taken, though it was tried several times");
    EXPECT_EQ(draft_of("shop"), "absent");
    service.database().admin("drop trigger broken on config_set; drop function broken()");
    pulled(at, "pulled");
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

TEST_F(GitSources, ArePulledOfThemselves) {
    write("shop.yml", "port: 1\n");
    commit();
    const std::string at = source(with(body(), "interval_minutes", 5));
    const auto look = [&] {
        service.database().admin("update git_source set next_pull_at = now() - interval '1 second' where next_pull_at is not null");
        service.database().admin("insert into gravity.job (id, project, kind, payload, caller, due_at, max_attempts, created_at) values (gen_random_uuid(), '" +
                                 service.project().to_string() + "', 'find-git-pulls', '{}', 'test', now(), 1, now())");
        const auto due_later = [&] { return service.database().admin("select count(*) from git_source where next_pull_at > now()") == "1"; };
        testkit::eventually("it is pulled, and due again later", due_later, std::chrono::seconds(60));
    };
    EXPECT_EQ(service.database().admin("select count(*) from gravity.job j join git_source s on j.due_at = s.next_pull_at and j.state = 'waiting'"), "1");
    look();
    const std::string first = as.owner.get(at).expect(200).field("/state", "pulled").field("/failures", 0).text("/commit");
    EXPECT_EQ(draft_of("shop"), R"({"port":1})");
    as.owner.get("/api/v1/config/audit?action=git_source.pulled").expect(200).field("/items/0/subject", "service:config").field("/items/1", Json());

    // What is the same there leaves alone what was done here.
    const std::string shop = as.owner.get(configs + "?application=shop").expect(200).text("/items/0/id");
    draft(as.owner, configs + "/" + shop, Json::object({{"mine", 1}}));
    look();
    EXPECT_EQ(draft_of("shop"), R"({"mine":1,"port":1})");
    as.owner.get(at).expect(200).field("/commit", first);
    as.owner.get("/api/v1/config/audit?action=git_source.pulled").expect(200).field("/items/1", Json());
    for (const int minutes : {10, 5}) { // nor does how often it comes change what it takes
        as.owner.patch(at, {{"interval_minutes", minutes}}).expect(200).field("/commit", first);
        look();
    }
    EXPECT_EQ(draft_of("shop"), R"({"mine":1,"port":1})");
    write("shop.yml", "port: 2\n");
    commit();
    look();
    EXPECT_EQ(draft_of("shop"), R"({"port":2})");

    // Failures are counted until one goes well.
    write("shop.yml", "port: 2\nport: 3\n");
    commit();
    look();
    look();
    as.owner.get(at).expect(200).field("/state", "failed").field("/failures", 2);
    const std::string in_twice_twice = "next_pull_at between now() + interval '17 minutes' and now() + interval '23 minutes'";
    EXPECT_EQ(service.database().admin("select count(*) from git_source where " + in_twice_twice), "1");
    write("shop.yml", "port: 4\n");
    commit();
    look();
    as.owner.get(at).expect(200).field("/state", "pulled").field("/failures", 0);
    EXPECT_EQ(draft_of("shop"), R"({"port":4})");

    // Another directory is another thing to take, although the commit is the same; and without an interval it comes no more.
    write("eu/shop.yml", "port: 5\n");
    commit();
    look();
    as.owner.patch(at, {{"directory", "eu"}}).expect(200).field("/commit", Json());
    look();
    EXPECT_EQ(draft_of("shop"), R"({"port":5})");
    as.owner.patch(at, {{"interval_minutes", nullptr}}).expect(200).field("/next_pull_at", Json()).field("/interval_minutes", Json());
    as.owner.get("/api/v1/config/audit?action=git_source.changed").expect(200).field("/items/1/details/changes/0/field", "directory");
}

// Nobody has to look for what is due: each pull leaves the next, and whoever changes when it comes as well.
TEST_F(GitSources, ComeWhenTheyAreDue) {
    write("shop.yml", "port: 1\n");
    commit();
    const std::string at = source(with(body(), "interval_minutes", 10'080));
    const std::string due_pull = "from gravity.job where kind = 'pull-git' and (payload ->> 'when_due')::boolean";
    const auto wake = [&] { service.database().admin("update gravity.job set due_at = now() where state = 'waiting' and id in (select id " + due_pull + ")"); };
    const auto goes_back = [&](const std::string& earliest) {
        const std::string waiting = "select count(*) " + due_pull + " and state = 'waiting' and due_at > now() + " + earliest;
        const auto waits = [&] { return service.database().admin(waiting) == "1"; };
        testkit::eventually("it waits", waits, std::chrono::seconds(60));
    };
    service.database().admin("update git_source set next_pull_at = now() + interval '1 hour'");
    wake();
    goes_back("interval '59 minutes'");
    as.owner.get(at).expect(200).field("/state", "idle");
    service.database().admin("update git_source set next_pull_at = now()");
    wake();
    testkit::eventually("it is pulled", [&] { return as.owner.get(at).expect(200).text("/state") == "pulled"; }, std::chrono::seconds(60));
    goes_back("interval '6 days'");
    EXPECT_EQ(draft_of("shop"), R"({"port":1})");

    // Who wants it more often has it sooner; who does not want it any more has it no more.
    as.owner.patch(at, {{"interval_minutes", 5}}).expect(200);
    EXPECT_EQ(service.database().admin("select count(*) " + due_pull + " and state = 'waiting' and due_at < now() + interval '1 minute'"), "1");
    as.owner.patch(at, {{"interval_minutes", nullptr}}).expect(200);
    const std::string before = as.owner.get(at).expect(200).text("/pulled_at");
    wake();
    const auto ended = [&] { return service.database().admin("select count(*) " + due_pull + " and state in ('waiting', 'running')") == "0"; };
    testkit::eventually("it has come to its end", ended, std::chrono::seconds(60));
    as.owner.get(at).expect(200).field("/pulled_at", before);
}

TEST_F(GitSources, ArePulledWhenSomethingIsPushed) {
    write("shop.yml", "port: 1\n");
    commit();
    const std::string at = source(body());
    const std::string other = source(with(body(), "ref", "next"));
    const auto told = [&](const testkit::Client& who, const std::string& url, const std::string& ref) {
        const Json message = Json::object({{"ref", ref}, {"repository", Json::object({{"clone_url", url}})}, {"pusher", Json::object({{"name", "ada"}})}});
        return who.post("/spring/monitor").raw(message.dump(), "application/json").send();
    };
    EXPECT_EQ(told(as.owner, "https://example.com/x.git", "refs/heads/main").body(), "[]");
    EXPECT_EQ(told(as.owner, "file://" + place.string(), "refs/heads/none").body(), "[]");
    EXPECT_EQ(told(as.stranger, "file://" + place.string(), "refs/heads/main").body(), "[]");
    EXPECT_EQ(as.owner.get(at).expect(200).text("/state"), "idle");
    EXPECT_EQ(told(as.owner, "file://" + place.string(), "refs/heads/main").body(), "[\"" + at.substr(at.rfind('/') + 1) + "\"]");
    testkit::eventually("it is pulled", [&] { return as.owner.get(at).expect(200).text("/state") == "pulled"; }, std::chrono::seconds(60));
    EXPECT_EQ(draft_of("shop"), R"({"port":1})");
    EXPECT_EQ(as.owner.get(other).expect(200).text("/state"), "idle");
    as.owner.get("/api/v1/config/audit?action=git_source.pulled").expect(200).field("/items/0/subject", "tester").field("/items/1", Json());

    // Who tells of pushes all the time has them pulled every ten seconds, not all the time.
    service.database().admin("update git_source set pulled_at = now() + interval '1 hour' where state = 'pulled'");
    told(as.owner, "file://" + place.string(), "refs/heads/main");
    const std::string waits = "select count(*) from gravity.job where kind = 'pull-git' and state = 'waiting' and due_at > now() + interval '50 minutes'";
    testkit::eventually("it waits", [&] { return service.database().admin(waits) == "1"; }, std::chrono::seconds(20));
    service.database().admin("update git_source set pulled_at = now() - interval '11 seconds' where state = 'pulled'");
    told(as.owner, "file://" + place.string(), "refs/heads/main");
    const std::string unfinished = "select count(*) from gravity.job where kind = 'pull-git' and state in ('waiting', 'running')";
    const auto nothing_waits = [&] { return service.database().admin(unfinished) == "0"; };
    testkit::eventually("it comes", nothing_waits, std::chrono::seconds(60));

    // A git server has an access key, in the address or a field.
    const Json scopes = Json::array({"configs:write"});
    const auto key = as.owner.post("/api/v1/config/access-keys", {{"name", "hook"}, {"kind", "secret"}, {"scopes", scopes}}).expect(201);
    as.anonymous.post("/spring/monitor").header("X-API-Key", key.text("/key")).raw("{}", "application/json").expect(200);
    as.anonymous.post("/spring/monitor").raw("{}", "application/json").expect_problem(401, "unauthenticated");
    as.reader.post("/spring/monitor").raw("{}", "application/json").expect_problem(403, "forbidden");
    for (const std::string bad : {"", "x", "[]", "5"}) as.owner.post("/spring/monitor").raw(bad, "application/json").expect_problem(400, "malformed-request");
}

TEST_F(GitSources, AreChangedWhereTheyMayBe) {
    const std::string at = source(body());
    const auto changed = as.owner.patch(at, {{"ref", "next"}, {"interval_minutes", 30}}).expect(200).field("/ref", "next").field("/version", 2);
    as.owner.patch(at, {{"ref", "next"}}).expect(200).field("/version", 2); // nothing new
    as.owner.patch(at, {{"ref", "main"}}).if_match("\"1\"").expect_problem(412, "stale-version");
    as.owner.patch(at, {{"url", "file:///elsewhere"}}).expect_problem(400, "malformed-request");
    as.owner.patch(at, {{"credentials", Json::object()}}).expect_problem(400, "malformed-request");
    const std::pair<std::string, Json> refused[] = {
        {"ref", "-x"}, {"applications", Json::array()}, {"interval_minutes", 4}, {"interval_minutes", 10'081}};
    for (const auto& [member, value] : refused)
        as.owner.patch(at, testkit::Members(Json::object({{member, value}}))).expect_problem(422, "invalid-value").field("/errors/0/pointer", "/" + member);
    as.reader.patch(at, {{"ref", "main"}}).expect_problem(403, "forbidden");
    as.stranger.patch(at, {{"ref", "main"}}).expect_problem(404, "not-found");
    as.stranger.put(at + "/credentials", {{"password", "x"}}).expect_problem(404, "not-found");
    as.owner.put(at + "/credentials", {{"password", "x"}}).expect_problem(422, "invalid-value").field("/errors/0/pointer", "/password"); // of a file
    as.owner.get(at).expect(200).field("/version", 2);
}

/// git's own server of a repository, by HTTP with a password.
class GitOverHttp : public GitSources {
protected:
    GitOverHttp()
        : GitSources({{"CONFIG_GIT_SCHEMES", "http,ssh"}, {"CONFIG_GIT_NETWORKS", "127.0.0.0/8"}, {"CONFIG_MASTER_KEY", base64_encode(random_bytes(32))}}) {
        server.otherwise([this](const http::Request& request) { return answer(request); });
        write("shop.yml", "port: 1\n");
        commit();
    }

    std::string change = "directory = 'eu'";
    std::atomic<bool> held{false}, git_has_asked{false};
    std::function<void()> mend;
    std::atomic<bool> mended_meanwhile{false}; // while it is told that its password is wrong
    std::atomic<bool> changed_meanwhile{false}; // the source, while git asks for the repository
    testkit::Neighbour server;

    Json over_http(const Json& credentials) {
        Json wanted = Json::object({{"url", server.url() + "/.git"}, {"applications", Json::array({"shop"})}});
        if (!credentials.is_null()) wanted["credentials"] = credentials;
        return wanted;
    }

    testkit::Reply answer(const http::Request& request) {
        const std::string sent(request.headers.get("Authorization").value_or(""));
        testkit::Reply reply;
        if (sent != "Basic " + base64_encode("ada:hunter2 & co")) { // a server that says again what it was told
            if (mended_meanwhile.exchange(false)) mend();
            reply.status = sent.empty() ? 401 : 403;
            reply.headers.set("WWW-Authenticate", "Basic realm=\"git\"");
            reply.headers.set("Content-Type", "text/plain");
            reply.bytes = "you sent " + sent;
            return reply;
        }
        git_has_asked = true;
        for (int i = 0; held && i < 400; ++i) std::this_thread::sleep_for(std::chrono::milliseconds(100));
        if (changed_meanwhile.exchange(false))
            service.database().admin("update git_source set " + change + ", commit = null, version = version + 1");
        return of_git(request);
    }

    /// RFC 3875, as `git http-backend` has it.
    testkit::Reply of_git(const http::Request& request) {
        const std::filesystem::path in = place / ".git/in", out = place / ".git/out";
        std::ofstream(in, std::ios::binary) << request.body;
        const auto variable = [](const std::string& name, std::string_view value) { return " " + name + "='" + std::string(value) + "'"; };
        std::string command = "env" + variable("GIT_PROJECT_ROOT", place.string()) + variable("GIT_HTTP_EXPORT_ALL", "1") + variable("HOME", place.string());
        command += variable("PATH_INFO", request.path) + variable("QUERY_STRING", request.query) + variable("REQUEST_METHOD", request.method_text);
        command += variable("CONTENT_TYPE", request.headers.get("Content-Type").value_or("")) + variable("REMOTE_USER", "ada");
        command += variable("HTTP_CONTENT_ENCODING", request.headers.get("Content-Encoding").value_or(""));
        command += variable("GIT_PROTOCOL", request.headers.get("Git-Protocol").value_or(""));
        command += " git http-backend < '" + in.string() + "' > '" + out.string() + "'";
        EXPECT_EQ(std::system(command.c_str()), 0);
        std::ifstream told(out, std::ios::binary);
        testkit::Reply reply;
        for (std::string line; std::getline(told, line) && line != "\r";) {
            const std::string type = "Content-Type: ";
            if (line.starts_with(type)) reply.headers.set("Content-Type", line.substr(type.size(), line.size() - type.size() - 1));
            if (line.starts_with("Status: ")) reply.status = std::stoi(line.substr(8));
        }
        reply.bytes.assign(std::istreambuf_iterator<char>(told), {});
        return reply;
    }
};

TEST_F(GitOverHttp, AreSignedInToByPassword) {
    const std::string at = source(over_http(Json::object({{"username", "ada"}, {"password", "hunter2 & co"}})));
    const auto shown = as.owner.get(at).expect(200).field("/signs_in_by", "password").field("/username", "ada");
    EXPECT_EQ(shown.body().find("hunter2"), std::string::npos);
    pulled(at, "pulled");
    EXPECT_EQ(draft_of("shop"), R"({"port":1})");

    // Another password, and none.
    as.owner.put(at + "/credentials", {{"username", "ada"}, {"password", "wrong one"}}).expect(200);
    const auto failed = pulled(at, "failed");
    EXPECT_TRUE(failed.text("/detail").starts_with("it cannot be fetched: ")) << failed.text("/detail");
    for (const std::string& secret : {std::string("wrong"), base64_encode("ada:wrong one")}) EXPECT_EQ(failed.body().find(secret), std::string::npos) << secret;
    as.owner.put(at + "/credentials", testkit::Members(Json::object())).expect(200).field("/signs_in_by", Json()).field("/username", Json());
    pulled(at, "failed");
    as.owner.put(at + "/credentials", {{"username", "ada"}, {"password", "hunter2 & co"}}).expect(200);
    pulled(at, "pulled");

    // What is due late since it failed is due at once with others.
    as.owner.patch(at, {{"interval_minutes", 60}}).expect(200);
    service.database().admin("update git_source set failures = 9, next_pull_at = '2100-01-01'");
    const auto again = as.owner.put(at + "/credentials", {{"username", "ada"}, {"password", "hunter2 & co"}}).expect(200).field("/failures", 0);
    EXPECT_LT(again.text("/next_pull_at"), "2100");

    for (const std::string table : {"git_source", "git_credentials", "audit", "gravity.job"})
        EXPECT_EQ(service.database().admin("select count(*) from " + table + " t where t::text like '%hunter%' or t::text like '%wrong%'"), "0") << table;
    EXPECT_EQ(service.database().admin("select count(*) from git_credentials"), "1");
    as.owner.del(at).expect(204);
    EXPECT_EQ(service.database().admin("select count(*) from git_credentials"), "0");
}

TEST_F(GitOverHttp, AreTakenAsTheyAreWantedByThen) {
    write("eu/shop.yml", "port: 2\n");
    commit();
    const std::string at = source(over_http(Json::object({{"username", "ada"}, {"password", "hunter2 & co"}})));
    changed_meanwhile = true;
    pulled(at, "pulled").field("/directory", "eu").field("/sets", 1);
    EXPECT_FALSE(changed_meanwhile.load());
    EXPECT_EQ(draft_of("shop"), R"({"port":2})") << "and nothing of what was fetched first";
    as.owner.get("/api/v1/config/audit?action=git_source.pulled").expect(200).field("/items/1", Json());

    // A branch that is not there is no fault where it was mended meanwhile.
    as.owner.patch(at, {{"ref", "none"}}).expect(200);
    change = "ref = 'main'";
    changed_meanwhile = true;
    pulled(at, "pulled").field("/ref", "main").field("/failures", 0);
}

TEST_F(GitOverHttp, AreFetchedOnceMoreWithOtherCredentials) {
    const std::string at = source(over_http(Json::object({{"username", "ada"}, {"password", "wrong"}})));
    mend = [&] { as.owner.put(at + "/credentials", {{"username", "ada"}, {"password", "hunter2 & co"}}).expect(200); };
    mended_meanwhile = true;
    pulled(at, "pulled").field("/failures", 0).field("/detail", Json());
    EXPECT_FALSE(mended_meanwhile.load());
    EXPECT_EQ(draft_of("shop"), R"({"port":1})");
}

TEST_F(GitOverHttp, HoldUpNoOtherJobsWhileTheyWaitForTheirTurn) {
    const Json credentials = Json::object({{"username", "ada"}, {"password", "hunter2 & co"}});
    const auto count = [&](const std::string& jobs) { return service.database().admin("select count(*) from gravity.job where " + jobs); };
    const std::string pulls = "kind = 'pull-git' and state = ";
    std::vector<std::string> all;
    for (const char* const label : {"a", "b", "c", "d", "e"}) all.push_back(source(with(over_http(credentials), "label", label)));
    held = true;
    as.owner.post(all.front() + "/pull").expect(202);
    testkit::eventually("the first one is under way", [&] { return git_has_asked.load(); }, std::chrono::seconds(30));
    for (std::size_t i = 1; i < all.size(); ++i) as.owner.post(all[i] + "/pull").expect(202); // with the first as many as there are places, and one
    const auto gone_back = [&] { return count(pulls + "'waiting' and token > 0 and due_at > now()") == "4"; };
    testkit::eventually("the others have gone back", gone_back, std::chrono::seconds(20));
    EXPECT_EQ(count(pulls + "'waiting' and attempts > 0"), "0") << "none of them has used up an attempt";
    service.database().admin("insert into gravity.job (id, project, kind, payload, caller, due_at, max_attempts, created_at) values (gen_random_uuid(), '" +
                             service.project().to_string() + "', 'seal-anew', '{}', 'test', now(), 1, now())");
    testkit::eventually("another job is done meanwhile", [&] { return count("kind = 'seal-anew' and state = 'done'") == "1"; }, std::chrono::seconds(15));
    as.owner.get(all.front()).expect(200).field("/state", "waiting");
    held = false;
    for (const std::string& at : all) {
        testkit::eventually("each has its turn", [&] { return as.owner.get(at).expect(200).text("/state") != "waiting"; }, std::chrono::seconds(90));
        as.owner.get(at).expect(200).field("/state", "pulled");
    }
}

TEST_F(GitOverHttp, AreNoUseUnderAnotherSource) {
    const std::string mine = source(over_http(Json::object({{"username", "ada"}, {"password", "hunter2 & co"}})));
    const std::string other = source(over_http(Json::object({{"username", "ada"}, {"password", "wrong"}})));
    service.database().admin("update git_credentials set sealed = (select max(sealed) from git_credentials) ");
    const std::string why = "its credentials do not open: the master key is missing, or another";
    const auto detail = [&](const std::string& at) {
        as.owner.post(at + "/pull").expect(202);
        testkit::eventually("it has ended", [&] { return as.owner.get(at).expect(200).text("/state") != "waiting"; }, std::chrono::seconds(60));
        return as.owner.get(at).expect(200).at("/detail").dump();
    };
    const std::string first = detail(mine), second = detail(other);
    EXPECT_TRUE((first == "\"" + why + "\"") != (second == "\"" + why + "\"")) << first << " and " << second << ": one of them has what is its own";
}

TEST_F(GitOverHttp, AreSignedInToBySsh) {
    shell("ssh-keygen -q -t ed25519 -N '' -f key");
    std::ifstream in(place / "key");
    const std::string key((std::istreambuf_iterator<char>(in)), {});
    const std::string url = "ssh://127.0.0.1:" + std::to_string(server.port()) + "/settings.git";
    Json wanted = Json::object({{"url", url}, {"applications", Json::array({"shop"})}});
    as.owner.post(sources, testkit::Members(wanted)).expect_problem(422, "invalid-value").field("/errors/0/pointer", "/credentials/private_key");
    wanted["credentials"] = Json::object({{"private_key", key}});
    as.owner.post(sources, testkit::Members(wanted)).expect_problem(422, "invalid-value").field("/errors/0/pointer", "/credentials/known_hosts");
    wanted["credentials"]["known_hosts"] = "[127.0.0.1]:2222 ssh-ed25519 AAAA";
    const std::string at = source(wanted);
    as.owner.get(at).expect(200).field("/signs_in_by", "private_key").field("/known_hosts", "[127.0.0.1]:2222 ssh-ed25519 AAAA");
    const auto failed = pulled(at, "failed"); // what is there speaks HTTP
    EXPECT_TRUE(failed.text("/detail").starts_with("it cannot be fetched: ")) << failed.text("/detail");
    EXPECT_EQ(failed.text("/detail").find("repository exists"), std::string::npos) << "which is no reason";
    EXPECT_EQ(failed.body().find("PRIVATE KEY"), std::string::npos);
    EXPECT_EQ(service.database().admin("select count(*) from git_credentials t where t::text like '%PRIVATE%'"), "0");
}

class GitWithoutMasterKey : public GitSources {
protected:
    GitWithoutMasterKey() : GitSources(app::Texts{}) {}
};

TEST_F(GitWithoutMasterKey, HasNoCredentials) {
    Json wanted = with(body(), "url", "https://git.invalid/x.git");
    const std::string at = source(wanted);
    wanted["credentials"] = Json::object({{"password", "x"}});
    as.owner.post(sources, testkit::Members(wanted)).expect_problem(503, "secrets-unavailable");
    as.owner.put(at + "/credentials", {{"password", "x"}}).expect_problem(503, "secrets-unavailable");
    as.owner.get(at).expect(200).field("/signs_in_by", Json());
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
