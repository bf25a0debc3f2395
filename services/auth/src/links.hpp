#pragma once

#include "config.hpp"
#include "links_model.hpp"

#include <gravity/base/bytes.hpp>
#include <gravity/pg/tx.hpp>

#include <string>
#include <string_view>

/// Links that people are sent, when they are made.
namespace gravity::issuer {

struct FreshLink {
    std::string link; // whole, as it is sent
    Bytes hash;
};
FreshLink fresh_link(const Settings& settings, ProjectId project, std::string_view path);
/// Of one purpose there are three at most that have not ended: whoever asks for others fills no mailbox.
bool room_for(Tx& tx, IdentityId identity, LinkPurpose purpose);

} // namespace gravity::issuer
