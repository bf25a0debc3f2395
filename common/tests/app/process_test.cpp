// A service's life as others see it: starting without its store, signals, health, and what it says when it cannot start.
#include <gravity/app/app.hpp>
#include <gravity/async/coroutine.hpp>
#include <gravity/testkit/service.hpp>

#include <gtest/gtest.h>

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
    as.anonymous.get("/openapi.json").expect(200).field("/openapi", "3.1.0");
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
