#include "told_pages.hpp"

#include "failures.hpp"
#include "pages.hpp"

#include <gravity/async/coroutine.hpp>

#include <optional>

namespace gravity::issuer::pages {
namespace {

constexpr std::string_view away_now = "This does not work at the moment. Please try again.";
constexpr std::string_view changed_meanwhile = "Something has changed meanwhile. Please go back to where you came from, and begin again.";

Web in_the_way(const Refusal& refusal) {
    const int status = refusal.problem().status;
    if (status == 503) return refused(refusal, away_now);
    if (status == 409) return refused(refusal, changed_meanwhile);
    throw refusal;
}

} // namespace

Task<Web> told(Ctx& ctx, Task<Web> page) {
    std::optional<Refusal> refusal;
    try {
        Web web = co_await std::move(page);
        co_return with_trace(std::move(web), trace_of(ctx));
    } catch (const Refusal& thrown) {
        refusal = thrown;
    }
    co_return with_trace(in_the_way(*refusal), trace_of(ctx));
}

} // namespace gravity::issuer::pages
