#include "api.hpp"

#include "domain.hpp"
#include "problems.hpp"
#include "store.hpp"

#include <gravity/base/clock.hpp>
#include <gravity/service.hpp>

namespace gravity::@id@ {
namespace {
Task<Created<@Noun@>> create(Ctx& ctx, Body<New@Noun@> in) {
    @Noun@ made = make(std::move(*in), @Noun@Id::fresh(), now());
    co_await ctx.get<Store>().put(ctx.caller()->project, made);
    co_return Created<@Noun@>(std::move(made));
}
Task<@Noun@> get(Ctx& ctx, Path<"id", @Noun@Id> id) { return ctx.get<Store>().get(ctx.caller()->project, *id); }
Task<NoContent> remove(Ctx& ctx, Path<"id", @Noun@Id> id) {
    co_await ctx.get<Store>().remove(ctx.caller()->project, *id);
    co_return NoContent{};
}
} // namespace

void routes(Router& router) {
    auto @nouns@ = router.collection("/api/v1/@collection@", "@collection@");
    @nouns@.post<create>("", {.summary = "Keep a @word@ for a while", .problems = {reserved_name}});
    @nouns@.get<get>("/{id}", {.summary = "Read a @word@"});
    @nouns@.del<remove>("/{id}", {.summary = "Forget a @word@"});
}
} // namespace gravity::@id@
