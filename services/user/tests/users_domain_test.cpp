#include "problems.hpp"
#include "users_domain.hpp"

#include <gravity/base/clock.hpp>

#include <gtest/gtest.h>

namespace gravity::user {
namespace {

std::string refusal(const std::function<void()>& what) {
    try {
        what();
    } catch (const Refusal& refused) {
        return std::string(refused.problem().slug);
    }
    return "";
}

// Every change from every state: where it leads, nothing where it changes nothing, or the refusal.
TEST(States, LeadWhereTheyMay) {
    const auto result = [](UserState from, Change change) -> std::string {
        User user;
        user.state = from;
        std::string told;
        const auto refused = refusal([&] { told = move(user, change, {}, "ada", now()) ? "moved" : "same"; });
        if (!refused.empty()) return refused;
        return told == "same" ? told : std::string(json::to_document(user.state).as_string());
    };
    const UserState states[] = {UserState::invited, UserState::active, UserState::suspended, UserState::deactivated};
    const std::pair<Change, std::vector<std::string>> wanted[] = {
        {Change::activate, {"active", "same", "wrong-state", "wrong-state"}},
        {Change::suspend, {"wrong-state", "suspended", "same", "wrong-state"}},
        {Change::reactivate, {"wrong-state", "same", "active", "wrong-state"}},
        {Change::deactivate, {"deactivated", "deactivated", "deactivated", "same"}},
        {Change::restore, {"wrong-state", "same", "wrong-state", "active"}},
    };
    for (const auto& [change, results] : wanted)
        for (std::size_t i = 0; i < std::size(states); ++i)
            EXPECT_EQ(result(states[i], change), results[i]) << static_cast<int>(change) << " from " << i;
}

TEST(Contacts, AreOneInWhateverSpelling) {
    EXPECT_EQ(canonical_email("Ada.B+x@EXAMPLE.com"), "ada.b+x@example.com");
    EXPECT_EQ(canonical_email(Email::parse("ada@B\u00fccher.example").or_throw()), "ada@xn--bcher-kva.example");
    EXPECT_EQ(e164("+49 (30) 1234-56/78"), "+493012345678");
    EXPECT_EQ(e164("tel:+1-201-555-0123"), "+12015550123");
    EXPECT_EQ(e164("5550123"), std::nullopt);
    EXPECT_EQ(e164("tel:"), std::nullopt);
}

std::string faults(const UserEdit& user) {
    meta::Errors errors;
    check(user, errors);
    return errors.to_string();
}

TEST(Contacts, AreFewAndDifferentAndOneIsPrimary) {
    UserEdit user;
    user.handle = "ada";
    user.emails = {{"ada@example.com", {}, true, false}, {"ADA@example.com", {}, true, false}};
    user.phones = {{"+49 30 12345678", {}, false, true}, {"+493012345678", {}, false, false}, {"extension 5", {}, false, true}};
    EXPECT_EQ(faults(user), "/emails/1/address: is there twice; /emails/1/primary: another one is primary; /phones/1/number: is there twice; "
                            "/phones/2/verified: a number that is not in E.164 form cannot be");
    user.emails.assign(21, {"ada@example.com", {}, false, false});
    user.phones.assign(21, {"1", {}, false, false});
    EXPECT_EQ(faults(user), "/emails: must have at most 20 items; /phones: must have at most 20 items");
}

TEST(Contacts, StayVerifiedAndBecomeSoByAnAdministrator) {
    UserEdit user;
    user.handle = "ada";
    user.emails = {{"ADA@example.com", {}, true, true}, {"ada@example.org", {}, false, false}};
    const Timestamp then = Timestamp::from_unix_seconds(1000), later = Timestamp::from_unix_seconds(2000);
    const std::vector<StoredContact> before = {{ContactKind::email, "ada@example.com", "ada@example.com", {}, true, then},
                                               {ContactKind::email, "ada@example.org", "ada@example.org", {}, false, then}};
    auto rows = contacts_of(user, before, false, later);
    EXPECT_EQ(rows[0].verified_at, then);
    EXPECT_FALSE(rows[1].verified_at); // taken back
    EXPECT_EQ(refusal([&] { contacts_of(user, {}, false, later); }), "verified-by-admin");
    EXPECT_EQ(contacts_of(user, {}, true, later)[0].verified_at, later);
}

} // namespace
} // namespace gravity::user
