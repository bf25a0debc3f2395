#pragma once

#include "audit_model.hpp"

#include <gravity/http/actor.hpp>
#include <gravity/pg/tx.hpp>

namespace gravity::config {

/// What somebody has just done.
struct Deed {
    std::string_view action; // "draft.changed"
    std::optional<ConfigSetId> set{};
    std::string target;
    Json details = Json::object(); // never a secret: audit_details.hpp
};

/// Writes it down beside the change, in its transaction: neither is there without the other. Every handler that changes something calls it once it has.
void record(Tx& tx, const Actor& by, Deed deed);

/// The service itself, in its jobs.
Actor service_itself();

} // namespace gravity::config
