// Imports that are cut: by kill -9 at each of their steps, and by who asked for them.
#include "api.hpp"
#include "config.hpp"
#include "imports_job.hpp"
#include "product_catalog_migrations.hpp"

#include <gravity/testkit/daemon.hpp>
#include <gravity/testkit/neighbour.hpp>
#include <gravity/testkit/service.hpp>
#include <gravity/testkit/testpoint.hpp>

#include <gtest/gtest.h>

#include <csignal>
#include <map>
#include <thread>

namespace gravity::product_catalog {
namespace {

using testkit::Daemon;
using testkit::eventually;
using testkit::Testpoint;

Service desk() { return Service{"product-catalog", 0}.settings<Settings>("CATALOG_").postgres(product_catalog_migrations()).routes(routes); }
Service importer() { return desk().job(run_import); }
GRAVITY_TEST_DAEMON(importer, importer())

/// 130 products of two sizes each; every fiftieth row has a wrong check digit, if it is to be bad.
std::string file(bool some_bad) {
    std::string text = "slug,name,sku,gtin,list_price,option.size\n";
    for (int i = 0; i < 260; ++i) {
        const std::string product = std::to_string(i / 2), row = std::to_string(i);
        text += "mug-" + product + ",Mug " + product + ",M-" + row + "," + (some_bad && i % 50 == 7 ? "4006381333930" : "") + ",1.50 EUR," +
                (i % 2 == 0 ? "S" : "L") + "\n";
    }
    return text;
}

/// A service that takes imports and does none: processes of their own do, and die.
class CutImports : public testing::Test {
protected:
    void SetUp() override {
        if (!Testpoint::compiled_in()) GTEST_SKIP() << "this build has no testpoints";
    }

    testkit::RunningService service{desk()};
    const ProjectId project = ProjectId::fresh();
    testkit::Client editor = service.caller(project, service.all_scopes());

    testkit::Answer upload(const testkit::Client& by, const std::string& text, const std::string& query = "") {
        return by.post("/api/v1/product-imports" + query).raw(text, "text/csv").expect(202);
    }
    testkit::Answer look(const testkit::Client& by, const testkit::Answer& import) {
        return by.get("/api/v1/product-imports/" + import.text("/id")).expect(200);
    }
    std::unique_ptr<Daemon> start(app::Texts more = {}) {
        more["DATABASE_URL"] = service.database().url();
        more["MIGRATION_DATABASE_URL"] = service.database().owner_url();
        more["DEREGISTER_DELAY_SECONDS"] = "0";
        return std::make_unique<Daemon>("importer", Daemon::Start{.environment = std::move(more)});
    }
    /// The worker has died; what is spared is the wait until others believe it.
    void end_leases() { service.database().admin("update gravity.job set lease_until = clock_timestamp() - interval '1 second' where state = 'running'"); }
    /// A process that does the imports until it comes to the place, and is gone.
    void die_at(const std::string& place) {
        const auto daemon = start({{"GRAVITY_TESTPOINT_KILL", place}});
        eventually("a death at " + place, [&] { return !daemon->running(); }, std::chrono::seconds(60));
        EXPECT_EQ(daemon->wait(), -SIGKILL) << daemon->output();
        end_leases();
    }
    testkit::Answer finish(const testkit::Client& by, const testkit::Answer& import) {
        const auto daemon = start();
        const std::string unfinished = "select count(*) from gravity.job where kind = 'product-import' and state in ('waiting', 'running')";
        eventually("the import ends", [&] { return service.database().admin(unfinished) == "0"; }, std::chrono::seconds(60));
        return look(by, import);
    }

    /// Every product with how often it and its variants were changed and shown.
    std::string products(ProjectId of) {
        return service.database().admin(R"sql(
            select coalesce(string_agg(format('%s v%s r%s %s', p.staged->>'slug', p.version, p.revision,
                   (select string_agg(format('%s v%s', v.sku, v.version), ' ' order by v.sku) from variant v where v.product_id = p.id)), E'\n'
                   order by p.staged->>'slug'), '')
            from product p where p.project = ')sql" +
                                        of.to_string() + "'");
    }
    std::string announced(ProjectId of) {
        return service.database().admin("select string_agg(format('%s %s', type, n), ' ' order by type) from "
                                        "(select type, count(*) as n from gravity.outbox where project = '" +
                                        of.to_string() + "' group by type) counted");
    }
    /// The same file, imported by somebody else without a cut, came to the same: nothing is lost and nothing was done twice.
    void expect_as_if_uncut(const testkit::Answer& cut, const std::string& text, const std::string& query) {
        const ProjectId other = ProjectId::fresh();
        const testkit::Client by = service.caller(other, service.all_scopes());
        const auto uncut = finish(by, upload(by, text, query));
        for (const char* field : {"/state", "/rows", "/good", "/bad", "/published", "/problem"}) cut.field(field, uncut.at(field));
        EXPECT_EQ(products(project), products(other));
        EXPECT_EQ(announced(project), announced(other));
    }
};

TEST_F(CutImports, KillNineAnywhereLosesNothingAndDoublesNothing) {
    const auto import = upload(editor, file(true), "?publish=true");
    die_at("import.rows_applied"); // before the commit: nothing of it is there
    EXPECT_EQ(products(project), "");
    die_at("import.batch_done");
    const auto begun = look(editor, import);
    begun.field("/state", "running").field("/finished_at", Json());
    EXPECT_GT(begun.at("/good").as_integer() + begun.at("/bad").as_integer(), 0);
    EXPECT_LT(begun.at("/good").as_integer(), 254);
    die_at("import.products_published");
    look(editor, import).field("/good", 254).field("/bad", 6).field("/published", 20).field("/state", "running");
    const auto ended = finish(editor, import);
    ended.field("/state", "done").field("/published", 130);
    expect_as_if_uncut(ended, file(true), "?publish=true");
}

TEST_F(CutImports, KilledBeforeItCouldSaySoItHasEndedAllTheSame) {
    const auto import = upload(editor, file(false));
    die_at("import.ended");
    const auto ended = finish(editor, import);
    ended.field("/state", "done").field("/good", 260);
    expect_as_if_uncut(ended, file(false), "");
}

TEST_F(CutImports, OfAllOrNothingNothingIsThereUntilAllIs) {
    const std::string how = "?on_error=all_or_nothing&publish=true";
    const auto import = upload(editor, file(false), how);
    die_at("import.batch_done"); // tried, and taken back
    die_at("import.part_applied");
    look(editor, import).field("/good", 0).field("/state", "running");
    EXPECT_EQ(products(project), "");
    EXPECT_EQ(announced(project), "");
    die_at("import.whole_applied");
    look(editor, import).field("/good", 260).field("/published", 0);
    const auto ended = finish(editor, import);
    expect_as_if_uncut(ended, file(false), how);
}

TEST_F(CutImports, OneThatKillsItsWorkersIsGivenUp) {
    const auto import = upload(editor, file(false));
    service.database().admin("update gravity.job set attempts = max_attempts - 1");
    die_at("import.rows_applied");
    const auto given_up = finish(editor, import);
    given_up.field("/state", "failed").field("/good", 0).field("/problem", "The job could not be completed");
    editor.get("/api/v1/product-imports").expect(200).field("/items/0/state", "failed");
}

TEST_F(CutImports, CancelledItKeepsWhatItHasAndTakesNoMore) {
    const auto import = upload(editor, file(false));
    const std::string cancel = "/api/v1/product-imports/" + import.text("/id") + "/cancel";
    die_at("import.batch_done");
    editor.post(cancel).expect(200);
    service.caller(ProjectId::fresh(), service.all_scopes()).post(cancel).expect_problem(404, "not-found");
    service.caller(project, "products:write").post(cancel).expect_problem(403, "forbidden");
    const auto cancelled = finish(editor, import);
    cancelled.field("/state", "cancelled").field("/good", 100).field("/rows", 260);
    EXPECT_EQ(service.database().admin("select count(*) from product"), "50");
    editor.post(cancel).expect(200).field("/state", "cancelled").field("/finished_at", cancelled.at("/finished_at"));
}

TEST_F(CutImports, CancelledAtWorkItStopsAtItsNextStep) {
    testkit::RunningService running(importer());
    const testkit::Client owner = running.caller(project, running.all_scopes());
    Testpoint applied("import.rows_applied");
    applied.pause();
    const auto import = upload(owner, file(false));
    applied.wait_until_paused();
    owner.post("/api/v1/product-imports/" + import.text("/id") + "/cancel").expect(200);
    applied.release();
    eventually("the import is cancelled", [&] { return look(owner, import).text("/state") == "cancelled"; });
    look(owner, import).field("/good", 0);
    EXPECT_EQ(running.database().admin("select count(*) from product"), "0"); // the step that was under way was undone
    const auto done = upload(owner, "slug,name\nmug,Mug\n");
    running.run_jobs_until_idle();
    owner.post("/api/v1/product-imports/" + done.text("/id") + "/cancel").expect(200).field("/state", "done"); // what has ended stays so
}

} // namespace
} // namespace gravity::product_catalog
