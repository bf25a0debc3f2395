// The network's misdeeds, and what a service makes of them.
#include "bookshelf.hpp"

#include <gravity/testkit/fault_proxy.hpp>
#include <gravity/testkit/neighbour.hpp>
#include <gravity/testkit/service.hpp>

#include <gtest/gtest.h>

#include <cstdlib>
#include <sys/mount.h>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>

namespace gravity {
namespace {

using namespace std::chrono_literals;
using testkit::eventually;
using testkit::FaultProxy;
using testkit::Neighbour;

std::uint16_t port_of(const std::string& url) {
    const auto slash = url.find('/', url.find("://") + 3);
    return static_cast<std::uint16_t>(std::stoi(url.substr(url.rfind(':', slash) + 1)));
}

int status_through(const FaultProxy& proxy, std::string target = "/") {
    try {
        return testkit::Client(proxy.port(), "").get(std::move(target)).send().status();
    } catch (const std::exception&) {
        return 0;
    }
}

TEST(FaultProxy, PassesRefusesAndPassesAgain) {
    Neighbour neighbour;
    neighbour.on("GET", "/", testkit::Reply{.body = "hello"});
    FaultProxy proxy("127.0.0.1", neighbour.port());
    EXPECT_EQ(status_through(proxy), 200);
    proxy.refuse();
    EXPECT_EQ(status_through(proxy), 0);
    proxy.pass();
    EXPECT_EQ(status_through(proxy), 200);
    EXPECT_EQ(proxy.accepted(), 2u);
    EXPECT_GT(proxy.bytes_passed(), 100u);
    eventually("the connections end", [&] { return proxy.open() == 0; });
}

TEST(FaultProxy, CutsWhatIsOpen) {
    Neighbour neighbour;
    neighbour.on("GET", "/", testkit::Reply{.held = true});
    FaultProxy proxy("127.0.0.1", neighbour.port());
    int status = -1;
    std::thread caller([&] { status = status_through(proxy); });
    neighbour.wait_for_calls(1);
    proxy.cut();
    caller.join();
    EXPECT_EQ(status, 0);
    EXPECT_EQ(proxy.open(), 0u);
}

TEST(FaultProxy, SilenceIsNoticedByNobody) {
    Neighbour neighbour;
    neighbour.on("GET", "/", testkit::Reply{});
    FaultProxy proxy("127.0.0.1", neighbour.port());
    proxy.silence();
    int status = -1;
    std::thread caller([&] { status = status_through(proxy); });
    eventually("the connection is open", [&] { return proxy.open() == 1; });
    EXPECT_EQ(neighbour.calls().size(), 0u);
    EXPECT_EQ(proxy.bytes_passed(), 0u);
    proxy.cut();
    caller.join();
    EXPECT_EQ(status, 0);
}

TEST(FaultProxy, DripsAndDelaysWithoutLosingAByte) {
    Neighbour neighbour;
    neighbour.on("GET", "/", testkit::Reply{.body = std::string(300, 'x')});
    FaultProxy proxy("127.0.0.1", neighbour.port());
    proxy.drip(7, 0ms);
    const auto answer = testkit::Client(proxy.port(), "").get("/").expect(200);
    EXPECT_EQ(answer.json(), Json(std::string(300, 'x')));
    proxy.pass();
    proxy.delay(1ms);
    EXPECT_EQ(status_through(proxy), 200);
}

TEST(FaultProxy, LosesAnAnswerOrTheRequest) {
    Neighbour neighbour;
    neighbour.on("GET", "/a", testkit::Reply{}).on("GET", "/b", testkit::Reply{});
    FaultProxy proxy("127.0.0.1", neighbour.port());
    proxy.lose_answer_to("get /a");
    EXPECT_EQ(status_through(proxy, "/a"), 0);
    EXPECT_EQ(neighbour.calls("GET", "/a").size(), 1u); // it did act
    EXPECT_EQ(status_through(proxy, "/a"), 200);        // once only
    proxy.lose("GET /b");
    EXPECT_EQ(status_through(proxy, "/b"), 0);
    EXPECT_EQ(neighbour.calls("GET", "/b").size(), 0u);
    EXPECT_EQ(proxy.losses(), 2u);
}

TEST(FaultProxy, StandsInAnyUrl) {
    const FaultProxy proxy("127.0.0.1", 1);
    const std::string port = std::to_string(proxy.port());
    EXPECT_EQ(proxy.in_front_of("postgres://u:p@h:5432/db?x=1"), "postgres://u:p@127.0.0.1:" + port + "/db?x=1");
    EXPECT_EQ(proxy.in_front_of("redis://h:6379"), "redis://127.0.0.1:" + port);
}

TEST(Neighbour, AnswersByScriptAndNotesItsCalls) {
    Neighbour stock("inventory");
    stock.on("GET", "/a", testkit::Reply{.body = 1}).on("GET", "/a", testkit::Reply{.status = 503}).on("POST", "/b", [](const http::Request& request) {
        return testkit::Reply{.status = 201, .body = request.body};
    });
    const testkit::Client anybody(stock.port(), "");
    anybody.get("/a").expect(200).field("", 1);
    anybody.get("/a?x=1").expect(503);
    anybody.get("/a").expect(503); // the last is repeated
    EXPECT_EQ(anybody.post("/b", {{"n", 1}}).expect(201).json(), Json("{\"n\":1}"));
    anybody.get("/c").expect(404);
    EXPECT_EQ(stock.calls().size(), 5u);
    EXPECT_EQ(stock.calls("GET", "/a").at(1).query, "x=1");
    stock.forget();
    anybody.get("/a").expect(404);
    EXPECT_EQ(stock.calls().size(), 1u);
}

TEST(Neighbour, CutsABodyAndHoldsAnAnswer) {
    Neighbour neighbour;
    neighbour.on("GET", "/cut", testkit::Reply{.body = std::string(100, 'x'), .cut_after = 10}).on("GET", "/held", testkit::Reply{.held = true});
    EXPECT_THROW(testkit::Client(neighbour.port(), "").get("/cut").send(), std::runtime_error);
    std::atomic<bool> answered{false};
    std::thread caller([&] {
        testkit::Client(neighbour.port(), "").get("/held").expect(200);
        answered = true;
    });
    neighbour.wait_for_calls(2);
    EXPECT_FALSE(answered);
    neighbour.release();
    caller.join();
    EXPECT_TRUE(answered);
}

TEST(FakeDiscovery, AServiceRegistersWhenReadyAndLeavesAtTheEnd) {
    testkit::FakeDiscovery discovery;
    {
        testkit::RunningService service(bookshelf::service(), {{"DISCOVERY_MODE", "consul"}, {"DISCOVERY_URL", discovery.url()}});
        const Json document = discovery.wait_for("bookshelf");
        EXPECT_EQ(document.at_pointer("/Port")->as_integer(), service.port());
        EXPECT_EQ(*document.at_pointer("/Meta/prefixes"), Json("/api/v1/books"));
        const auto found = testkit::Client(discovery.consul().port(), "").get("/v1/health/service/bookshelf?passing").expect(200);
        EXPECT_EQ(found.at("/0/Service/Port"), Json(std::int64_t{service.port()}));
        EXPECT_EQ(service.stop(), 0);
    }
    EXPECT_EQ(discovery.registrations().size(), 0u);
    Neighbour stock("inventory");
    discovery.add(stock);
    const testkit::Client anybody(discovery.consul().port(), "");
    anybody.get("/v1/health/service/inventory").expect(200).field("/0/Service/Port", std::int64_t{stock.port()});
    discovery.remove("inventory");
    anybody.get("/v1/health/service/inventory").expect(200).field("", Json::array());
}

// ---- a service whose store is behind a bad network

struct Shelf {
    testkit::TestDatabase database{bookshelf::migrations};
    FaultProxy proxy{"127.0.0.1", port_of(database.url())};
    testkit::RunningService service{
        bookshelf::service(),
        {{"DATABASE_URL", proxy.in_front_of(database.url())}, {"MIGRATION_DATABASE_URL", database.owner_url()}, {"PG_POOL_MAX", "2"}}};
    testkit::Callers as{service};
    testkit::Members book{{"title", "Emma"}, {"pages", 474}};

    std::string rows() const { return database.admin("select count(*) from book"); }
};

// In the message that commits the first request of a project, and in no other: work in the background commits too, at any time.
const std::string commit = "gravity.project.record";

TEST(StoreFaults, ACommitWhoseAnswerIsLostIsUnknownAndTheKeyTellsWhatBecameOfIt) {
    Shelf shelf;
    shelf.proxy.lose_answer_to(commit);
    const auto first = shelf.as.owner.post("/api/v1/books", shelf.book).key("k").send();
    EXPECT_EQ(shelf.proxy.losses(), 1u);
    // Either the record was found at once and answered, or the caller is told that nobody knows; never that it failed.
    if (first.status() == 503)
        EXPECT_EQ(first.text("/type"), problem_type("outcome-unknown"));
    else
        EXPECT_EQ(first.status(), 201);
    const auto again = shelf.as.owner.post("/api/v1/books", shelf.book).key("k").expect(201);
    EXPECT_EQ(again.header("Idempotency-Replayed"), "true");
    EXPECT_EQ(shelf.rows(), "1");
}

TEST(StoreFaults, ACommitThatNeverArrivedTakesNoEffectAndTheKeyMayBeUsedAgain) {
    Shelf shelf;
    shelf.proxy.lose(commit);
    const auto first = shelf.as.owner.post("/api/v1/books", shelf.book).key("k").send();
    EXPECT_EQ(shelf.proxy.losses(), 1u);
    EXPECT_NE(first.status(), 500);
    // As long as the server has not noticed that the connection is gone, the first one is still running (409).
    eventually("the key may be used again", [&] { return shelf.as.owner.post("/api/v1/books", shelf.book).key("k").send().status() == 201; });
    EXPECT_EQ(shelf.rows(), "1");
}

TEST(StoreFaults, WithoutAKeyALostCommitIsToldAsUnknown) {
    Shelf shelf;
    shelf.proxy.lose_answer_to(commit);
    shelf.as.owner.post("/api/v1/books", shelf.book).expect_problem(503, "outcome-unknown");
    EXPECT_EQ(shelf.rows(), "1");
}

TEST(StoreFaults, AStoreThatGoesAwayIs503AndComesBackByItself) {
    Shelf shelf;
    const auto made = shelf.as.owner.post("/api/v1/books", shelf.book).expect(201);
    shelf.proxy.refuse();
    shelf.proxy.cut();
    const auto away = shelf.as.owner.get(made.location()).expect_problem(503, "store-unavailable");
    EXPECT_FALSE(away.header("Retry-After").empty());
    shelf.as.owner.post("/api/v1/books", {{"title", "Lost"}, {"pages", 1}}).expect_problem(503, "store-unavailable");
    shelf.as.anonymous.get("/health/live").expect(200);
    eventually("not ready", [&] { return shelf.as.anonymous.get("/health/ready").send().status() == 503; });
    shelf.proxy.pass();
    eventually("ready again", [&] { return shelf.as.anonymous.get("/health/ready").send().status() == 200; });
    shelf.as.owner.get(made.location()).expect(200).field("/title", "Emma");
    EXPECT_EQ(shelf.rows(), "1");
}

TEST(StoreFaults, ASilentStoreIsGivenUpAfterTheDeadline) {
    Shelf shelf;
    const auto made = shelf.as.owner.post("/api/v1/books", shelf.book).expect(201);
    shelf.proxy.silence(); // as a server that is stopped: its TCP lives on
    shelf.as.owner.get(made.location()).header("X-Request-Timeout-Ms", "200").expect_problem(504, "deadline-exceeded");
    // A change may have been committed for all that is known, once its commit is on the way.
    const auto change = shelf.as.owner.post("/api/v1/books", {{"title", "Persuasion"}, {"pages", 249}}).key("p").header("X-Request-Timeout-Ms", "200").send();
    EXPECT_TRUE(change.status() == 503 || change.status() == 504) << change.status() << change.body();
    shelf.proxy.pass();
    shelf.proxy.cut();
    shelf.as.owner.get(made.location()).expect(200); // and the workers are there again
    shelf.as.owner.post("/api/v1/books", {{"title", "Persuasion"}, {"pages", 249}}).key("p").expect(201);
    EXPECT_EQ(shelf.rows(), "2");
}

TEST(StoreFaults, ASlowNetworkOnlyCostsTime) {
    Shelf shelf;
    shelf.proxy.drip(16, 0ms);
    const auto made = shelf.as.owner.post("/api/v1/books", shelf.book).expect(201);
    shelf.as.owner.get(made.location()).expect(200).field("/pages", 474);
}

// What the server reports when it has no room is told as 503, by its code.
TEST(StoreFaults, AServerWithoutRoomIs503) {
    testkit::RunningService service(bookshelf::service());
    const testkit::Callers as(service);
    service.database().admin(
        "create function no_room() returns trigger language plpgsql as $$ begin raise exception 'could not extend file' using errcode = '53100'; end $$;"
        "create trigger no_room before insert on book for each row execute function no_room()");
    const auto refused = as.owner.post("/api/v1/books", {{"title", "Emma"}, {"pages", 474}}).key("k").expect_problem(503, "store-unavailable");
    EXPECT_FALSE(refused.header("Retry-After").empty());
    service.database().admin("drop trigger no_room on book");
    as.owner.post("/api/v1/books", {{"title", "Emma"}, {"pages", 474}}).key("k").expect(201);
}

// A file system of one megabyte, and a tablespace of the test's server on it.
class SmallDisk {
public:
    explicit SmallDisk(const testkit::TestDatabase& database) : database_(database) {
        struct stat of_postmaster{};
        const std::string any_backend = "/proc/" + database.admin("select min(pid)::text from pg_stat_activity where backend_type = 'checkpointer'");
        if (::stat(any_backend.c_str(), &of_postmaster) != 0) return; // not on this machine
        char name[] = "/tmp/gravity-disk-XXXXXX";
        if (::mkdtemp(name) == nullptr) return;
        path_ = name;
        const std::string options = "size=1m,mode=0700,uid=" + std::to_string(of_postmaster.st_uid) + ",gid=" + std::to_string(of_postmaster.st_gid);
        mounted_ = ::mount("tmpfs", name, "tmpfs", 0, options.c_str()) == 0;
        if (!mounted_) return;
        database.admin("create tablespace " + space() + " location '" + path_ + "'");
        database.admin("alter table book set tablespace " + space());
    }
    ~SmallDisk() {
        if (mounted_) {
            database_.admin("drop table if exists filler");
            database_.admin("alter table book set tablespace pg_default");
            database_.admin("drop tablespace " + space());
            ::umount2(path_.c_str(), MNT_DETACH);
        }
        if (!path_.empty()) ::rmdir(path_.c_str());
    }
    bool there() const { return mounted_; }
    void fill() const {
        database_.admin("create table filler (bytes text) tablespace " + space());
        database_.admin("do $$ begin loop insert into filler select repeat(md5(random()::text), 60); end loop; exception when disk_full then null; end $$");
        // The rows above are undone, their pages stay taken.
    }

private:
    std::string space() const { return "small_" + database_.name(); }
    const testkit::TestDatabase& database_;
    std::string path_;
    bool mounted_ = false;
};

TEST(StoreFaults, AFullDiskIs503AndNothingThatWasAcknowledgedIsLost) {
    testkit::RunningService service(bookshelf::service());
    const testkit::Callers as(service);
    const SmallDisk disk(service.database());
    if (!disk.there()) GTEST_SKIP() << "a file system cannot be mounted here";
    const auto note = std::string(190, 'n');
    const auto write = [&](int n) {
        return as.owner.post("/api/v1/books", {{"title", "Book " + std::to_string(n)}, {"pages", 1}, {"note", note}}).key("k" + std::to_string(n)).send();
    };
    ASSERT_EQ(write(0).status(), 201);
    disk.fill();
    int acknowledged = 1, n = 1;
    for (; n < 200; ++n) { // the page that is begun takes some more
        const auto answer = write(n);
        if (answer.status() != 201) {
            EXPECT_EQ(answer.status(), 503);
            EXPECT_EQ(answer.text("/type"), problem_type("store-unavailable"));
            break;
        }
        ++acknowledged;
    }
    ASSERT_LT(n, 200) << "the disk was never full";
    as.owner.get("/api/v1/books?limit=200").expect(200); // reading goes on
    as.anonymous.get("/health/ready").expect(200);
    EXPECT_EQ(service.database().admin("select count(*) from book"), std::to_string(acknowledged));
    service.database().admin("drop table filler");
    service.database().admin("checkpoint"); // the files go with the next one
    EXPECT_EQ(write(n).status(), 201);      // the same request with its key, now that there is room
    EXPECT_EQ(service.database().admin("select count(*) from book"), std::to_string(acknowledged + 1));
}

} // namespace
} // namespace gravity
