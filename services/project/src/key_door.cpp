#include "key_door.hpp"

#include "api_keys_domain.hpp"
#include "api_keys_store.hpp"
#include "key_text.hpp"

#include <gravity/async/coroutine.hpp>
#include <gravity/base/clock.hpp>
#include <gravity/pg/database.hpp>

namespace gravity::project {

Task<void> KeyDoor::read(const Ctx& ctx, pg::Scope scope, std::function<void(Tx&)> work) const {
    pg::Run run;
    run.scope = std::move(scope);
    run.read_only = true;
    run.deadline = ctx.deadline();
    run.traceparent = ctx.traceparent();
    co_await database_.run(std::move(run), std::move(work));
}

Task<std::optional<ProjectId>> KeyDoor::home_of(const Ctx& ctx, const std::string& public_id) const {
    std::optional<ProjectId> home;
    std::function<void(Tx&)> look_up = [&](Tx& tx) { home = tx.maybe(find_in_directory, public_id); };
    pg::Scope everybody = pg::Scope::system("API key look-up");
    co_await read(ctx, std::move(everybody), std::move(look_up));
    co_return home;
}

Task<Verification> KeyDoor::verify(Ctx& ctx, const Caller& caller, const std::string& text) const {
    const auto public_id = key_text::public_id_of(text);
    if (!public_id) co_return Verification{}; // no key of ours, as anybody can see

    const std::optional<ProjectId> home = co_await home_of(ctx, *public_id);
    // For an unknown key the same work is done, in vain.
    std::optional<ApiKeyAtDoor> found;
    std::function<void(Tx&)> fetch = [&](Tx& tx) { found = tx.maybe(api_key_at_door, *public_id); };
    pg::Scope of_key = pg::Scope::project(home.value_or(caller.project), caller.subject);
    co_await read(ctx, std::move(of_key), std::move(fetch));

    Verification answer = verified(found, key_text::hash_of(text), now());
    const bool theirs = home == caller.project || operator_ == caller.project || answer.project == caller.project;
    if (!theirs) co_return Verification{};
    co_return answer;
}

} // namespace gravity::project
