#include "reads.hpp"

#include <gravity/async/coroutine.hpp>
#include <gravity/pg/database.hpp>

namespace gravity::user {

Task<void> Reads::run(const Ctx& ctx, std::function<void(Tx&)> work) const {
    pg::Run run;
    run.scope = pg::Scope::caller(*ctx.caller());
    run.read_only = true;
    run.deadline = ctx.deadline();
    run.traceparent = ctx.traceparent();
    co_await database_.run(std::move(run), std::move(work));
}

} // namespace gravity::user
