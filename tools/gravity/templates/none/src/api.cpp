#include "api.hpp"

#include "domain.hpp"
#include "problems.hpp"

#include <gravity/async/coroutine.hpp>
#include <gravity/service.hpp>

namespace gravity::@id@ {
namespace {

Task<@Noun@> create(Ctx&, Body<New@Noun@> in) {
    @Noun@ made{*in, slug_of(in->name.view())};
    co_return made;
}

} // namespace

void routes(Router& router) {
    auto @nouns@ = router.collection("/api/v1/@collection@", "@collection@");
    @nouns@.post<create>("", {.summary = "Make a @word@ of a name", .problems = {nothing_left}});
}

} // namespace gravity::@id@
