#pragma once

#include "identities_model.hpp"

#include <gravity/events/received.hpp>

/// What the service `user` announces of people, as far as it says who signs in no more. Without it nothing comes.
namespace gravity::issuer {

using UserId = Id<"user">;

struct UserDeactivated {
    static constexpr Event event{"gravity.user.user.deactivated"};
    UserId id;
    std::string subject; // of their tokens: an identity's id, where this is their issuer
};
BOOST_DESCRIBE_STRUCT(UserDeactivated, (), (id, subject))

struct UserErased {
    static constexpr Event event{"gravity.user.user.erased"};
    UserId id;
};
BOOST_DESCRIBE_STRUCT(UserErased, (), (id))

/// The identity signs in no more, and is signed in nowhere; nothing of it goes. One that is restored there is enabled here by whoever administers it.
void disable_deactivated(Tx& tx, const Received<UserDeactivated>& event);
/// Identity, names and credentials go, of whoever was deactivated before, as everybody is who is erased. Nothing happens the second time.
void delete_erased(Tx& tx, const Received<UserErased>& event);

} // namespace gravity::issuer

GRAVITY_TABLES(issuer, UserId, UserDeactivated, UserErased)
