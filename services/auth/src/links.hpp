#pragma once

#include "config.hpp"
#include "links_model.hpp"

#include <gravity/base/bytes.hpp>
#include <gravity/pg/tx.hpp>

#include <optional>
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
/// A link that is good still, whose identity's row is locked: that comes before its links for whoever uses one and ends others, lest two wait for one another.
std::optional<Link> locked_link(Tx& tx, const Bytes& hash, LinkPurpose purpose);

} // namespace gravity::issuer
