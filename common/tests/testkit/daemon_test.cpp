// The process itself: its command line, its signals, and its death at the worst moment.
#include "bookshelf.hpp"

#include <gravity/auth/signer.hpp>
#include <gravity/base/clock.hpp>
#include <gravity/testkit/daemon.hpp>
#include <gravity/testkit/fault_proxy.hpp>
#include <gravity/testkit/neighbour.hpp>
#include <gravity/testkit/service.hpp>
#include <gravity/testkit/testpoint.hpp>

#include <gtest/gtest.h>
#include <pqxx/connection>
#include <pqxx/nontransaction>
#include <pqxx/transaction>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <thread>

namespace gravity {
namespace {

using testkit::Daemon;
using testkit::eventually;
using testkit::FaultProxy;

struct ShelfSettings {
    Bounded<int, 1, 10> size{3};
    std::optional<Secret<>> word;
};
BOOST_DESCRIBE_STRUCT(ShelfSettings, (), (size, word))

GRAVITY_TEST_DAEMON(bookshelf, bookshelf::service().settings<ShelfSettings>("SHELF_"))

struct CommandLine : testing::Test {
    struct Ended {
        int code;
        std::string output;
    };
    static Ended run(std::vector<std::string> flags, app::Texts environment = {}) {
        Daemon daemon("bookshelf", {.environment = std::move(environment), .flags = std::move(flags)});
        const int code = daemon.wait();
        return {code, daemon.output()};
    }
};

TEST_F(CommandLine, HelpVersionAndDescriptionNeedNothing) {
    const auto help = run({"--help"});
    EXPECT_EQ(help.code, 0);
    EXPECT_NE(help.output.find("Usage: gravity-bookshelf"), std::string::npos) << help.output;
    EXPECT_NE(help.output.find("SHELF_SIZE"), std::string::npos);
    EXPECT_NE(help.output.find("required"), std::string::npos);
    const auto version = run({"--version"});
    EXPECT_EQ(version.code, 0);
    EXPECT_EQ(version.output.substr(0, 18), "gravity-bookshelf ");
    const auto document = run({"--openapi"});
    EXPECT_EQ(document.code, 0);
    EXPECT_EQ(Json::parse(document.output).or_throw().at_pointer("/info/title")->as_string(), "bookshelf");
}

TEST_F(CommandLine, FlagsWinOverTheEnvironmentAndThatOverTheFile) {
    const auto file = std::filesystem::temp_directory_path() / ("gravity-config-" + Uuid::v4().to_string() + ".yaml");
    std::ofstream(file) << "shelf_size: 4\npg_pool_max: 5\nlog_level: warn\n";
    const auto printed = run({"--config", file, "--shelf-size=6", "--print-config"}, {{"SHELF_SIZE", "5"}, {"PG_POOL_MAX", "6"}, {"SHELF_WORD", "hush"}});
    EXPECT_EQ(printed.code, 0);
    for (const std::string line : {"SHELF_SIZE=6\n", "PG_POOL_MAX=6\n", "LOG_LEVEL=warn\n", "SHELF_WORD=***\n"})
        EXPECT_NE(printed.output.find(line), std::string::npos) << line << printed.output;
    EXPECT_EQ(printed.output.find("hush"), std::string::npos);
    const auto json = run({"--print-config", "--json", "--shelf-size", "7"});
    const Json document = Json::parse(json.output).or_throw();
    EXPECT_EQ(*document.find("service"), Json("bookshelf"));
    bool found = false;
    for (const Json& setting : document.find("settings")->as_array())
        if (*setting.find("name") == Json("SHELF_SIZE")) found = *setting.find("value") == Json("7") && *setting.find("default") == Json("3");
    EXPECT_TRUE(found) << json.output;
    std::filesystem::remove(file);
}

TEST_F(CommandLine, WhatIsWrongIsOneLineAndExitTwo) {
    const auto refused = [](const Ended& ended, std::string_view part) {
        EXPECT_EQ(ended.code, 2) << ended.output;
        EXPECT_NE(ended.output.find(part), std::string::npos) << ended.output;
        EXPECT_EQ(std::count(ended.output.begin(), ended.output.end(), '\n'), 1) << ended.output;
    };
    refused(run({"--shelf-sise=3"}), "SHELF_SIZE"); // the nearest known name
    refused(run({}, {{"SHELF_COLOUR", "red"}}), "SHELF_COLOUR");
    refused(run({"--shelf-size=11"}), "between 1 and 10");
    refused(run({"--shelf-size"}), "needs a value");
    refused(run({"serve"}), "unexpected argument 'serve'");
    refused(run({"--config=/nowhere.yaml"}), "/nowhere.yaml");
    refused(run({"--clock-factor=2"}), "GRAVITY_TEST_MODE");
    refused(run({}), "DATABASE_URL is required");
}

struct Process : testing::Test {
    testkit::TestDatabase database{bookshelf::migrations};
    auth::Signer signer = auth::Signer::generate();
    std::string keys = std::filesystem::temp_directory_path() / ("gravity-keys-" + Uuid::v4().to_string() + ".json");
    ProjectId project = ProjectId::fresh();
    const testkit::Members emma{{"title", "Emma"}, {"pages", 474}};

    Process() { std::ofstream(keys) << signer.jwks(); }
    ~Process() override { std::filesystem::remove(keys); }

    std::unique_ptr<Daemon> start(app::Texts more = {}) {
        more.try_emplace("DATABASE_URL", database.url());
        more.try_emplace("MIGRATION_DATABASE_URL", database.owner_url());
        more.try_emplace("AUTH_JWKS_URL", "file://" + keys);
        more.try_emplace("AUTH_ISSUER", "test");
        more.try_emplace("DEREGISTER_DELAY_SECONDS", "0");
        return std::make_unique<Daemon>("bookshelf", Daemon::Start{.environment = std::move(more)});
    }
    testkit::Client owner(const Daemon& daemon) const {
        const auto seconds = now().unix_seconds();
        const Json claims = Json::object({{"iss", "test"},
                                          {"aud", "gravity"},
                                          {"sub", "owner"},
                                          {"project", project.to_string()},
                                          {"scope", "books:write"},
                                          {"iat", seconds},
                                          {"exp", seconds + 3600}});
        return {daemon.port(), signer.token(claims.dump(), "at+jwt")};
    }
    std::string rows() const { return database.admin("select count(*) from book"); }
    std::uint16_t database_port() const {
        const std::string& url = database.url();
        const auto slash = url.find('/', url.find("://") + 3);
        return static_cast<std::uint16_t>(std::stoi(url.substr(url.rfind(':', slash) + 1)));
    }
};

TEST_F(Process, StartsWithItsStoreAbsentAndIsReadyWhenItComes) {
    FaultProxy network("127.0.0.1", database_port());
    network.refuse();
    const auto daemon = start({{"DATABASE_URL", network.in_front_of(database.url())}});
    daemon->wait_until_listening();
    daemon->anybody().get("/health/ready").expect(503).field("/status", "fail");
    owner(*daemon).get("/api/v1/books").expect_problem(503, "store-unavailable").expect_header("Retry-After", "1");
    network.pass();
    daemon->wait_until_ready();
    owner(*daemon).get("/api/v1/books").expect(200);
    daemon->signal(SIGTERM);
    EXPECT_EQ(daemon->wait(), 0) << daemon->output();
}

TEST_F(Process, KilledBeforeTheCommitItDidNothing) {
    if (!testkit::Testpoint::compiled_in()) GTEST_SKIP() << "this build has no testpoints";
    auto daemon = start({{"GRAVITY_TESTPOINT_KILL", "pg.before_commit"}});
    daemon->wait_until_ready();
    EXPECT_THROW(owner(*daemon).post("/api/v1/books", emma).key("k").send(), std::runtime_error);
    EXPECT_EQ(daemon->wait(), -SIGKILL);
    EXPECT_EQ(rows(), "0");
    daemon = start();
    daemon->wait_until_ready();
    EXPECT_EQ(owner(*daemon).post("/api/v1/books", emma).key("k").expect(201).header("Idempotency-Replayed"), "");
    EXPECT_EQ(rows(), "1");
}

TEST_F(Process, KilledAfterTheCommitItsKeyTellsWhatItDid) {
    if (!testkit::Testpoint::compiled_in()) GTEST_SKIP() << "this build has no testpoints";
    auto daemon = start({{"GRAVITY_TESTPOINT_KILL", "pg.after_commit"}});
    daemon->wait_until_ready();
    EXPECT_THROW(owner(*daemon).post("/api/v1/books", emma).key("k").send(), std::runtime_error);
    EXPECT_EQ(daemon->wait(), -SIGKILL);
    EXPECT_EQ(rows(), "1");
    daemon = start();
    daemon->wait_until_ready();
    EXPECT_EQ(owner(*daemon).post("/api/v1/books", emma).key("k").expect(201).header("Idempotency-Replayed"), "true");
    EXPECT_EQ(rows(), "1");
}

// A request waits in the database for a row that the test holds.
struct Held {
    explicit Held(const testkit::TestDatabase& database) : connection(database.admin_url()), transaction(connection) {
        transaction.exec("lock table book in access exclusive mode");
    }
    void wait_for_a_request(const testkit::TestDatabase& database) const {
        eventually("a request waits for the lock", [&] {
            return database.admin(
                       "select count(*) from pg_locks where not granted and database = (select oid from pg_database where datname = current_database())") !=
                   "0";
        });
    }
    pqxx::connection connection;
    pqxx::work transaction;
};

TEST_F(Process, OnSigtermItAnswersWhatHasBegunAndEndsWithZero) {
    const auto daemon = start();
    daemon->wait_until_ready();
    const auto made = owner(*daemon).post("/api/v1/books", emma).expect(201);
    Held held(database);
    int status = 0;
    std::thread caller([&] { status = owner(*daemon).get(made.location()).send().status(); });
    held.wait_for_a_request(database);
    daemon->signal(SIGTERM);
    eventually("it stops to listen", [&] {
        try {
            daemon->anybody().get("/health/live").send();
            return false;
        } catch (const std::exception&) {
            return true;
        }
    });
    EXPECT_TRUE(daemon->running());
    held.transaction.abort();
    caller.join();
    EXPECT_EQ(status, 200);
    EXPECT_EQ(daemon->wait(), 0) << daemon->output();
}

TEST_F(Process, ASecondSignalEndsItAtOnce) {
    const auto daemon = start();
    daemon->wait_until_ready();
    Held held(database);
    std::thread caller([&] { EXPECT_THROW(owner(*daemon).get("/api/v1/books").send(), std::runtime_error); });
    held.wait_for_a_request(database);
    daemon->signal(SIGTERM);
    eventually("it is stopping", [&] { return daemon->output().find("\"stopping\"") != std::string::npos; });
    daemon->signal(SIGTERM);
    EXPECT_EQ(daemon->wait(), 1);
    caller.join();
}

TEST_F(Process, TellsItsHealthToAContainer) {
    const auto daemon = start();
    daemon->wait_until_ready();
    const std::string port = std::to_string(daemon->port());
    EXPECT_EQ(Daemon("bookshelf", {.environment = {{"PORT", port}, {"DATABASE_URL", database.url()}}, .flags = {"--health"}}).wait(), 0);
    daemon->signal(SIGKILL);
    daemon->wait();
    EXPECT_EQ(Daemon("bookshelf", {.environment = {{"PORT", port}, {"DATABASE_URL", database.url()}}, .flags = {"--health"}}).wait(), 1);
}

TEST_F(Process, ATakenPortIsOneLineAndExitOne) {
    const auto first = start();
    first->wait_until_ready();
    const auto second = start({{"PORT", std::to_string(first->port())}});
    EXPECT_EQ(second->wait(), 1);
    EXPECT_NE(second->output().find("cannot listen on 127.0.0.1:" + std::to_string(first->port()) + ": Address already in use"), std::string::npos)
        << second->output();
}

TEST_F(Process, AMigrationThatWasChangedAfterwardsStopsTheStart) {
    database.admin("update gravity.migrations set checksum = 'changed' where name = '0001_book'");
    const auto daemon = start();
    EXPECT_EQ(daemon->wait(), 1);
    EXPECT_NE(daemon->output().find("0001_book"), std::string::npos) << daemon->output();
}

TEST_F(Process, ADatabaseOfALaterVersionStopsTheStart) {
    database.admin("insert into gravity.migrations (set_name, name, checksum) values ('service', '0002_later', 'x')");
    const auto daemon = start();
    EXPECT_EQ(daemon->wait(), 1);
    EXPECT_NE(daemon->output().find("0002_later"), std::string::npos) << daemon->output();
}

} // namespace
} // namespace gravity
