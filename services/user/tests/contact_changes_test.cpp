#include "contact_changes_domain.hpp"
#include "user_fixture.hpp"

#include <gravity/base/encoding.hpp>
#include <gravity/testkit/clock.hpp>
#include <gravity/testkit/mail_server.hpp>

#include <algorithm>
#include <atomic>

namespace gravity::user {
namespace {

TEST(Codes, AreReadAsPeopleTypeThem) {
    StoredChange change;
    change.id = ContactChangeId::fresh();
    for (const ContactKind kind : {ContactKind::email, ContactKind::phone}) {
        const Code code = fresh_code(kind);
        EXPECT_EQ(code.text.size(), kind == ContactKind::email ? 10U : 6U);
        EXPECT_NE(code.text, fresh_code(kind).text);
        EXPECT_FALSE(is_code(change, code.text)); // there is none yet
        change.code_hash = code_hash(change.id, code.text);
        EXPECT_TRUE(is_code(change, code.text.substr(0, 3) + "-" + code.text.substr(3) + " "));
        EXPECT_FALSE(is_code(change, code.text.substr(1)));
        EXPECT_FALSE(is_code(change, ""));
        change.code_hash.reset();
    }
    change.code_hash = code_hash(ContactChangeId::fresh(), "ABC");
    EXPECT_FALSE(is_code(change, "ABC")); // of another change
}

class ContactChanges : public UserApi {
protected:
    explicit ContactChanges(app::Texts settings = {{"USER_CODES_IN_EVENTS", "true"}}) : UserApi(std::move(settings)) {}

    testkit::Client somebody(std::string subject, Json emails = Json::array(), Json phones = Json::array()) {
        operator_.post("/api/v1/users", {{"handle", subject}, {"subject", subject}, {"emails", emails}, {"phones", phones}}).expect(201);
        return person(subject);
    }
    static Json one(std::string name, std::string value) { return Json::array({Json::object({{name, value}, {"primary", true}, {"type", "home"}})}); }
    /// What was sent for a change.
    std::string code_of(const testkit::Answer& change) {
        for (const auto& event : service.take_events())
            if (event.type == "gravity.user.contact_change.requested") codes[event.subject] = event.data.find("code")->as_string();
        return codes[change.text("/id")];
    }
    static testkit::Call confirm(const testkit::Client& who, const testkit::Answer& change, std::string code) {
        return who.post(change.location() + "/confirm", {{"code", code}});
    }
    std::map<std::string, std::string> codes;
};

TEST_F(ContactChanges, TakeThePlaceOfTheOldAddressOnceTheNewOneIsProved) {
    const auto me = somebody("ada", one("address", "old@example.com"));
    const auto change = me.post("/api/v1/users/me/email-changes", {{"address", "New@Example.com"}, {"replaces", "OLD@example.com"}}).expect(201);
    change.field("/value", "New@example.com").field("/attempts_left", 5).field("/kind", "email").field("/code", Json());
    EXPECT_EQ(me.get(change.location()).expect(200).json(), change.json());
    const auto requested = service.take_events().back();
    EXPECT_EQ(requested.data.find("replaces")->as_string(), "old@example.com"); // who is to be told
    const std::string code = requested.data.find("code")->as_string();
    EXPECT_EQ(service.database().admin("select count(*) from contact_change where code_hash::text like '%" + code + "%'"), "0");
    me.get("/api/v1/users/me").expect(200).field("/emails/0/address", "old@example.com").field("/emails/1", Json()); // still in force
    confirm(me, change, "0000000000").expect_problem(422, "wrong-code").field("/attempts_left", 4);
    me.get(change.location()).expect(200).field("/attempts_left", 4).field("/version", 2);
    const auto after = confirm(me, change, code).expect(200);
    after.field("/emails/0/address", "New@example.com").field("/emails/0/verified", true).field("/emails/0/primary", true).field("/emails/0/type", "home");
    after.field("/emails/1", Json()).field("/version", 2);
    EXPECT_EQ(event_types(), "user.updated email.changed email.verified ");
    confirm(me, change, code).expect_problem(409, "change-over"); // once
    me.get(change.location()).expect(200).field("/attempts_left", 0);
}

TEST_F(ContactChanges, StandBesideTheOthersOrVerifyWhatIsThere) {
    const auto me = somebody("ada", one("address", "a@example.com"), Json::array());
    const auto mine = me.post("/api/v1/users/me/email-changes", {{"address", "A@example.com"}}).expect(201);
    confirm(me, mine, code_of(mine)).expect(200).field("/emails/0/verified", true).field("/emails/0/address", "a@example.com");
    EXPECT_EQ(event_types(), "user.updated email.verified ");
    const auto beside = me.post("/api/v1/users/me/email-changes", {{"address", "b@example.com"}, {"type", "work"}}).expect(201);
    confirm(me, beside, code_of(beside)).expect(200).field("/emails/1/type", "work").field("/emails/1/primary", false).field("/emails/1/verified", true);
    // The one that is there already takes the place of the other.
    const auto swap = me.post("/api/v1/users/me/email-changes", {{"address", "b@example.com"}, {"replaces", "a@example.com"}}).expect(201);
    confirm(me, swap, code_of(swap)).expect(200).field("/emails/0/address", "b@example.com").field("/emails/0/primary", true).field("/emails/1", Json());
    const auto phone = me.post("/api/v1/users/me/phone-changes", {{"number", "+493012345678"}}).expect(201);
    const std::string code = code_of(phone);
    EXPECT_EQ(code.size(), 6U);
    confirm(me, phone, code.substr(0, 3) + " " + code.substr(3)).expect(200).field("/phones/0/number", "+493012345678").field("/phones/0/verified", true);
    EXPECT_EQ(event_types(), "user.updated phone.changed phone.verified ");
    const auto other = me.post("/api/v1/users/me/phone-changes", {{"number", "+493012345679"}, {"replaces", "+493012345678"}}).expect(201);
    confirm(me, other, code_of(other)).expect(200).field("/phones/0/number", "+493012345679").field("/phones/1", Json());
}

TEST_F(ContactChanges, RefuseWhatIsNotRight) {
    const auto me = somebody("ada"), bob = somebody("bob");
    me.post("/api/v1/users/me/email-changes", {{"address", "ada"}}).expect_problem(422, "invalid-value").field("/errors/0/pointer", "/address");
    me.post("/api/v1/users/me/phone-changes", {{"number", "030 12345"}}).expect_problem(422, "invalid-value");
    me.post("/api/v1/users/me/email-changes", {{"address", "a@example.com"}, {"replaces", "b@example.com"}})
        .expect_problem(422, "invalid-value")
        .field("/errors/0/pointer", "/replaces");
    const auto change = me.post("/api/v1/users/me/email-changes", {{"address", "a@example.com"}}).expect(201);
    const std::string code = code_of(change);
    confirm(bob, change, code).expect_problem(404, "not-found"); // another person's
    bob.get(change.location()).expect_problem(404, "not-found");
    bob.del(change.location()).expect_problem(404, "not-found");
    service.caller(ProjectId::fresh(), "users:self", "ada").get(change.location()).expect_problem(404, "not-a-user");
    me.post("/api/v1/users/me/phone-changes/" + change.text("/id") + "/confirm", {{"code", code}}).expect_problem(404, "not-found"); // of another kind
    confirm(me, change, "").expect_problem(422, "invalid-value");
    person("ada", "profile").post("/api/v1/users/me/email-changes", {{"address", "a@example.com"}}).expect_problem(403, "forbidden");
    person("nobody").post("/api/v1/users/me/email-changes", {{"address", "a@example.com"}}).expect_problem(404, "not-a-user");
    as.anonymous.post(change.location() + "/confirm", {{"code", code}}).expect_problem(401, "unauthenticated");
    me.del(change.location()).expect(204);
    confirm(me, change, code).expect_problem(409, "change-over");
}

TEST_F(ContactChanges, EndByTheClock) {
    const auto me = somebody("ada");
    const auto change = me.post("/api/v1/users/me/phone-changes", {{"number", "+493012345678"}}).expect(201);
    const std::string code = code_of(change);
    service.database().admin("update contact_change set expires_at = now() - interval '1 second', created_at = now() - interval '11 minutes'");
    confirm(me, change, code).expect_problem(409, "change-over");
    service.database().admin("update contact_change set created_at = now() - interval '25 hours'");
    service.database().admin("insert into gravity.job (id, project, kind, payload, caller, due_at, max_attempts, created_at) values (gen_random_uuid(), '" +
                             service.project().to_string() + "', 'forget-ended', '{}', 'test', now(), 3, now())");
    service.run_jobs_until_idle();
    EXPECT_EQ(service.database().admin("select count(*) from contact_change"), "0");
}

// However many guess at once: five, and then the right one is of no use any more.
TEST_F(ContactChanges, StandNoGuessing) {
    const auto me = somebody("ada");
    const auto change = me.post("/api/v1/users/me/phone-changes", {{"number", "+493012345678"}}).expect(201);
    const std::string code = code_of(change);
    std::atomic<int> wrong{0}, over{0};
    at_once(20, [&](int i) {
        const auto answer = confirm(me, change, code == "000000" ? "1" : "00000" + std::to_string(i)).send();
        if (answer.text("/type") == problem_type("wrong-code")) ++wrong;
        if (answer.text("/type") == problem_type("change-over")) ++over;
    });
    EXPECT_EQ(wrong, 5);
    EXPECT_EQ(over, 15);
    confirm(me, change, code).expect_problem(409, "change-over");
    me.get("/api/v1/users/me").expect(200).field("/phones", Json::array());
}

// One of ten proves that the address is theirs, and nobody else does: whoever has a code of theirs or not.
TEST_F(ContactChanges, GiveAnAddressToOneOfManyWhoConfirmAtOnce) {
    std::vector<testkit::Client> people;
    std::vector<testkit::Answer> changes;
    std::vector<std::string> sent;
    for (int i = 0; i < 10; ++i) {
        people.push_back(somebody("racer-" + std::to_string(i)));
        changes.push_back(people.back().post("/api/v1/users/me/email-changes", {{"address", "x@example.com"}}).expect(201));
        sent.push_back(code_of(changes.back()));
    }
    std::atomic<int> won{0}, lost{0};
    at_once(10, [&](int i) {
        const auto n = static_cast<std::size_t>(i);
        const auto answer = confirm(people[n], changes[n], sent[n]).send();
        if (answer.status() == 200) ++won;
        if (answer.text("/type") == problem_type("contact-taken")) ++lost;
    });
    EXPECT_EQ(won, 1);
    EXPECT_EQ(lost, 9);
    EXPECT_EQ(service.database().admin("select count(*) from user_contact where canonical = 'x@example.com'"), "1");
}

TEST_F(ContactChanges, AreAskedForSoOftenADay) {
    const auto me = somebody("ada"), bob = somebody("bob");
    std::atomic<int> made{0}, refused{0};
    at_once(15, [&](int i) {
        const auto answer = me.post("/api/v1/users/me/email-changes", {{"address", "a" + std::to_string(i % 3) + "@example.com"}}).send();
        if (answer.status() == 201) ++made;
        if (answer.status() == 429) ++refused;
    });
    EXPECT_EQ(made, 10);
    EXPECT_EQ(refused, 5);
    me.post("/api/v1/users/me/phone-changes", {{"number", "+493012345678"}}).expect_problem(429, "too-many-changes").expect_header("Retry-After", "86400");
    bob.post("/api/v1/users/me/email-changes", {{"address", "b@example.com"}}).expect(201);
    service.database().admin("update contact_change set created_at = now() - interval '25 hours'");
    me.post("/api/v1/users/me/email-changes", {{"address", "a@example.com"}}).expect(201);
}

// No mailbox is filled by many who ask for it.
TEST_F(ContactChanges, AreSentToOneAddressSoOftenADay) {
    std::atomic<int> made{0};
    for (int i = 0; i < 4; ++i) somebody("p" + std::to_string(i));
    at_once(12, [&](int i) {
        made += person("p" + std::to_string(i % 4)).post("/api/v1/users/me/email-changes", {{"address", "x@example.com"}}).send().status() == 201 ? 1 : 0;
    });
    EXPECT_EQ(made, 10);
}

TEST_F(ContactChanges, AreNoMoreThanTwentyAddresses) {
    Json emails = Json::array();
    for (int i = 0; i < 20; ++i) emails.push_back(Json::object({{"address", "a" + std::to_string(i) + "@example.com"}}));
    const auto me = somebody("ada", emails);
    const auto change = me.post("/api/v1/users/me/email-changes", {{"address", "x@example.com"}}).expect(201);
    confirm(me, change, code_of(change)).expect_problem(409, "too-many-contacts");
}

class NoCodes : public ContactChanges {
protected:
    NoCodes() : ContactChanges(app::Texts{}) {}
};

TEST_F(NoCodes, AreMadeWhereNothingSendsThem) {
    const auto me = somebody("ada");
    me.post("/api/v1/users/me/email-changes", {{"address", "a@example.com"}}).expect_problem(409, "codes-not-sent");
    EXPECT_NE(as.anonymous.get("/health/ready").send().body().find("USER_CODES_IN_EVENTS"), std::string::npos);
}

struct WithMailServer {
    testkit::MailServer server;
};

/// Whose codes go by mail from here, and by no event.
class MailedCodes : protected WithMailServer, public ContactChanges {
protected:
    MailedCodes()
        : ContactChanges({{"SMTP_URL", server.url()}, {"MAIL_FROM", "no-reply@example.com"}, {"MASTER_KEY", base64_encode(std::string(32, 'k'))}}) {}
    std::vector<testkit::ReceivedMail> mails() {
        service.run_jobs_until_idle();
        auto got = server.mails();
        std::sort(got.begin(), got.end(), [](const auto& a, const auto& b) { return a.to < b.to; });
        return got;
    }
};

TEST_F(MailedCodes, ProveTheNewAddressAndTellTheOldOne) {
    const auto me = somebody("ada", one("address", "old@example.com"));
    service.take_events();
    const auto change = me.post("/api/v1/users/me/email-changes", {{"address", "new@example.com"}, {"replaces", "old@example.com"}}).expect(201);
    EXPECT_EQ(event_types(), "") << "who reads events does not read the code";
    const auto got = mails();
    ASSERT_EQ(got.size(), 2U);
    EXPECT_EQ(got[0].to, "<new@example.com>");
    EXPECT_EQ(got[1].to, "<old@example.com>");
    EXPECT_NE(got[1].text().find("new@example.com"), std::string::npos) << got[1].text();
    const std::string text = got[0].text();
    const std::string code = text.substr(text.find("asked for it:\n\n    ") + 19, 10);
    EXPECT_EQ(got[1].text().find(code), std::string::npos) << "the code is for the new one alone";
    const std::string jobs = "select count(*) from gravity.job where payload::text like '%" + code + "%' or payload::text like '%example.com%'";
    EXPECT_EQ(service.database().admin(jobs), "0");
    confirm(me, change, code).expect(200).field("/emails/0/address", "new@example.com");
}

TEST_F(MailedCodes, GoToNoPhone) {
    const auto me = somebody("ada");
    me.post("/api/v1/users/me/phone-changes", {{"number", "+493012345678"}}).expect_problem(409, "codes-not-sent");
    EXPECT_TRUE(mails().empty());
}

TEST_F(MailedCodes, GoToNobodyWhoWasSuspendedMeanwhile) {
    testkit::FakeClock clock{now()};
    server.set_script([](const std::string& line) -> std::optional<std::string> {
        if (line.starts_with("MAIL")) return "451 4.7.1 later\r\n";
        return std::nullopt;
    });
    const auto me = somebody("ada");
    me.post("/api/v1/users/me/email-changes", {{"address", "new@example.com"}}).expect(201);
    EXPECT_TRUE(mails().empty());
    operator_.post("/api/v1/users/" + me.get("/api/v1/users/me").expect(200).text("/id") + "/suspend", {{"reason", "x"}}).expect(200);
    server.set_script({});
    clock.advance(Duration::minutes(10));
    EXPECT_TRUE(mails().empty());
    EXPECT_EQ(service.database().admin("select state from gravity.job where kind = 'send-mail'"), "done");
}

} // namespace
} // namespace gravity::user
