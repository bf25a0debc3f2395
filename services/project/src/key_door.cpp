#include "key_door.hpp"

#include "api_keys_domain.hpp"
#include "api_keys_store.hpp"
#include "key_text.hpp"
#include "reads.hpp"

#include <gravity/async/coroutine.hpp>
#include <gravity/base/clock.hpp>

namespace gravity::project {

Task<std::optional<ProjectId>> KeyDoor::home_of(const Ctx& ctx, const std::string& public_id) const {
    std::optional<ProjectId> home;
    std::function<void(Tx&)> find = [&](Tx& tx) { home = tx.maybe(find_in_directory, public_id); };
    pg::Scope everybody = pg::Scope::system("API key look-up");
    co_await look_up(database_, ctx, std::move(everybody), std::move(find));
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
    co_await look_up(database_, ctx, std::move(of_key), std::move(fetch));

    Verification answer = verified(found, key_text::hash_of(text), now());
    const bool theirs = home == caller.project || operator_ == caller.project || answer.project == caller.project;
    if (!theirs) co_return Verification{};
    if (answer.active) uses_.note(*home, *answer.key_id, now());
    co_return answer;
}

} // namespace gravity::project
