#pragma once

#include "config.hpp"
#include "mails.hpp"

#include <gravity/http/ctx.hpp>

#include <string>

/// What getting back into an account is sent and told by, whichever way somebody does.
namespace gravity::issuer {

/// What links are made and letters sent by.
struct Means {
    const Settings* settings;
    const Mails* mails;
    std::string network; // of whoever asks; empty: not known
};
Means means_of(Ctx& ctx);

/// Announces it, and tells all addresses and phones of the account, whichever it was proven by: who did it may have one of them alone.
void note_recovered(Tx& tx, IdentityId identity, const Means& by);

} // namespace gravity::issuer
