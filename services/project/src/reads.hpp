#pragma once

#include <gravity/async/task.hpp>
#include <gravity/http/ctx.hpp>
#include <gravity/pg/database.hpp>

#include <functional>

namespace gravity::project {

/// Looks things up on the I/O thread, in a scope of the handler's choosing and without a transaction around them (decisions 9 and 28). Throws Refusal where the
/// store is away.
Task<void> look_up(pg::Database& database, const Ctx& ctx, pg::Scope scope, std::function<void(Tx&)> work);

} // namespace gravity::project
