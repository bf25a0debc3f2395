#include "followed_links.hpp"

#include "failures.hpp"
#include "identities_store.hpp"
#include "links_store.hpp"
#include "pages.hpp"
#include "reads.hpp"
#include "sessions.hpp"

#include <gravity/async/coroutine.hpp>
#include <gravity/base/clock.hpp>

namespace gravity::issuer::recovery {

oauth::Form form_in(std::string_view text) {
    try {
        return oauth::Form::parse("application/x-www-form-urlencoded", text);
    } catch (const oauth::Refused&) {
        return {};
    }
}

std::string text_in(const oauth::Form& form, std::string_view name) { return form.find(name) != nullptr ? *form.find(name) : std::string(); }

Task<std::optional<Followed>> followed_by(Ctx& ctx, std::string token, LinkPurpose purpose) {
    std::optional<Followed> followed;
    const auto secret = project_secret(link_prefix, token);
    if (!secret) co_return followed;
    std::function<void(Tx&)> work = [&](Tx& tx) {
        auto link = tx.maybe(live_link, secret->hash, purpose, now());
        if (!link) return;
        auto identity = tx.maybe(get_identity, link->identity_id);
        followed = Followed{secret->project, secret->hash, *std::move(link), std::move(identity)};
    };
    pg::Scope scope = pg::Scope::project(secret->project, "browser");
    co_await ctx.get<Reads>().run(ctx, std::move(scope), std::move(work));
    if (followed && !followed->identity) followed.reset();
    co_return followed;
}

Web link_gone(Ctx& ctx) {
    ctx.get<Failures>().note(ctx, {}, {"link_gone", {}, {}, {}});
    return pages::fault(400, "This link was used before, or has ended. Please ask for another.");
}

Web no_links() { return pages::fault(404, "This is not offered here. Please ask whoever runs the application."); }

} // namespace gravity::issuer::recovery
