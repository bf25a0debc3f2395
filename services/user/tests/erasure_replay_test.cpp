// Who was erased stays so: a database that is restored from a backup, processes that are killed on the way, a file that is torn.
#include "erasure_replay.hpp"
#include "problems.hpp"
#include "user_fixture.hpp"

#include <gravity/base/clock.hpp>
#include <gravity/testkit/daemon.hpp>
#include <gravity/testkit/neighbour.hpp>
#include <gravity/testkit/testpoint.hpp>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <fstream>

namespace gravity::user {
namespace {

using testkit::Daemon;
using testkit::eventually;

GRAVITY_TEST_DAEMON(user_replica, assemble(0))

struct LedgerDirectory {
    const std::filesystem::path path = std::filesystem::temp_directory_path() / ("erasures-" + Uuid::v4().to_string());
    LedgerDirectory() { std::filesystem::create_directory(path); }
    ~LedgerDirectory() { std::filesystem::remove_all(path); }
    std::string text() const {
        std::ifstream file(path / "erased", std::ios::binary);
        return {std::istreambuf_iterator<char>(file), {}};
    }
    void append(const std::string& bytes) const { std::ofstream(path / "erased", std::ios::binary | std::ios::app) << bytes; }
};

ErasedAccount some_account() { return {ProjectId::fresh(), UserId::fresh(), Timestamp::parse("2026-11-28T05:00:00.123456Z").or_throw()}; }

struct LedgerContent {
    std::vector<ErasedAccount> accounts;
    std::int64_t unreadable = 0;
};
LedgerContent content_of(const ErasureLedger& ledger) {
    LedgerContent content;
    auto& all = content.accounts;
    content.unreadable = ledger.each([&](const std::vector<ErasedAccount>& some) { all.insert(all.end(), some.begin(), some.end()); });
    return content;
}

TEST(ErasureLedgers, HaveALineForEachAccount) {
    const ErasedAccount account = some_account();
    const std::string line = ledger_line(account);
    EXPECT_EQ(account_in(line), account);
    for (std::size_t i = 0; i < line.size(); ++i) {
        EXPECT_FALSE(account_in(line.substr(0, i))) << i; // torn anywhere
        std::string other = line;
        other[i] = other[i] == '7' ? '8' : '7';
        EXPECT_FALSE(account_in(other)) << other;
    }
    for (const std::string wrong : {"", " ", "1", "x y", "1 x y z w"}) EXPECT_FALSE(account_in(wrong)) << wrong;
}

TEST(ErasureLedgers, KeepAllThatManyWriteAtOnce) {
    const LedgerDirectory directory;
    std::vector<std::thread> threads;
    for (int i = 0; i < 8; ++i)
        threads.emplace_back([&] {
            const ErasureLedger ledger(directory.path.string());
            for (int n = 0; n < 25; ++n) ledger.note({some_account(), some_account()});
        });
    for (auto& thread : threads) thread.join();
    const auto content = content_of(ErasureLedger(directory.path.string()));
    EXPECT_EQ(content.accounts.size(), 400u);
    EXPECT_EQ(content.unreadable, 0);
}

TEST(ErasureLedgers, BearTornLinesWhereverTheyAre) {
    const LedgerDirectory directory;
    const ErasureLedger ledger(directory.path.string());
    const ErasedAccount first = some_account(), second = some_account(), third = some_account();
    ledger.note({first});
    directory.append(ledger_line(second).substr(0, 40)); // whoever wrote it was killed
    ledger.note({second});
    directory.append(std::string(100'000, 'x') + "\n\n\n");
    directory.append(ledger_line(third)); // but for its end
    const auto content = content_of(ledger);
    EXPECT_EQ(content.accounts, (std::vector<ErasedAccount>{first, second, third}));
    EXPECT_EQ(content.unreadable, 2);
}

TEST(ErasureLedgers, AreWrittenOrNothingIsErased) {
    EXPECT_THROW(ErasureLedger("/nowhere/at/all"), std::invalid_argument);
    const LedgerDirectory directory;
    const ErasureLedger ledger(directory.path.string());
    std::filesystem::remove(directory.path / "erased"); // taken away: a new one would hide that the others are missing
    try {
        ledger.note({some_account()});
        ADD_FAILURE() << "it is nowhere";
    } catch (const Refusal& refusal) {
        EXPECT_EQ(refusal.problem().slug, erasure_not_noted.slug);
    }
    EXPECT_THROW(ledger.each([](const std::vector<ErasedAccount>&) {}), std::runtime_error);
    const ErasureLedger none(std::nullopt);
    EXPECT_FALSE(none.keeps());
    none.note({some_account()});
    EXPECT_EQ(content_of(none).accounts.size(), 0u);
}

TEST(ErasureLedgers, AreNotBegunAnewWhereOneIsMissing) {
    const LedgerDirectory directory;
    const ErasedAccount account = some_account();
    int asked = 0;
    const auto somebody_was = [&] {
        ++asked;
        return true;
    };
    const ErasureLedger missing(directory.path.string(), somebody_was);
    EXPECT_TRUE(missing.keeps());
    EXPECT_TRUE(missing.is_missing());
    EXPECT_FALSE(std::filesystem::exists(directory.path / "erased"));
    EXPECT_THROW(missing.note({account}), Refusal);
    EXPECT_EQ(content_of(missing).accounts.size(), 0u);
    EXPECT_FALSE(ErasureLedger(directory.path.string(), [] { return false; }).is_missing());
    ErasureLedger(directory.path.string()).note({account});
    const ErasureLedger there(directory.path.string(), somebody_was);
    EXPECT_FALSE(there.is_missing());
    EXPECT_EQ(content_of(there).accounts, std::vector<ErasedAccount>{account});
    EXPECT_EQ(asked, 1) << "only where there is no file";
}

class Restores : protected LedgerDirectory, public UserApi {
protected:
    Restores() : UserApi({{"USER_ERASURES_DIR", path.string()}, {"USER_COOLING_OFF_DAYS", "0"}}) {
        std::ofstream(path / "jwks") << service.jwks();
    }

    std::string somebody(const std::string& name) {
        const Json emails = Json::array({Json::object({{"address", name + "@example.com"}})});
        return operator_.post("/api/v1/users", {{"handle", name}, {"subject", "sub-" + name}, {"emails", emails}}).expect(201).location();
    }
    void deactivate(const std::string& at) { operator_.post(at + "/deactivate", {{"reason", "leaves"}}).expect(200); }
    void erase(const std::string& at) {
        deactivate(at);
        operator_.del(at).expect(204);
    }
    static std::string id_in(const std::string& at) { return at.substr(at.rfind('/') + 1); }
    bool there(const std::string& at) { return operator_.get(at).send().status() == 200; }

    void back_up() {
        service.database().admin("create schema backup; create table backup.users as select * from users;"
                                 "create table backup.contacts as select * from user_contact;"
                                 "create table backup.history as select * from user_history");
    }
    /// All that was in the backup, and nothing of what came later.
    void restore() {
        service.database().admin("set session_replication_role = replica;"
                                 "delete from privacy_task; delete from privacy_request; delete from user_history; delete from user_contact; delete from users;"
                                 "insert into users select * from backup.users; insert into user_contact select * from backup.contacts;"
                                 "insert into user_history select * from backup.history");
    }
    std::unique_ptr<Daemon> start(app::Texts more = {}) {
        more["DATABASE_URL"] = service.database().url();
        more["MIGRATION_DATABASE_URL"] = service.database().owner_url();
        more["DEREGISTER_DELAY_SECONDS"] = "0";
        more["AUTH_JWKS_URL"] = "file://" + (path / "jwks").string();
        more["AUTH_ISSUER"] = "test";
        more["USER_ERASURES_DIR"] = path.string();
        return std::make_unique<Daemon>("user_replica", Daemon::Start{.environment = std::move(more)});
    }
    void restart() {
        const auto daemon = start();
        daemon->wait_until_ready();
        daemon->signal(SIGTERM); // a job that it has begun is not left to be waited for
        EXPECT_EQ(daemon->wait(), 0) << daemon->output();
        output_ = daemon->output();
    }
    /// Whatever changes their row fails so; until `let_go`.
    void hold_on_to(const std::string& at, const std::string& code) {
        service.database().admin("create function kept() returns trigger language plpgsql as $$ begin raise exception 'kept' using errcode = '" + code +
                                 "'; end $$; create trigger kept before update on users for each row when (old.id = '" + id_in(at) +
                                 "') execute function kept()");
    }
    void let_go() { service.database().admin("drop trigger kept on users; drop function kept()"); }
    static bool warns(const Daemon& daemon, const std::string& text) {
        return daemon.anybody().get("/health/ready").send().body().find(text) != std::string::npos;
    }
    std::string count(const std::string& type) {
        return service.database().admin("select count(*) from gravity.outbox where type = 'gravity.user." + type + "'");
    }
    std::string output_;
};

TEST_F(Restores, BringNobodyBack) {
    const std::string ada = somebody("ada"), ben = somebody("ben");
    operator_.put("/api/v1/data-holders/order", {{"client", "client:order"}, {"holds", "Orders"}}).expect(200);
    const auto order = person("client:order", "privacy-requests:read privacy-requests:write");
    back_up();
    erase(ada);
    restore();
    ASSERT_TRUE(there(ada)) << "the backup has them";
    service.take_events();
    restart();
    EXPECT_FALSE(there(ada));
    EXPECT_TRUE(there(ben));
    EXPECT_EQ(service.database().admin("select count(*) from user_contact where user_id = '" + id_in(ada) + "'"), "0");
    EXPECT_EQ(service.database().admin("select count(*) from user_history where user_id = '" + id_in(ada) + "'"), "0");
    bool told = false, asked = false;
    for (const auto& event : service.take_events()) {
        told = told || (event.type == "gravity.user.erasure.replayed" && event.subject == id_in(ada));
        asked = asked || (event.type == "gravity.user.erasure.requested" && event.data.find("subject")->as_string() == "sub-ada");
    }
    EXPECT_TRUE(told);
    EXPECT_TRUE(asked);
    EXPECT_NE(output_.find("somebody was erased again"), std::string::npos) << output_;

    // Others may have been restored as well: they are asked again, by what they know them by.
    const auto request = operator_.get("/api/v1/privacy-requests?user_id=" + id_in(ada)).expect(200).field("/items/0/state", "erasing");
    request.field("/items/0/requested_by", "restore");
    const std::string id = request.text("/items/0/id");
    order.get("/api/v1/data-holders/order/tasks").expect(200).field("/items/0/request_id", id).field("/items/0/subject", "sub-ada");
    service.run_jobs_until_idle();
    operator_.get("/api/v1/privacy-requests/" + id).expect(200).field("/state", "erasing"); // not cancelled, though nobody is there any more
    order.put("/api/v1/data-holders/order/tasks/" + id, {{"rows", 2}, {"method", "deleted"}}).expect(200);
    service.run_jobs_until_idle();
    const auto certificate = operator_.get("/api/v1/privacy-requests/" + id + "/certificate").expect(200);
    EXPECT_TRUE(account_in(text().substr(0, text().find('\n'))));
    EXPECT_EQ(certificate.text("/certificate/first_erased_at"), account_in(text().substr(0, text().find('\n')))->at.to_string());
    EXPECT_EQ(certificate.at("/certificate/holders").size(), 2u);
    EXPECT_EQ(service.database().admin("select count(*) from privacy_request where whom is not null"), "0");
    restart(); // there is nothing left to do
    EXPECT_EQ(count("erasure.replayed"), "1");
    EXPECT_EQ(text().find('\n'), text().rfind('\n')) << "what is replayed is in the file already";
}

TEST_F(Restores, AskAnewWhateverTheBackupHadHeard) {
    const std::string ada = somebody("ada");
    operator_.put("/api/v1/data-holders/order", {{"client", "client:order"}, {"holds", "Orders"}}).expect(200);
    const auto order = person("client:order", "privacy-requests:write");
    const auto asked = operator_.post("/api/v1/privacy-requests", {{"kind", "erasure"}, {"user_id", id_in(ada)}}).expect(201);
    operator_.post(asked.location() + "/approve").expect(200);
    order.put("/api/v1/data-holders/order/tasks/" + asked.text("/id"), {{"rows", 2}, {"method", "deleted"}}).expect(200);
    service.run_jobs_until_idle();
    operator_.get(asked.location()).expect(200).field("/state", "certified");
    // As it was before the last step: the holder had answered.
    service.database().admin("set session_replication_role = replica; update privacy_request set state = 'erasing', certificate = null, signature = null;"
                             "update privacy_task set state = 'asked', receipt = null, answered_at = null where holder = 'user';"
                             "update users set state = 'deactivated', handle = 'ada', handle_key = 'ada', handle_skeleton = 'ada', subject = 'sub-ada',"
                             " deleted_at = null, updated_at = updated_at - interval '1 minute'");
    ASSERT_TRUE(there(ada));
    restart();
    EXPECT_FALSE(there(ada));
    operator_.get(asked.location()).expect(200).field("/state", "cancelled");
    const auto list = operator_.get("/api/v1/privacy-requests?user_id=" + id_in(ada)).expect(200);
    const std::string anew = list.text("/items/0/id"), before = asked.text("/id");
    list.field("/items/0/state", "erasing").field("/items/0/requested_by", "restore").field("/items/1/id", before).field("/items/2", Json());
    list.field("/items/0/received_at", asked.text("/received_at")).field("/items/0/due_at", asked.text("/due_at")); // whoever asked waits since then
    list.field("/items/0/tasks/0/holder", "order").field("/items/0/tasks/0/state", "asked");
    // What was answered before the restore, and comes now once more, is no answer to it.
    order.put("/api/v1/data-holders/order/tasks/" + before, {{"rows", 2}, {"method", "deleted"}}).expect(200);
    service.run_jobs_until_idle();
    operator_.get("/api/v1/privacy-requests/" + anew).expect(200).field("/state", "erasing").field("/tasks/0/state", "asked");
    order.put("/api/v1/data-holders/order/tasks/" + anew, {{"rows", 3}, {"method", "deleted"}}).expect(200);
    service.run_jobs_until_idle();
    operator_.get("/api/v1/privacy-requests/" + anew).expect(200).field("/state", "certified");
    operator_.get(asked.location()).expect(200).field("/state", "cancelled");
}

TEST_F(Restores, WhoeverIsKilledBeforeTheCommitHasErased) {
    if (!testkit::Testpoint::compiled_in()) GTEST_SKIP() << "this build has no testpoints";
    const std::string ada = somebody("ada");
    deactivate(ada);
    const auto daemon = start({{"GRAVITY_TESTPOINT_KILL", "user.erasure_noted"}});
    daemon->wait_until_ready();
    const auto now_seconds = now().unix_seconds();
    const Json claims = Json::object({{"iss", "test"},
                                      {"aud", "gravity"},
                                      {"sub", "operator"},
                                      {"project", service.project().to_string()},
                                      {"scope", "users:admin"},
                                      {"iat", now_seconds},
                                      {"exp", now_seconds + 3600},
                                      {"jti", Uuid::v4().to_string()}});
    const testkit::Client there_too(daemon->port(), service.token(claims.dump()));
    EXPECT_THROW(there_too.del(ada).send(), std::exception);
    EXPECT_EQ(daemon->wait(), -SIGKILL) << daemon->output();
    EXPECT_TRUE(there(ada)) << "it was not committed";
    EXPECT_TRUE(account_in(text().substr(0, text().find('\n')))) << "it is noted";
    restart();
    EXPECT_FALSE(there(ada));
}

TEST_F(Restores, ATornLineIsPassedOverAndTold) {
    const std::string ada = somebody("ada"), ben = somebody("ben");
    back_up();
    erase(ada);
    append("1 " + Uuid::v7().to_string());
    erase(ben);
    restore();
    const auto daemon = start();
    daemon->wait_until_ready();
    EXPECT_FALSE(there(ada));
    EXPECT_FALSE(there(ben));
    EXPECT_NE(daemon->anybody().get("/health/ready").send().body().find("1 lines of who was erased cannot be read"), std::string::npos);
}

// What is in the file and was undone by a fault is no restore where life has gone on.
TEST_F(Restores, LeaveWhoWasChangedSince) {
    const std::string changed = somebody("ada"), held = somebody("ben"), old = somebody("eve");
    const auto hour_ago = now() - Duration::hours(1);
    for (const std::string& at : {held, old})
        service.database().admin("update users set updated_at = updated_at - interval '2 hours' where id = '" + id_in(at) + "'");
    operator_.post("/api/v1/legal-holds", {{"user_id", id_in(held)}, {"reason", "a court"}}).expect(201);
    const auto older = operator_.post("/api/v1/legal-holds", {{"user_id", id_in(old)}, {"reason", "a court"}}).expect(201);
    service.database().admin("update legal_hold set created_at = created_at - interval '3 hours' where id = '" + older.text("/id") + "'");
    const ErasureLedger ledger(path.string());
    for (const std::string& at : {changed, held, old}) ledger.note({{service.project(), UserId::parse(id_in(at)).or_throw(), hour_ago}});
    // Another project's line means nobody here.
    const std::string eva = somebody("eva");
    ledger.note({{ProjectId::fresh(), UserId::parse(id_in(eva)).or_throw(), now() + Duration::seconds(5)}});
    restart();
    EXPECT_TRUE(there(changed));
    EXPECT_TRUE(there(held));
    EXPECT_FALSE(there(old));
    EXPECT_TRUE(there(eva));
    EXPECT_NE(output_.find("\"changed_since\":2"), std::string::npos) << output_;
}

TEST_F(Restores, LeaveWhoWasMadeActiveRightAfterALine) {
    const std::string active = somebody("ada"), deactivated = somebody("ben");
    for (const std::string& user : {active, deactivated}) deactivate(user);
    operator_.post(active + "/restore", {{"reason", "x"}}).expect(200).field("/state", "active");
    const Timestamp at = now() - Duration::hours(1);
    service.database().admin("update users set updated_at = '" + (at + Duration::seconds(5)).to_string() + "'");
    const ErasureLedger ledger(path.string());
    for (const std::string& user : {active, deactivated}) ledger.note({{service.project(), UserId::parse(id_in(user)).or_throw(), at}});
    restart();
    EXPECT_TRUE(there(active));
    EXPECT_FALSE(there(deactivated)) << "another's clock told it";
}

TEST_F(Restores, BelieveNoLineOfATimeToCome) {
    const std::string ada = somebody("ada");
    ErasureLedger(path.string()).note({{service.project(), UserId::parse(id_in(ada)).or_throw(), now() + Duration::hours(1)}});
    const auto daemon = start();
    daemon->wait_until_ready();
    EXPECT_TRUE(there(ada));
    eventually("it is told", [&] { return warns(*daemon, "1 lines of who was erased cannot be read"); });
}

TEST_F(Restores, TakeTheLastOfTheLinesOfSomebody) {
    const std::string ada = somebody("ada");
    const UserId user = UserId::parse(id_in(ada)).or_throw();
    std::vector<ErasedAccount> others(2'500); // more than are looked at together
    for (ErasedAccount& other : others) other = some_account();
    const ErasureLedger ledger(path.string());
    ledger.note({{service.project(), user, now() - Duration::hours(1)}}); // before she was changed
    ledger.note(others);
    ledger.note({{service.project(), user, now()}});
    restart();
    EXPECT_FALSE(there(ada));
    EXPECT_EQ(output_.find("was changed since"), std::string::npos) << output_;
    EXPECT_NE(output_.find("\"changed_since\":0"), std::string::npos) << output_;
}

TEST_F(Restores, GoOnWithoutWhoCannotBeErased) {
    const std::string ada = somebody("ada"), ben = somebody("ben");
    back_up();
    erase(ada);
    erase(ben);
    restore();
    hold_on_to(ada, "P0001");
    {
        const auto daemon = start();
        daemon->wait_until_ready();
        EXPECT_TRUE(there(ada));
        EXPECT_FALSE(there(ben));
        const std::string output = daemon->output(), told = output.substr(std::min(output.size(), output.find("cannot be erased again")));
        EXPECT_NE(told.substr(0, told.find('\n')).find(id_in(ada)), std::string::npos) << output;
        eventually("it is told", [&] { return warns(*daemon, "1 who were erased are back and cannot be erased again"); });
    }
    let_go();
    restart();
    EXPECT_FALSE(there(ada));
}

TEST_F(Restores, WaitForAStoreThatIsAway) {
    const std::string ada = somebody("ada");
    back_up();
    erase(ada);
    restore();
    hold_on_to(ada, "53100"); // the disk is full
    const auto daemon = start();
    eventually("it waits", [&] { return daemon->output().find("waiting for the store") != std::string::npos; }, std::chrono::seconds(30));
    EXPECT_TRUE(daemon->running());
    EXPECT_TRUE(there(ada));
    EXPECT_EQ(daemon->anybody().get("/health/ready").send().status(), 503);
    let_go();
    daemon->wait_until_ready();
    EXPECT_FALSE(there(ada));
}

// However long it takes: whoever looks whether the process lives is answered, and one that is told to end does.
TEST_F(Restores, TakeAsLongAsTheyTakeWhileTheProcessIsSeenToLive) {
    const std::string ada = somebody("ada"), ben = somebody("ben");
    back_up();
    erase(ada);
    erase(ben);
    restore();
    const std::string sleeping = "select count(*) from pg_stat_activity where datname = current_database() and wait_event = 'PgSleep'";
    service.database().admin("create function waits() returns trigger language plpgsql as $$ begin perform pg_sleep(3); return new; end $$;"
                             "create trigger waits before update on users for each row when (new.state = 'erased') execute function waits()");
    {
        const auto daemon = start();
        daemon->wait_until_listening();
        eventually("one of them is being erased", [&] { return service.database().admin(sleeping) == "1"; });
        EXPECT_EQ(daemon->anybody().get("/health/live").send().status(), 200);
        EXPECT_EQ(service.database().admin(sleeping), "1") << "it was answered meanwhile";
        EXPECT_EQ(daemon->anybody().get("/health/ready").send().status(), 503);
        daemon->signal(SIGTERM);
        EXPECT_EQ(daemon->wait(), 0) << daemon->output(); // when it has done with one
    }
    EXPECT_NE(there(ada), there(ben)) << "the other one is left to the next start";
    service.database().admin("drop trigger waits on users; drop function waits()");
    restart();
    EXPECT_FALSE(there(ada) || there(ben));
}

TEST_F(Restores, TellOfAFileThatIsMissing) {
    erase(somebody("ada"));
    const std::string ben = somebody("ben");
    std::filesystem::remove(path / "erased"); // as where the volume was not mounted
    const auto daemon = start();
    daemon->wait_until_ready();
    eventually("it is told", [&] { return warns(*daemon, "/erased is missing though people were erased"); });
    EXPECT_FALSE(std::filesystem::exists(path / "erased"));
    deactivate(ben);
    operator_.del(ben).expect_problem(503, "erasure-not-noted");
    append(""); // by hand
    operator_.del(ben).expect(204);
}

TEST_F(Restores, WithoutTheFileNobodyIsErased) {
    const std::string ada = somebody("ada");
    deactivate(ada);
    std::filesystem::rename(path / "erased", path / "away");
    operator_.del(ada).expect_problem(503, "erasure-not-noted");
    EXPECT_TRUE(there(ada));
    // A request waits, as long as it has to.
    const auto asked = operator_.post("/api/v1/privacy-requests", {{"kind", "erasure"}, {"user_id", id_in(ada)}}).expect(201);
    operator_.post(asked.location() + "/approve").expect(200);
    service.run_jobs_until_idle();
    operator_.get(asked.location()).expect(200).field("/state", "erasing");
    std::filesystem::rename(path / "away", path / "erased");
    service.database().admin("update gravity.job set due_at = due_at - interval '1 hour' where state = 'waiting'");
    service.run_jobs_until_idle();
    operator_.get(asked.location()).expect(200).field("/state", "certified");
    EXPECT_FALSE(there(ada));
}

TEST_F(Restores, EraseEachOnceHoweverManyStartAtOnce) {
    std::vector<std::string> people;
    for (int i = 0; i < 20; ++i) people.push_back(somebody("somebody" + std::to_string(i)));
    back_up();
    for (const auto& at : people) erase(at);
    restore();
    std::vector<std::unique_ptr<Daemon>> daemons;
    for (int i = 0; i < 3; ++i) daemons.push_back(start());
    for (const auto& daemon : daemons) daemon->wait_until_ready();
    for (const auto& at : people) EXPECT_FALSE(there(at));
    EXPECT_EQ(count("erasure.replayed"), "20");
}

// The two were one when the backup was made, and were parted later; one of them was erased then.
TEST_F(Restores, EraseOneOfTwoThatWereOneAgain) {
    const std::string ada = somebody("ada"), double_ = somebody("double");
    const auto merge = operator_.post("/api/v1/user-merges", {{"winner_id", id_in(ada)}, {"loser_id", id_in(double_)}}).expect(201);
    operator_.post(merge.location() + "/confirm").expect(200);
    service.database().admin("update users set updated_at = updated_at - interval '2 hours'");
    ErasureLedger(path.string()).note({{service.project(), UserId::parse(id_in(ada)).or_throw(), now() - Duration::hours(1)}});
    restart();
    EXPECT_FALSE(there(ada));
    operator_.get(double_).expect(200).field("/handle", "double");
}

} // namespace
} // namespace gravity::user
