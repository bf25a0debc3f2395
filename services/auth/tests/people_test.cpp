// What is kept of one person: shown to them, and gone when they are erased.
#include "browser_fixture.hpp"

#include <map>
#include <set>

namespace gravity::issuer {
namespace {

class PersonData : public SignInApi {
protected:
    using SignInApi::SignInApi;
    testkit::Client keeper = service.caller(ProjectId::fresh(), "people:collect people:erase", "user");

    std::string at(const std::string& subject) { return "/internal/projects/" + service.project().to_string() + "/people/" + subject; }
    /// Tables of this service in which a row has the text.
    std::string tables_with(const std::string& text) {
        std::string found;
        const std::string tables = sql("select string_agg(quote_ident(table_name), ',' order by table_name) from information_schema.tables "
                                       "where table_schema = 'public' and table_type = 'BASE TABLE'");
        for (std::size_t from = 0; from < tables.size();) {
            const std::size_t end = std::min(tables.find(',', from), tables.size());
            const std::string table = tables.substr(from, end - from);
            if (sql("select count(*) from " + table + " t where t::text like '%" + text + "%'") != "0") found += table + " ";
            from = end + 1;
        }
        return found;
    }
};

TEST_F(PersonData, IsShownWithoutWhatSignsThemIn) {
    const auto ada = person("ada@example.com");
    const auto client = web_client();
    Browser browser(service.port());
    const auto tokens = redeem(client, parameter(signed_in(browser, client), "code"));
    const auto told = keeper.get(at(ada.text("/id"))).expect(200);
    told.field("/data/identity/id", ada.text("/id"))
        .field("/data/login_names/0/value", "ada@example.com")
        .field("/data/credentials/0/type", "password")
        .field("/data/applications/0/client", "A <b>Shop</b>")
        .field("/data/sessions/0/amr", Json::array({"pwd"}));
    EXPECT_EQ(told.at("/data/trusted_devices").size(), 1u);
    EXPECT_GT(told.at("/rows").as_integer(), 4);
    EXPECT_EQ(told.body().find(stored_hash(ada)), std::string::npos);
    EXPECT_EQ(told.body().find("argon2"), std::string::npos);
    EXPECT_EQ(told.body().find("hash"), std::string::npos);
    keeper.get(at(identity("grace@example.com").text("/id"))).expect(200).field("/rows", 2).field("/data/sessions", Json::array());
}

// More than one answer holds, by number and by size: each item once, and all of them.
TEST_F(PersonData, ComesInPartsWhereItIsMore) {
    const auto ada = person("ada@example.com"), grace = person("grace@example.com");
    const auto client = web_client();
    Browser browser(service.port());
    redeem(client, parameter(signed_in(browser, client, {}, "openid%20email%20offline_access"), "code"));
    const auto refused = [&](const std::string& who, int from, int to, const std::string& failed) {
        sql("insert into auth_failure (id, project, trace_id, at, endpoint, failed, identity_id, network, expires_at) select gen_random_uuid(), project, "
            "repeat('a', 32), now(), 'POST /login', " +
            failed + ", id, '203.0.113.0/24', now() + interval '1 day' from identity, generate_series(" + std::to_string(from) + ", " + std::to_string(to) +
            ") n where id = '" + who + "'");
    };
    const std::string id = ada.text("/id");
    refused(id, 1, 12'000, "'failed ' || n");
    refused(id, 12'001, 12'020, "'failed ' || n || repeat('x', 400000)"); // 8 MB of them
    refused(grace.text("/id"), 1, 5, "'other ' || n");
    sql("insert into session (id, project, hash, identity_id, amr, auth_time, expires_at) select gen_random_uuid(), project, sha256(n::text::bytea), id, "
        "'{x}', now(), now() + interval '1 day' from identity, generate_series(1, 10500) n where id = '" +
        id + "'");
    std::map<std::string, std::set<std::string>> seen;
    std::map<std::string, int> count;
    std::string place;
    int parts = 0, rows = 0, names = 0;
    do {
        const auto answer = keeper.get(at(id) + (place.empty() ? "" : "?place=" + place)).expect(200);
        EXPECT_LT(answer.body().size(), 4U << 20);
        const Json data = answer.at("/data");
        names += data.find("login_names") != nullptr ? 1 : 0;
        for (const std::string section : {"sessions", "applications", "devices", "refusals", "kept_signed_in"})
            if (const Json* const items = data.find(section))
                for (const Json& item : items->as_array()) {
                    ++count[section];
                    seen[section].insert(item.find(section == "refusals" ? "failed" : section == "sessions" ? "id"
                                                                                                            : "client")
                                             ->as_string()
                                             .substr(0, 40));
                }
        rows += static_cast<int>(answer.at("/rows").as_integer());
        place = answer.text("/next");
        ASSERT_LT(++parts, 50);
    } while (!place.empty());
    EXPECT_GE(parts, 4);
    EXPECT_EQ(names, 1) << "what there is few of stands in the first";
    EXPECT_EQ(count["sessions"], 10'501);
    EXPECT_EQ(seen["sessions"].size(), 10'501U);
    EXPECT_EQ(count["refusals"], 12'020);
    EXPECT_EQ(seen["refusals"].size(), 12'020U);
    EXPECT_EQ(count["applications"], 1);
    EXPECT_EQ(count["devices"], 0);
    EXPECT_EQ(count["kept_signed_in"], 1);
    sql("delete from session where amr = '{x}'");
    keeper.del(at(id) + "?request=" + Uuid::v7().to_string()).expect(200).field("/rows", rows - 10'500);
    for (const std::string& bad : std::vector<std::string>{"!", "Nzo", "MDo3OjAxOTAwMDAw", "MDphOmI"}) // not base64, "7:", "0:7:01900000", "0:a:b"
        keeper.get(at(id) + "?place=" + bad).expect_problem(422, "invalid-value");
}

TEST_F(PersonData, GoesWithAllThatIsKnownByThem) {
    const auto ada = person("ada@example.com"), grace = person("grace@example.com");
    const auto client = web_client();
    Browser browser(service.port());
    const auto tokens = redeem(client, parameter(signed_in(browser, client, {}, "openid%20email%20offline_access"), "code"));
    ASSERT_EQ(tokens.status(), 200) << tokens.body();
    event_types();
    const std::string id = ada.text("/id");
    EXPECT_NE(tables_with(id).find("session trusted_device "), std::string::npos);
    const std::string target = at(id) + "?request=" + Uuid::v7().to_string();
    const auto receipt = keeper.del(target).expect(200).field("/method", "deleted").field("/kept", Json::array());
    EXPECT_GT(receipt.at("/rows").as_integer(), 5);
    EXPECT_EQ(event_types(), "session.ended identity.deleted erasure.completed ");
    EXPECT_EQ(tables_with(id), "");
    EXPECT_EQ(tables_with("ada@example.com"), "");
    EXPECT_FALSE(active(client, tokens.text("/access_token")));
    EXPECT_NE(refresh(client, tokens.text("/refresh_token")).status(), 200);
    EXPECT_FALSE(verified("ada@example.com", good_password));
    EXPECT_TRUE(verified("grace@example.com", good_password)) << "nobody else goes";
    keeper.get(at(id)).expect(200).field("/rows", 0).field("/data", Json::object());
    event_types(); // of those two who tried
    keeper.del(target).expect(200).field("/rows", receipt.at("/rows")); // the same request
    EXPECT_EQ(event_types(), "");
}

TEST_F(PersonData, OfNobodyIsNothing) {
    const std::string nobody = Uuid::v7().to_string();
    for (const std::string& subject : {nobody, std::string("client:x"), std::string("%C3%A9")}) {
        keeper.get(at(subject)).expect(200).field("/rows", 0);
        keeper.del(at(subject) + "?request=" + Uuid::v7().to_string()).expect(200).field("/rows", 0).field("/method", "nothing");
    }
}

} // namespace
} // namespace gravity::issuer
