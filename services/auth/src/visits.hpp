#pragma once

#include "authorize_domain.hpp"

#include <gravity/http/ctx.hpp>

#include <optional>

/// Clients that somebody is sent from.
namespace gravity::issuer {

struct Visit {
    ProjectId project;
    ClientToVisit client;
};
/// Nothing for an id of no client, and of one that is disabled.
Task<std::optional<Visit>> visit_of(Ctx& ctx, std::optional<ClientId> id);

} // namespace gravity::issuer
