#pragma once

#include "identities_model.hpp"

#include <gravity/events/received.hpp>

/// What the service `user` announces of people, as far as it says who signs in and who no more. Without it nothing comes.
namespace gravity::issuer {

using UserId = Id<"user">;

struct UserSuspended {
    static constexpr Event event{"gravity.user.user.suspended"};
    UserId id;
    std::string subject; // of their tokens: an identity's id, where this is their issuer
};
BOOST_DESCRIBE_STRUCT(UserSuspended, (), (id, subject))

/// Let in: from the start of who was invited, or again of who was suspended or deactivated.
struct UserActivated {
    static constexpr Event event{"gravity.user.user.activated"};
    UserId id;
    std::string subject;
};
BOOST_DESCRIBE_STRUCT(UserActivated, (), (id, subject))

struct UserDeactivated {
    static constexpr Event event{"gravity.user.user.deactivated"};
    UserId id;
    std::string subject;
};
BOOST_DESCRIBE_STRUCT(UserDeactivated, (), (id, subject))

struct UserErased {
    static constexpr Event event{"gravity.user.user.erased"};
    UserId id;
};
BOOST_DESCRIBE_STRUCT(UserErased, (), (id))

/// The identity signs in no more, and is signed in nowhere; nothing of it goes. Of each identity only what is later in the stream than all before it has
/// an effect.
void disable_suspended(Tx& tx, const Received<UserSuspended>& event);
/// The same, and whose the identity is is kept for when they are erased.
void disable_deactivated(Tx& tx, const Received<UserDeactivated>& event);
/// The identity is what it was before the two above disabled it. Nothing else is undone: who was disabled here stays so.
void enable_activated(Tx& tx, const Received<UserActivated>& event);
/// Identity, names and credentials go, of whoever was deactivated before, as everybody is who is erased. Nothing happens the second time.
void delete_erased(Tx& tx, const Received<UserErased>& event);

} // namespace gravity::issuer

GRAVITY_TABLES(issuer, UserId, UserSuspended, UserActivated, UserDeactivated, UserErased)
