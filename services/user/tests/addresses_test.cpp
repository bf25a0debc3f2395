// Addresses are rows of their own, and stand in the row of whoever has them as well: by that one they are read.
#include "user_fixture.hpp"
#include "user_migrations.hpp"

#include <gravity/testkit/postgres.hpp>

#include <algorithm>

namespace gravity::user {
namespace {

class Addresses : public UserApi {
protected:
    static Json email(const std::string& address, bool verified = false) { return Json::object({{"address", address}, {"verified", verified}}); }
    std::string sql(const std::string& text) { return service.database().admin(text); }
    /// Those whose row has others than there are.
    std::string differing() {
        return sql("select count(*) from users u, user_addresses(u.id) a where (u.emails, u.phones) is distinct from (a.emails, a.phones)");
    }
};

TEST_F(Addresses, AreTheSameInBothPlacesWhateverChangesThem) {
    const auto ada = operator_.post("/api/v1/users", {{"handle", "ada"},
                                                      {"emails", Json::array({email("b@example.com", true), email("a@example.com")})},
                                                      {"phones", Json::array({Json::object({{"number", "+49 30 1"}, {"type", "work"}})})}})
                         .expect(201);
    const auto bob = operator_.post("/api/v1/users", {{"handle", "bob"}, {"emails", Json::array({email("a@example.com", true), email("c@example.com")})}})
                         .expect(201);
    ada.field("/emails/0/address", "b@example.com").field("/emails/0/verified", true);
    ada.field("/emails/1/address", "a@example.com").field("/phones/0/type", "work");
    EXPECT_EQ(differing(), "0");
    operator_.patch(ada.location(), {{"emails", Json::array({email("a@example.com"), email("b@example.com", true)})}})
        .expect(200)
        .field("/emails/0/address", "a@example.com")
        .field("/phones/0/number", "+49 30 1");
    EXPECT_EQ(differing(), "0");
    const auto merge = operator_.post("/api/v1/user-merges", {{"winner_id", ada.text("/id")}, {"loser_id", bob.text("/id")}}).expect(201);
    operator_.post(merge.location() + "/confirm").expect(200);
    EXPECT_EQ(operator_.get(ada.location()).expect(200).at("/emails").size(), 3u);
    EXPECT_EQ(differing(), "0");
    EXPECT_EQ(sql("select emails from users where handle = 'bob'"), "[]");
    operator_.post(merge.location() + "/undo").expect(200);
    operator_.get(bob.location()).expect(200).field("/emails/0/address", "a@example.com").field("/emails/0/verified", true).field("/emails/2", Json());
    EXPECT_EQ(differing(), "0");
    operator_.patch(ada.location(), {{"emails", Json::array()}, {"phones", Json::array()}}).expect(200).field("/emails", Json::array());
    operator_.post(bob.location() + "/deactivate", {{"reason", "leaves"}}).expect(200);
    operator_.del(bob.location()).expect(204);
    EXPECT_EQ(sql("select count(*) from users where emails <> '[]' or phones <> '[]'"), "0");
    EXPECT_EQ(sql("select count(*) from user_contact"), "0");
}

TEST_F(Addresses, AreTheSameInBothPlacesHoweverManyChangeThemAtOnce) {
    const auto ada = user("ada");
    at_once(16, [&](int i) {
        const Json emails = Json::array({email("a" + std::to_string(i) + "@example.com"), email("both@example.com")});
        operator_.patch(ada.location(), {{"emails", emails}}).expect(200);
    });
    EXPECT_EQ(differing(), "0");
    EXPECT_EQ(operator_.get(ada.location()).expect(200).at("/emails").size(), 2u);
}

TEST_F(Addresses, AreLeftAloneWhereSomethingElseIsChanged) {
    const auto ada = operator_.post("/api/v1/users", {{"handle", "ada"}, {"emails", Json::array({email("a@example.com", true)})}}).expect(201);
    const std::string written = "select xmin::text from user_contact", before = sql(written);
    operator_.patch(ada.location(), {{"locale", "de"}}).expect(200).field("/emails/0/verified", true);
    EXPECT_EQ(sql(written), before);
    operator_.patch(ada.location(), {{"emails", Json::array({email("a@example.com")})}}).expect(200).field("/emails/0/verified", false);
    EXPECT_NE(sql(written), before);
}

// People who were there before their rows had them.
TEST(AddressesOfBefore, AreInTheRowsOfAllProjects) {
    const auto all = user_migrations();
    const auto own = std::find_if(all.begin(), all.end(), [](const pg::Migration& file) { return file.name == "0017_addresses_in_rows"; });
    ASSERT_NE(own, all.end());
    testkit::TestDatabase store;
    pg::migrate(store.owner_url(), all.first(static_cast<std::size_t>(own - all.begin())), "gravity_test_app");
    const auto user = [&](const std::string& project, const std::string& name) {
        store.admin("insert into users (id, project, subject, handle, handle_key, handle_skeleton, state, state_actor, state_at, created_at, updated_at) "
                    "values (gen_random_uuid(), '" +
                    project + "', '" + name + "', '" + name + "', '" + name + "', '" + name + "', 'active', 'test', now(), now(), now())");
    };
    const auto address = [&](const std::string& of, const std::string& kind, int position, const std::string& value, const std::string& verified) {
        store.admin("insert into user_contact (user_id, kind, canonical, project, position, value, type, \"primary\", verified_at) select id, '" + kind +
                    "', '" + value + "', project, " + std::to_string(position) + ", '" + value + "', null, false, " + verified +
                    " from users where handle = '" + of + "'");
    };
    const std::string one = Uuid::v7().to_string(), other = Uuid::v7().to_string();
    user(one, "ada"), user(one, "bob"), user(other, "eve");
    store.admin("insert into users (id, project, state, state_actor, state_at, created_at, updated_at) values (gen_random_uuid(), '" + one +
                "', 'erased', 'the person', now(), now(), now())");
    address("ada", "email", 2, "second@example.com", "null"), address("ada", "email", 1, "first@example.com", "now()");
    address("eve", "phone", 1, "+4930", "null");

    EXPECT_EQ(pg::migrate(store.owner_url(), all, "gravity_test_app").applied, static_cast<int>(all.end() - own));
    EXPECT_EQ(store.admin("select string_agg(handle || ' ' || jsonb_array_length(emails) || jsonb_array_length(phones), ', ' order by handle) "
                          "from users"),
              "ada 20, bob 00, eve 01");
    EXPECT_EQ(store.admin("select (emails -> 0 ->> 'address') || ' ' || (emails -> 0 ->> 'verified') || ' ' || (emails -> 1 ->> 'verified') "
                          "from users where handle = 'ada'"),
              "first@example.com true false");
    EXPECT_EQ(store.admin("select count(*) from users where state = 'erased' and state_actor = ''"), "1"); // whose doing it was
    EXPECT_ANY_THROW(store.admin("update users set locale = 'de' where state = 'erased'"));
    EXPECT_EQ(store.admin("select count(*) from pg_class where relname in ('users', 'user_contact') and relrowsecurity and relforcerowsecurity"), "2");
}

} // namespace
} // namespace gravity::user
