#include "reads.hpp"

#include <gravity/async/coroutine.hpp>

namespace gravity::project {

Task<void> look_up(pg::Database& database, const Ctx& ctx, pg::Scope scope, std::function<void(Tx&)> work) {
    pg::Run run;
    run.scope = std::move(scope);
    run.read_only = true;
    run.deadline = ctx.deadline();
    run.traceparent = ctx.traceparent();
    co_await database.run(std::move(run), std::move(work));
}

} // namespace gravity::project
