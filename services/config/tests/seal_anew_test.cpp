// A master key is rotated: what the old one sealed opens without it in the end.
#include "config_fixture.hpp"

#include <gravity/base/crypto.hpp>
#include <gravity/base/encoding.hpp>
#include <gravity/log/capture.hpp>
#include <gravity/testkit/neighbour.hpp>

#include <algorithm>

namespace gravity::config {
namespace {

const std::string first_key = base64_encode(random_bytes(32)), second_key = base64_encode(random_bytes(32));

class SealedAnew : public ConfigApi {
protected:
    SealedAnew() : ConfigApi({{"CONFIG_MASTER_KEY", first_key}}) {}

    app::Texts with_key(const std::string& keys) {
        return {{"DATABASE_URL", service.database().url()}, {"MIGRATION_DATABASE_URL", service.database().owner_url()}, {"CONFIG_MASTER_KEY", keys}};
    }
    std::string count(const std::string& what) { return service.database().admin("select count(*) from " + what); }
    /// Of the three tables, those rows that this key sealed ("gs1.<key>.<...>").
    std::string sealed_by(const std::string& id) {
        return service.database().admin("select count(*) from (select sealed from data_key union all select sealed from git_credentials union all "
                                        "select sealed from spring_key) s where split_part(sealed, '.', 2) = '" +
                                        id + "'");
    }
};

TEST_F(SealedAnew, OpensWithoutTheOldKey) {
    const std::string shop = set(as.owner, "shop").location();
    as.owner.patch(shop + "/draft", {{"secrets", Json::object({{"password", "hunter2"}})}}).expect(200);
    publish(as.owner, shop);
    as.owner.put("/api/v1/config/spring-key", {{"key", "foo"}, {"salt", "c0ffee00"}}).expect(200);
    const Json source = Json::object({{"url", "https://git.invalid/x.git"},
                                      {"applications", Json::array({"shop"})},
                                      {"credentials", Json::object({{"password", "token"}})}});
    const std::string repository = as.owner.post("/api/v1/config/git-sources", testkit::Members(source)).expect(201).location();
    const std::string old = service.database().admin("select split_part(sealed, '.', 2) from data_key");
    EXPECT_EQ(sealed_by(old), "3");
    const std::string item = service.database().admin("select value::text from release_item where key = 'password'");
    const ProjectId project = service.project();
    service.stop();

    {
        testkit::RunningService both(assemble(0), with_key(second_key + "," + first_key));
        service.database().admin("insert into gravity.job (id, project, kind, payload, caller, due_at, max_attempts, created_at) values (gen_random_uuid(), '" +
                                 project.to_string() + "', 'seal-anew', '{}', 'test', now(), 1, now())");
        testkit::eventually("all is sealed anew", [&] { return sealed_by(old) == "0"; }, std::chrono::seconds(30));
        both.stop();
    }
    EXPECT_EQ(count("data_key") + count("git_credentials") + count("spring_key"), "111");
    EXPECT_EQ(service.database().admin("select value::text from release_item where key = 'password'"), item) << "what is sealed by the data key stays";

    testkit::RunningService second(assemble(0), with_key(second_key));
    const auto trusted = second.caller(project, second.all_scopes());
    trusted.get("/spring/shop/default").expect(200).field("/propertySources/0/source/password", "hunter2");
    const std::string cipher = "57552655fe845626d44d39d829f55a375be90b214385e3b9fa6a9f18702eb984"; // tests/spring_cipher_test.cpp
    EXPECT_EQ(trusted.post("/spring/decrypt").raw(cipher, "text/plain").expect(200).body(), "hunter2");
    trusted.post(repository + "/pull").expect(202);
    testkit::eventually("it has ended", [&] { return trusted.get(repository).expect(200).text("/state") != "waiting"; }, std::chrono::seconds(90));
    EXPECT_EQ(trusted.get(repository).expect(200).text("/detail"), "the host git.invalid is not known") << "its credentials opened";
    second.stop();
}

TEST_F(SealedAnew, IsLookedAtOnceAnHour) {
    const auto when = [&] { return service.database().admin("select cron from gravity.schedule where name = 'seal-anew'"); };
    testkit::eventually("it is known when", [&] { return !when().empty(); });
    EXPECT_EQ(when(), "4 * * * *") << "each project has its own job, and most have nothing to be sealed";
}

TEST_F(SealedAnew, StaysWhereItDoesNotOpen) {
    const std::string shop = set(as.owner, "shop").location();
    as.owner.patch(shop + "/draft", {{"secrets", Json::object({{"password", "hunter2"}})}}).expect(200);
    const std::string till = set(as.owner, "till").location();
    as.owner.patch(till + "/draft", {{"secrets", Json::object({{"password", "hunter3"}})}}).expect(200);
    const std::string all_keys = "select string_agg(sealed, ' ' order by id) from data_key";
    const std::string sealed = service.database().admin(all_keys);
    const ProjectId project = service.project();
    service.stop();
    testkit::RunningService other(assemble(0), with_key(second_key)); // the first one was taken away too early
    const log::Capture log;
    service.database().admin("insert into gravity.job (id, project, kind, payload, caller, due_at, max_attempts, created_at) values (gen_random_uuid(), '" +
                             project.to_string() + "', 'seal-anew', '{}', 'test', now(), 1, now())");
    testkit::eventually("it was looked at", [&] { return count("gravity.job where kind = 'seal-anew' and state in ('done', 'failed')") != "0"; });
    EXPECT_EQ(count("gravity.job where kind = 'seal-anew' and state = 'done'"), "1");
    EXPECT_EQ(service.database().admin(all_keys), sealed);
    const auto lines = log.lines();
    const auto tells_of_both = [](const std::string& line) {
        return line.find("what is sealed cannot be sealed anew") != std::string::npos && line.find("\"count\":\"2\"") != std::string::npos;
    };
    EXPECT_TRUE(std::any_of(lines.begin(), lines.end(), tells_of_both)) << "one line for all of them";
    const auto nobody = other.caller(project, "");
    const auto said = [&] { return nobody.get("/health/ready").send().body().find("secrets do not open") != std::string::npos; };
    testkit::eventually("health says so", said, std::chrono::seconds(60));
    nobody.get("/health/ready").expect(200); // what is no secret is served
    other.stop();
}

TEST_F(SealedAnew, IsMissedAlsoWhereNoSetHasASecret) {
    as.owner.put("/api/v1/config/spring-key", {{"key", "foo"}, {"salt", "c0ffee00"}}).expect(200);
    EXPECT_EQ(count("data_key"), "0");
    const ProjectId project = service.project();
    service.stop();
    app::Texts settings = with_key(first_key);
    settings.erase("CONFIG_MASTER_KEY");
    testkit::RunningService other(assemble(0), settings);
    service.database().admin("insert into gravity.job (id, project, kind, payload, caller, due_at, max_attempts, created_at) values (gen_random_uuid(), '" +
                             project.to_string() + "', 'seal-anew', '{}', 'test', now(), 1, now())");
    const auto nobody = other.caller(project, "");
    const auto said = [&] { return nobody.get("/health/ready").send().body().find("secrets do not open") != std::string::npos; };
    testkit::eventually("health says so", said, std::chrono::seconds(60));
    other.stop();
}

} // namespace
} // namespace gravity::config
