#pragma once

#include "actor.hpp"
#include "audit_model.hpp"

#include <gravity/json/codec.hpp>
#include <gravity/pg/tx.hpp>

namespace gravity::project {

/// What somebody has just done.
struct Deed {
    std::string_view action; // "member.added"
    std::optional<OrganizationId> organization{}; // nothing: it was done to the project whose rows the transaction sees
    std::optional<ProjectId> project{};
    std::string target;
    Json details = Json::object();
};

/// Writes it down beside the change, in its transaction: neither is there without the other. Every handler that changes something calls it once it has.
void record(Tx& tx, const Actor& by, Deed deed);

} // namespace gravity::project
