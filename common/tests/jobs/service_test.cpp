// Jobs through a service: started by a route, followed by the job's own resource.
#include <gravity/async/coroutine.hpp>
#include <gravity/jobs/routes.hpp>
#include <gravity/service.hpp>
#include <gravity/testkit/service.hpp>

#include <gtest/gtest.h>

namespace gravity {
namespace {

constexpr pg::Migration migrations[] = {{"0001_notes", R"sql(
    create table mark (job uuid primary key, project uuid, what text not null);
    call gravity.isolate('mark');)sql"}};

struct ImportNotes {
    static constexpr JobKind job{"note-import"};
    std::vector<Text<1, 100>> texts;
};
BOOST_DESCRIBE_STRUCT(ImportNotes, (), (texts))
struct Imported {
    int count = 0;
};
BOOST_DESCRIBE_STRUCT(Imported, (), (count))
struct NoteImported {
    static constexpr Event event{"gravity.notes.note.imported"};
    Uuid id;
};
BOOST_DESCRIBE_STRUCT(NoteImported, (), (id))

const Sql<void(Uuid, std::string)> insert_note{"note.insert", "insert into mark (job, what) values ($1, $2)"};

Imported import_one(Tx& tx, ImportNotes input, int at) {
    const Uuid id = Uuid::v7();
    tx.exec(insert_note, id, std::string(input.texts[static_cast<std::size_t>(at)].view()));
    tx.emit(NoteImported{id});
    return {at + 1};
}
Task<void> import_notes(JobCtx& ctx, ImportNotes input) {
    Imported at = ctx.checkpoint<Imported>().value_or(Imported{});
    while (at.count < static_cast<int>(input.texts.size())) at = co_await ctx.checkpointed(import_one, input, at.count);
    ctx.result(at);
}

Accepted<Job> start_import(Tx& tx, Body<ImportNotes> in) { return tx.enqueue(*in, {.key = "import"}); }

void routes(Router& router) {
    auto notes = router.collection("/api/v1/notes", "notes");
    notes.post<start_import>("/imports", {.summary = "Import notes"});
    jobs::routes<ImportNotes>(notes, "/imports");
}

class JobsOfAService : public testing::Test {
protected:
    testkit::RunningService service{Service{"notes", 0}.postgres(migrations).routes(routes).job(import_notes)};
    testkit::Callers as{service};
    const std::string imports = "/api/v1/notes/imports";
    const testkit::Members two{{"texts", Json::array({"a", "b"})}};
};

TEST_F(JobsOfAService, AreAcceptedAndFollowed) {
    const auto accepted = as.owner.post(imports, two).expect(202).field("/kind", "note-import");
    service.run_jobs_until_idle();
    as.owner.get(imports + "/" + accepted.text("/id")).expect(200).field("/state", "done").field("/progress", 1.0).field("/result/count", 2);
    EXPECT_EQ(service.take_events().size(), 2u);
    EXPECT_EQ(service.database().admin("select string_agg(what, ' ' order by what) from mark"), "a b");
}

TEST_F(JobsOfAService, AreTheirProjectsOwn) {
    const auto accepted = as.owner.post(imports, two).expect(202);
    as.stranger.get(imports + "/" + accepted.text("/id")).expect_problem(404, "not-found");
    as.stranger.post(imports + "/" + accepted.text("/id") + "/cancel").expect_problem(404, "not-found");
    as.reader.post(imports + "/" + accepted.text("/id") + "/cancel").expect_problem(403, "forbidden");
}

TEST_F(JobsOfAService, AnEndedOneStaysAsItIs) {
    const auto accepted = as.owner.post(imports, two).expect(202);
    service.run_jobs_until_idle();
    as.owner.post(imports + "/" + accepted.text("/id") + "/cancel").expect(200).field("/state", "done");
}

TEST_F(JobsOfAService, EndOrGoBackWhenTheServiceEnds) {
    as.owner.post(imports, two).expect(202);
    EXPECT_EQ(service.stop(), 0);
    EXPECT_EQ(service.database().admin("select count(*) from gravity.job where state = 'running'"), "0");
}

} // namespace
} // namespace gravity
