#include "key_door.hpp"

#include "api_keys_domain.hpp"
#include "api_keys_store.hpp"
#include "key_text.hpp"
#include "reads.hpp"

#include <gravity/async/coroutine.hpp>
#include <gravity/base/clock.hpp>

#include <exception>

namespace gravity::project {
namespace {

std::optional<UsesLeft> counted(Tx& tx, const ApiKeyId& id) { return tx.maybe(count_use, id, tx.now()); }

} // namespace

Task<std::optional<ProjectId>> KeyDoor::home_of(const Ctx& ctx, const std::string& public_id) const {
    std::optional<ProjectId> home;
    std::function<void(Tx&)> find = [&](Tx& tx) { home = tx.maybe(find_in_directory, public_id); };
    pg::Scope everybody = pg::Scope::system("API key look-up");
    co_await look_up(database_, ctx, std::move(everybody), std::move(find));
    co_return home;
}

Task<std::map<std::string, ProjectId>> KeyDoor::homes_of(const Ctx& ctx, const std::vector<std::string>& public_ids) const {
    std::map<std::string, ProjectId> homes;
    if (public_ids.empty()) co_return homes;
    std::function<void(Tx&)> find = [&](Tx& tx) {
        homes.clear();
        for (const DirectoryEntry& each : tx.all(find_all_in_directory, public_ids)) homes.emplace(each.public_id, each.project);
    };
    pg::Scope everybody = pg::Scope::system("API key look-up");
    co_await look_up(database_, ctx, std::move(everybody), std::move(find));
    co_return homes;
}

Task<std::optional<KnownKey>> KeyDoor::read(const Ctx& ctx, const Caller& caller, const std::string& public_id) const {
    const std::optional<ProjectId> home = co_await home_of(ctx, public_id);
    // For an unknown key the same work is done, in vain.
    std::optional<ApiKeyAtDoor> found;
    std::function<void(Tx&)> fetch = [&](Tx& tx) { found = tx.maybe(api_key_at_door, public_id); };
    pg::Scope of_key = pg::Scope::project(home.value_or(caller.project), caller.subject);
    co_await look_up(database_, ctx, std::move(of_key), std::move(fetch));
    if (!home || !found) co_return std::nullopt;
    co_return KnownKey{*home, *std::move(found)};
}

Task<std::optional<KnownKey>> KeyDoor::key_of(const Ctx& ctx, const Caller& caller, const std::string& public_id) const {
    if (const KnownKey* const known = known_.find(public_id)) co_return *known;
    const KeyMoment moment = known_.moment();
    std::optional<KnownKey> key;
    std::exception_ptr away;
    try {
        key = co_await read(ctx, caller, public_id);
    } catch (const Refusal& refusal) {
        if (refusal.problem().status != 503) throw;
        away = std::current_exception();
    }
    if (away) {
        const KnownKey* const known = known_.find_unheard(public_id);
        if (known == nullptr) std::rethrow_exception(away);
        co_return *known;
    }
    if (key) known_.put(public_id, *key, moment);
    co_return key;
}

Task<Verification> KeyDoor::verify(Ctx& ctx, const Caller& caller, const std::string& text, const std::optional<Network>& network) const {
    const auto public_id = key_text::public_id_of(text);
    if (!public_id) co_return Verification{}; // no key of ours, as anybody can see

    const std::optional<KnownKey> known = co_await key_of(ctx, caller, *public_id);
    const std::optional<ApiKeyAtDoor> found = known ? std::optional<ApiKeyAtDoor>(known->row) : std::nullopt;
    Verification answer = verified(found, key_text::hash_of(text), network, now());
    const bool theirs = (known && known->home == caller.project) || operator_ == caller.project || answer.project == caller.project;
    if (!theirs) co_return Verification{};
    if (!answer.active) co_return answer;
    if (found->uses_left) {
        pg::Scope of_use = pg::Scope::project(known->home, caller.subject);
        const std::optional<UsesLeft> left = co_await ctx.in_scope(std::move(of_use), counted, *answer.key_id);
        if (!left) co_return Verification{}; // another one had the last of them
        answer.uses_left = left->uses_left;
    }
    uses_.note(known->home, *answer.key_id, now());
    co_return answer;
}

} // namespace gravity::project
