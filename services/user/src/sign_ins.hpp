#pragma once

#include "users_model.hpp"

#include <gravity/events/received.hpp>
#include <gravity/pg/tx.hpp>

/// What this service takes from `auth`, and nothing more. `auth` may be absent: then tokens come from elsewhere, and nobody is seen.
namespace gravity::user {

/// `id` is the `sub` of their tokens.
struct IdentityCreated {
    static constexpr Event event{"gravity.auth.identity.created"};
    std::string id;
};
BOOST_DESCRIBE_STRUCT(IdentityCreated, (), (id))

struct LoginSucceeded {
    static constexpr Event event{"gravity.auth.login.succeeded"};
    std::string identity_id;
};
BOOST_DESCRIBE_STRUCT(LoginSucceeded, (), (identity_id))

struct UserActivity {
    std::optional<Timestamp> last_seen_at;
};
BOOST_DESCRIBE_STRUCT(UserActivity, (), (last_seen_at))

/// An account for whoever has none yet. It is a stub: whoever creates a user with this subject fills it in, and until then it is called by its subject.
void make_stub(Tx& tx, const Received<IdentityCreated>& event);
/// To the minute.
void note_sign_in(Tx& tx, const Received<LoginSucceeded>& event);

} // namespace gravity::user

template <>
struct gravity::meta::docs<gravity::user::UserActivity> {
    static constexpr std::pair<std::string_view, std::string_view> fields[] = {
        {"last_seen_at", "When they signed in last, to the minute; null: not that anybody told"}};
};

GRAVITY_TABLES(user, IdentityCreated, LoginSucceeded, UserActivity)
