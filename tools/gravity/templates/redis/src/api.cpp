#include "api.hpp"

#include "domain.hpp"
#include "problems.hpp"
#include "store.hpp"

#include <gravity/async/coroutine.hpp>
#include <gravity/base/clock.hpp>
#include <gravity/service.hpp>

namespace gravity::@id@ {
namespace {

Task<Created<@Noun@>> create(Ctx& ctx, Body<New@Noun@> in) {
    @Noun@ made = make(std::move(*in), @Noun@Id::fresh(), now());
    co_await put(ctx.get<redis::Client>(), ctx.caller()->project, made);
    co_return Created<@Noun@>(std::move(made));
}

Task<@Noun@> read(Ctx& ctx, Path<"id", @Noun@Id> id) { return get(ctx.get<redis::Client>(), ctx.caller()->project, *id); }

Task<NoContent> forget(Ctx& ctx, Path<"id", @Noun@Id> id) {
    co_await remove(ctx.get<redis::Client>(), ctx.caller()->project, *id);
    co_return NoContent{};
}

} // namespace

void routes(Router& router) {
    auto @nouns@ = router.collection("/api/v1/@collection@", "@collection@");
    @nouns@.post<create>("", {.summary = "Keep a @word@ for a while", .problems = {reserved_name}});
    @nouns@.get<read>("/{id}", {.summary = "Read a @word@"});
    @nouns@.del<forget>("/{id}", {.summary = "Forget a @word@"});
}

} // namespace gravity::@id@
