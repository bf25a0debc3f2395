#include "auth_migrations.hpp"
#include "bootstrap.hpp"
#include "people_fixture.hpp"

#include <gravity/http/message.hpp>
#include <gravity/testkit/loop.hpp>

#include <functional>
#include <stdexcept>

namespace gravity::issuer {
namespace {

const std::string project = "01890a5d-ac96-774b-bcce-b302099a8057";
const std::string client_id = "6f1e7d4c-0000-4000-8000-000000000001";
const std::string gateway_id = "6f1e7d4c-0000-4000-8000-000000000002";
const std::string services_id = "6f1e7d4c-0000-4000-8000-000000000003";
const std::string secret = "c2VjcmV0+of/base64==" + std::string(16, 's'); // as `openssl rand -base64` makes them

app::Texts bootstrap_settings() {
    return {{"AUTH_BOOTSTRAP_PROJECT", project},
            {"AUTH_BOOTSTRAP_CLIENT_ID", client_id},
            {"AUTH_BOOTSTRAP_CLIENT_SECRET", secret},
            {"AUTH_BOOTSTRAP_GATEWAY_ID", gateway_id},
            {"AUTH_BOOTSTRAP_GATEWAY_SECRET", std::string(64, 'g')},
            {"AUTH_BOOTSTRAP_SERVICES_ID", services_id},
            {"AUTH_BOOTSTRAP_SERVICES_SECRET", std::string(64, 'v')},
            {"AUTH_BOOTSTRAP_SCOPES", "clients:admin identities:admin credentials:admin credentials:check roles:admin"},
            {"AUTH_BOOTSTRAP_USERNAME", "Root"},
            {"AUTH_BOOTSTRAP_PASSWORD", good_password}};
}

class Begun : public PeopleApi {
protected:
    Begun() : PeopleApi(bootstrap_settings()) {}

    testkit::Answer token(const std::string& scope) {
        return as.anonymous.post("/oauth2/token")
            .raw("grant_type=client_credentials&scope=" + scope, "application/x-www-form-urlencoded")
            .header("Authorization", "Basic " + base64_encode(client_id + ":" + secret))
            .send();
    }
};

// From nothing but settings to a client and a person that were made by asking.
TEST_F(Begun, TheFirstClientMakesAllOthers) {
    const auto answer = token("clients:admin+identities:read");
    ASSERT_EQ(answer.status(), 200) << answer.body();
    const std::string bearer = "Bearer " + answer.text("/access_token");
    const Json wanted = Json::object({{"name", "Shop"}, {"scopes", Json::array({"clients:read"})}});
    const auto made = as.anonymous.post("/api/v1/clients", wanted).header("Authorization", bearer).send();
    EXPECT_EQ(made.status(), 201) << made.body();
    EXPECT_EQ(sql("select project from client where id = '" + made.text("/id") + "'"), project);
    EXPECT_EQ(as.anonymous.get("/api/v1/roles").header("Authorization", bearer).send().status(), 403) << "no more than was asked for";
    EXPECT_EQ(token("orders:admin").text("/error"), "invalid_scope");
}

// RFC 6749 section 2.3.1 has clients encode id and secret; most do not.
TEST_F(Begun, TheSecretComesEncodedOrNot) {
    const auto status = [&](const std::string& pair) {
        return as.anonymous.post("/oauth2/token")
            .raw("grant_type=client_credentials&scope=clients:read", "application/x-www-form-urlencoded")
            .header("Authorization", "Basic " + base64_encode(pair))
            .send()
            .status();
    };
    EXPECT_EQ(status(client_id + ":" + secret), 200);
    EXPECT_EQ(status(http::percent_encode(client_id) + ":" + http::percent_encode(secret)), 200);
    EXPECT_EQ(status(client_id + ":" + http::percent_encode(http::percent_encode(secret))), 401);
    EXPECT_EQ(status(client_id + ":" + secret + "%"), 401);
    EXPECT_EQ(status(client_id + ":"), 401);
}

TEST_F(Begun, TheGatewaysClientExchangesAndNothingElse) {
    const auto ask = [&](const std::string& form) {
        return as.anonymous.post("/oauth2/token")
            .raw(form, "application/x-www-form-urlencoded")
            .header("Authorization", "Basic " + base64_encode(gateway_id + ":" + std::string(64, 'g')))
            .send();
    };
    EXPECT_EQ(ask("grant_type=client_credentials").text("/error"), "unauthorized_client");
    const std::string exchange = "grant_type=urn:ietf:params:oauth:grant-type:token-exchange&subject_token=gk_x"
                                 "&subject_token_type=urn:gravity:params:oauth:token-type:api-key";
    EXPECT_EQ(ask(exchange).status(), 503) << "it may: but there is no project service to ask";
    EXPECT_EQ(sql("select count(*) from role_member where client_id = '" + gateway_id + "'"), "0");
}

TEST_F(Begun, TheServicesClientAsksForPeopleAndProjectsAndNothingElse) {
    const auto ask = [&](const std::string& scope) {
        return as.anonymous.post("/oauth2/token")
            .raw("grant_type=client_credentials&scope=" + scope, "application/x-www-form-urlencoded")
            .header("Authorization", "Basic " + base64_encode(services_id + ":" + std::string(64, 'v')))
            .send();
    };
    for (const std::string scope : {"people:collect", "people:erase", "projects:purge"}) EXPECT_EQ(ask(scope).text("/scope"), scope);
    for (const std::string scope : {"clients:admin", "identities:read", "people:admin", "people:read"}) EXPECT_EQ(ask(scope).text("/error"), "invalid_scope");
    EXPECT_EQ(sql("select count(*) from role_member where client_id = '" + services_id + "'"), "0");
}

TEST_F(Begun, TheFirstPersonSignsIn) {
    const auto operators = service.caller(ProjectId::parse(project).or_throw(), "credentials:check");
    const auto check = [&](const std::string& name, const std::string& password) {
        const Json question = Json::object({{"login_name", name}, {"password", password}, {"address", "203.0.113.7"}});
        return operators.post("/api/v1/credentials/check", question).expect(200).at("/verified");
    };
    EXPECT_EQ(check("root", good_password), Json(true));
    EXPECT_EQ(check("root", "not the password at all"), Json(false));
    EXPECT_EQ(sql("select count(*) from role_member m join role r on r.id = m.role_id where r.name = 'administrator'"), "2");
}

/// Bootstraps of several processes, or of one process at several times, over one store.
class Bootstraps : public testing::Test {
protected:
    Bootstraps() {
        settings.bootstrap_project = ProjectId::parse(project).or_throw();
        settings.bootstrap_client_id = ClientId::parse(client_id).or_throw();
        settings.bootstrap_client_secret = Secret<>(secret);
        settings.bootstrap_scopes = "clients:admin  roles:admin ";
        loop.start();
        settings.bootstrap_username = Text<1, 64>("root");
        settings.bootstrap_password = Secret<>(good_password);
    }
    static pg::Options options_of(const testkit::TestDatabase& store) {
        pg::Options options;
        options.url = store.url();
        return options;
    }
    void run(const Settings& with) {
        Bootstrap bootstrap(database, passwords, with);
        loop.await<void>([&] { return bootstrap.run(); });
        EXPECT_EQ(reason_of(bootstrap), std::nullopt);
    }
    std::optional<std::string> reason_of(Bootstrap& bootstrap) {
        return loop.await<std::optional<std::string>>([&] { return bootstrap.probe(); });
    }
    std::string sql(const std::string& statement) { return store.admin(statement); }

    const testkit::TestDatabase store{auth_migrations()};
    testkit::Loop loop;
    pg::Database database{options_of(store), loop.io()};
    Settings settings;
    PasswordPool passwords{settings};
};

TEST_F(Bootstraps, KeepWhatTheSettingsSayAndNothingElse) {
    run(settings);
    EXPECT_EQ(sql("select string_agg(scope, ' ' order by scope) from role_scope"), "clients:admin roles:admin");
    const std::string first = sql("select encode(hash, 'hex') from client_secret");
    const std::string password = sql("select id || (data ->> 'hash') from credential");
    sql("update client set disabled = true");

    settings.bootstrap_client_secret = Secret<>(std::string(64, 't'));
    settings.bootstrap_scopes = "roles:admin orders:admin";
    settings.bootstrap_password = Secret<>("another correct horse battery");
    run(settings);
    EXPECT_NE(sql("select encode(hash, 'hex') from client_secret"), first) << "the secret before is good no more";
    EXPECT_EQ(sql("select count(*) from client_secret"), "1");
    EXPECT_EQ(sql("select string_agg(scope, ' ' order by scope) from role_scope"), "orders:admin roles:admin");
    EXPECT_EQ(sql("select id || (data ->> 'hash') from credential"), password) << "a password is changed by the API alone";
    EXPECT_EQ(sql("select disabled from client"), "t") << "what was taken away stays away";

    sql("delete from identity");
    run(settings);
    EXPECT_EQ(sql("select count(*) from identity"), "1");
    EXPECT_EQ(sql("select count(*) from role"), "1");
    EXPECT_EQ(sql("select count(*) from role_member"), "2");
}

TEST_F(Bootstraps, GiveTheGatewaysClientWhatAnEarlierReleaseDidNot) {
    settings.bootstrap_gateway_id = ClientId::parse(gateway_id).or_throw();
    settings.bootstrap_gateway_secret = Secret<>(std::string(64, 'g'));
    run(settings);
    const std::string scopes = "select array_to_string(scopes, ' ') from client where id = '" + gateway_id + "'";
    EXPECT_EQ(sql(scopes), "api-keys:verify");
    sql("update client set scopes = '{products:read}' where id = '" + gateway_id + "'");
    run(settings);
    EXPECT_EQ(sql(scopes), "products:read api-keys:verify");
    const std::string version = "select version from client where id = '" + gateway_id + "'", before = sql(version);
    run(settings);
    EXPECT_EQ(sql(version), before) << "what it has already is left alone";
}

TEST_F(Bootstraps, HaveSettingsThatBelongTogether) {
    const auto fails = [&](const std::function<void(Settings&)>& change, std::string_view why) {
        Settings changed = settings;
        change(changed);
        try {
            const Bootstrap bootstrap(database, passwords, changed);
            ADD_FAILURE() << "taken: " << why;
        } catch (const std::invalid_argument& error) {
            EXPECT_NE(std::string_view(error.what()).find(why), std::string_view::npos) << error.what();
        }
    };
    fails([](Settings& it) { it.bootstrap_client_secret.reset(); }, "AUTH_BOOTSTRAP_CLIENT_SECRET are set together");
    fails([](Settings& it) { it.bootstrap_client_id.reset(); }, "AUTH_BOOTSTRAP_CLIENT_SECRET are set together");
    fails([](Settings& it) { it.bootstrap_gateway_secret = Secret<>(secret); }, "AUTH_BOOTSTRAP_GATEWAY_SECRET are set together");
    fails([](Settings& it) { it.bootstrap_gateway_id = it.bootstrap_client_id, it.bootstrap_gateway_secret = it.bootstrap_client_secret; }, "two clients");
    fails([](Settings& it) { it.bootstrap_services_secret = Secret<>(secret); }, "AUTH_BOOTSTRAP_SERVICES_SECRET are set together");
    fails([](Settings& it) { it.bootstrap_services_id = it.bootstrap_client_id, it.bootstrap_services_secret = it.bootstrap_client_secret; }, "of its own");
    fails([](Settings& it) { it.bootstrap_password.reset(); }, "AUTH_BOOTSTRAP_PASSWORD are set together");
    fails([](Settings& it) { it.bootstrap_client_secret = Secret<>("short"); }, "32 characters");
    fails([](Settings& it) { it.bootstrap_password = Secret<>("password"); }, "AUTH_BOOTSTRAP_PASSWORD is one of the commonest");
    fails([](Settings& it) { it.bootstrap_username = Text<1, 64>("a@b"); }, "AUTH_BOOTSTRAP_USERNAME must");
    fails([](Settings& it) { it.bootstrap_scopes = "clients:admin \""; }, "AUTH_BOOTSTRAP_SCOPES has a scope that must");
    fails(
        [](Settings& it) {
            it.bootstrap_client_id.reset(), it.bootstrap_client_secret.reset(), it.bootstrap_username.reset(), it.bootstrap_password.reset();
        },
        "neither a client nor a user name");
}

TEST_F(Bootstraps, OfReplicasThatStartTogetherMakeOneOfEach) {
    std::vector<std::thread> replicas;
    for (int i = 0; i < 6; ++i)
        replicas.emplace_back([&] {
            testkit::Loop own;
            pg::Database connection(options_of(store), own.io());
            PasswordPool pool(settings);
            Bootstrap bootstrap(connection, pool, settings);
            own.start();
            own.await<void>([&] { return bootstrap.run(); });
        });
    for (auto& replica : replicas) replica.join();
    for (const std::string table : {"client", "client_secret", "identity", "credential", "role"}) EXPECT_EQ(sql("select count(*) from " + table), "1") << table;
}

// An id that another project's client has: said, and tried again until somebody changes it.
TEST_F(Bootstraps, SayWhyTheyCannot) {
    run(settings);
    settings.bootstrap_project = ProjectId::parse("01890a5d-ac96-774b-bcce-b302099a8058").or_throw();
    Bootstrap bootstrap(database, passwords, settings);
    EXPECT_EQ(reason_of(bootstrap), "not looked at yet");
    std::thread mending([&] {
        while (reason_of(bootstrap) == "not looked at yet") std::this_thread::yield(); // until it has tried, and says why it cannot
        sql("delete from client");
    });
    loop.await<void>([&] { return bootstrap.run(); });
    mending.join();
    EXPECT_EQ(sql("select project from client"), settings.bootstrap_project->to_string());
}

} // namespace
} // namespace gravity::issuer
