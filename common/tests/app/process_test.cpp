// A service's life as others see it: starting without its store, signals, health, and what it says when it cannot start.
#include <gravity/app/app.hpp>
#include <gravity/app/stopping.hpp>
#include <gravity/app/token_check.hpp>
#include <gravity/async/coroutine.hpp>
#include <gravity/http/any_origin.hpp>
#include <gravity/testkit/service.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

namespace gravity {
namespace {

constexpr pg::Migration migrations[] = {{"0001_note", R"sql(
    create table note (id uuid primary key, project uuid, text text not null, version bigint not null default 1);
    call gravity.isolate('note');)sql"}};

using NoteId = Id<"note">;
struct NewNote {
    Text<1, 100> text;
};
BOOST_DESCRIBE_STRUCT(NewNote, (), (text))
struct Note : NewNote {
    NoteId id;
    Version version;
};
BOOST_DESCRIBE_STRUCT(Note, (NewNote), (id, version))

const Sql<Note(NoteId, NewNote)> insert_note{"note.insert", "insert into note (id, text) values ($1, $2) returning *"};
const Sql<Note(NoteId)> get_note{"note.get", "select * from note where id = $1"};

Created<Note> create(Tx& tx, Body<NewNote> in) { return tx.one(insert_note, tx.new_id<NoteId>(), *in); }
Note get(Tx& tx, Path<"id", NoteId> id) { return tx.one(get_note, *id); }
Note load(Tx& tx, NoteId id) { return tx.one(get_note, id); }
Task<Note> get_by_coroutine(Ctx& ctx, Path<"id", NoteId> id) {
    Note note = co_await ctx.transaction(load, *id);
    co_return note;
}
Note broken(Tx&, Path<"id", NoteId>) { throw std::runtime_error("a secret detail"); }

void routes(Router& router) {
    auto notes = router.collection("/api/v1/notes", "notes");
    notes.post<create>("");
    notes.get<get>("/{id}");
    notes.get<get_by_coroutine>("/{id}/again");
    notes.get<broken>("/{id}/broken");
}

Service notes() { return Service{"notes", 0}.postgres(migrations).routes(routes); }

TEST(Life, CoroutineHandlersUseTransactionsToo) {
    testkit::RunningService service(notes());
    const testkit::Callers as(service);
    const auto made = as.owner.post("/api/v1/notes", {{"text", "hello"}}).expect(201);
    as.owner.get(made.location() + "/again").expect(200).field("/text", "hello").expect_header("ETag", "\"1\"");
    as.stranger.get(made.location() + "/again").expect_problem(404, "not-found");
}

TEST(Life, AnErrorOfTheProgramRevealsNothingButItsTrace) {
    testkit::RunningService service(notes());
    const testkit::Callers as(service);
    const auto answer = as.owner.get("/api/v1/notes/" + Uuid::v7().to_string() + "/broken").expect_problem(500, "internal");
    EXPECT_EQ(answer.body().find("secret"), std::string::npos);
    EXPECT_EQ(answer.text("/trace_id").size(), 32u);
}

TEST(Life, AConnectionLostBetweenRequestsIsNotNoticed) {
    testkit::RunningService service(notes());
    const testkit::Callers as(service);
    const auto made = as.owner.post("/api/v1/notes", {{"text", "hello"}}).expect(201);
    service.database().cut_connections();
    as.owner.get(made.location()).expect(200);
}

TEST(Life, TheTraceOfTheCallerGoesOn) {
    testkit::RunningService service(notes());
    const testkit::Callers as(service);
    const auto answer = as.owner.get("/api/v1/notes/" + Uuid::v7().to_string())
                            .header("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
                            .expect_problem(404, "not-found");
    EXPECT_EQ(answer.text("/trace_id"), "0af7651916cd43dd8448eb211c80319c");
}

TEST(Life, ServesHealthMetricsAndItsOwnDescription) {
    testkit::RunningService service(notes());
    const testkit::Callers as(service);
    as.anonymous.get("/health/live").expect(200).field("/status", "pass").expect_header("Content-Type", "application/health+json");
    as.anonymous.get("/health/ready").expect(200).field("/status", "pass").field("/checks/postgresql/0/status", "pass");
    as.anonymous.post("/health/ready").expect_problem(405, "method-not-allowed").expect_header("Allow", "GET, HEAD");
    EXPECT_NE(as.anonymous.get("/metrics").expect(200).body().find("gravity_http_request_duration_seconds_count"), std::string::npos);
    const auto described = as.anonymous.get("/openapi.json").expect(200).field("/openapi", "3.1.0");
    const std::string tag = described.header("ETag");
    as.anonymous.get("/openapi.json").header("If-None-Match", tag).expect(304).expect_header("ETag", tag);
    as.anonymous.get("/openapi.json").header("If-None-Match", "\"other\"").expect(200).expect_header("ETag", tag);
    EXPECT_NE(as.anonymous.get("/docs").expect(200).body().find("openapi.json"), std::string::npos);
}

TEST(Life, EndsWithZeroWhenToldTo) {
    testkit::RunningService service(notes());
    EXPECT_EQ(service.stop(), 0);
}

// One that is not ready: kept beside a thread that drives it.
struct Waiting {
    explicit Waiting(app::PlatformSettings settings) : app(notes().definition(), std::move(settings)) {
        app.start();
        thread = std::thread([this] { code = app.run(); });
    }
    ~Waiting() {
        app.stop();
        if (thread.joinable()) thread.join();
    }
    app::App app;
    int code = -1;
    std::thread thread;
};

app::PlatformSettings settings_for(std::string database_url) {
    app::PlatformSettings settings;
    settings.port = 0;
    settings.database_url = Secret<>(std::move(database_url));
    settings.deregister_delay_seconds = 0;
    return settings;
}

TEST(Start, WithoutItsStoreItLivesAndSaysWhatItWaitsFor) {
    Waiting waiting(settings_for("postgres://nobody:x@127.0.0.1:1/none"));
    const testkit::Client anybody(waiting.app.port(), "");
    anybody.get("/health/live").expect(200);
    anybody.get("/health/ready").expect(503).field("/status", "fail");
    anybody.get("/api/v1/notes/" + Uuid::v7().to_string()).expect_problem(503, "store-unavailable").expect_header("Retry-After", "1");
}

// What blocks the start can ask whether to go on.
TEST(Start, ToldToEndWhileAServiceWaitsForWhatItNeedsIsNoFailure) {
    std::atomic<bool> waits{false}, drained{false};
    Service service{"waits", 0};
    service.unregistered();
    service.provision([&](app::Runtime& runtime) {
        const auto& stopping = runtime.resources.get<app::Stopping>();
        waits = true;
        while (!stopping.asked()) std::this_thread::yield();
        throw std::runtime_error("it did not come");
    });
    service.on_drain([&](app::Runtime&) -> Task<void> {
        drained = true;
        co_return;
    });
    app::PlatformSettings settings;
    settings.port = 0;
    app::App app(service.definition(), settings);
    app.start();
    int code = -1;
    std::thread thread([&] { code = app.run(); });
    while (!waits) std::this_thread::yield();
    app.stop();
    thread.join();
    EXPECT_EQ(code, 0);
    EXPECT_FALSE(drained); // there was nothing yet
}

// ---- tokens of a service's own

struct Said {
    std::string subject;
};
BOOST_DESCRIBE_STRUCT(Said, (), (subject))
Task<Said> who(Ctx& ctx) { co_return Said{ctx.caller()->subject}; }
void own_routes(Router& router) { router.collection("/api/v1/own", "own").get<who>(""); }

Task<std::optional<Caller>> known_here(const http::Request& request) {
    if (request.headers.get("X-Own-Token") != "mine") co_return std::nullopt;
    Caller caller;
    caller.subject = "own:1";
    caller.project = ProjectId(Uuid::v4());
    caller.scopes = {request.headers.get("X-Little") ? "own:none" : "own:read"};
    co_return caller;
}

TEST(OwnTokens, AreAskedBeforeThoseOfThePlatformWhichStillCount) {
    Service own{"own", 0};
    const auto put = [](app::Runtime& runtime) { runtime.resources.put(std::make_shared<app::OwnTokens>(app::OwnTokens{known_here})); };
    own.routes(own_routes).unregistered().provision(put);
    testkit::RunningService service(own);
    const testkit::Callers as(service);
    as.anonymous.get("/api/v1/own").header("X-Own-Token", "mine").expect(200).field("/subject", "own:1");
    as.anonymous.get("/api/v1/own").header("X-Own-Token", "mine").header("X-Little", "1").expect_problem(403, "forbidden");
    as.anonymous.get("/api/v1/own").header("X-Own-Token", "other").expect_problem(401, "unauthenticated");
    as.reader.get("/api/v1/own").expect(200).field("/subject", "tester");
}

// By the Fetch standard: what is listed is read by pages of any origin, refusals too; all else, and what no page asks for, is as ever.
TEST(AnyOrigin, ReadsWhatAServiceLists) {
    Service own{"own", 0};
    const auto put = [](app::Runtime& runtime) {
        runtime.resources.put(std::make_shared<app::OwnTokens>(app::OwnTokens{known_here}));
        runtime.resources.put(std::make_shared<http::AnyOrigin>(http::AnyOrigin{"/api/v1/own"}));
    };
    own.routes(own_routes).unregistered().provision(put);
    testkit::RunningService service(own);
    const testkit::Callers as(service);
    const std::string name = "Access-Control-Allow-Origin", page = "https://page.example.com";
    EXPECT_EQ(as.anonymous.get("/api/v1/own").header("Origin", page).header("X-Own-Token", "mine").expect(200).header(name), "*");
    EXPECT_EQ(as.anonymous.get("/api/v1/own").header("Origin", page).expect(401).header(name), "*");
    EXPECT_EQ(as.anonymous.get("/api/v1/own").header("X-Own-Token", "mine").expect(200).header(name), "");
    EXPECT_EQ(as.anonymous.get("/health/live").header("Origin", page).expect(200).header(name), "");
    EXPECT_EQ(as.anonymous.get("/api/v1/other").header("Origin", page).send().header(name), "");
    auto asked = as.anonymous.call("OPTIONS", "/api/v1/own").header("Origin", page).header("Access-Control-Request-Method", "GET");
    EXPECT_EQ(asked.expect(204).header("Access-Control-Allow-Headers"), "") << "none was asked for";
    const auto answer = asked.header("Access-Control-Request-Headers", "x-own-token").expect(204);
    EXPECT_EQ(answer.header("Access-Control-Allow-Headers"), "x-own-token");
    EXPECT_EQ(answer.header("Access-Control-Allow-Methods"), answer.header("Allow"));
    EXPECT_EQ(answer.header(name), "*");
    EXPECT_NE(answer.header("Access-Control-Max-Age"), "");
}

TEST(Start, ATakenPortIsOneClearLine) {
    Waiting first(settings_for("postgres://nobody:x@127.0.0.1:1/none"));
    auto settings = settings_for("postgres://nobody:x@127.0.0.1:1/none");
    settings.port = first.app.port();
    app::App second(notes().definition(), settings);
    try {
        second.start();
        FAIL();
    } catch (const std::runtime_error& error) {
        EXPECT_EQ(std::string(error.what()), "cannot listen on 127.0.0.1:" + std::to_string(first.app.port()) + ": Address already in use");
    }
}

TEST(Start, ARoleThatCouldSeeEveryProjectIsRefused) {
    testkit::TestDatabase database(migrations);
    app::App app(notes().definition(), settings_for(database.admin_url()));
    app.start();
    EXPECT_EQ(app.run(), 1);
}

} // namespace
} // namespace gravity
