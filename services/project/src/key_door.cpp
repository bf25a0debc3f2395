#include "key_door.hpp"

#include "api_keys_domain.hpp"
#include "api_keys_store.hpp"
#include "key_text.hpp"
#include "reads.hpp"

#include <gravity/async/coroutine.hpp>
#include <gravity/base/clock.hpp>
#include <gravity/json/codec.hpp>
#include <gravity/log/log.hpp>

#include <exception>

namespace gravity::project {
namespace {

// Whoever asks is not told. At this level, for whoever has a key may show it as often as they like; its owner is told by `explain`.
void log_reason(const ApiKeyAtDoor& key, Timestamp now) {
    const std::string reason = reason_against(key, key.project_state, now).value_or("it was shown from elsewhere");
    log::debug("an API key that is not good was shown", {{"key", key.id.to_string()}, {"project_id", key.project_id.to_string()}, {"reason", reason}});
}

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

Task<KnownKeyPtr> KeyDoor::read(const Ctx& ctx, const Caller& caller, const std::string& public_id) const {
    const std::optional<ProjectId> home = co_await home_of(ctx, public_id);
    // For an unknown key the same work is done, in vain.
    std::optional<ApiKeyAtDoor> found;
    std::function<void(Tx&)> fetch = [&](Tx& tx) { found = tx.maybe(api_key_at_door, public_id); };
    pg::Scope of_key = pg::Scope::project(home.value_or(caller.project), caller.subject);
    co_await look_up(database_, ctx, std::move(of_key), std::move(fetch));
    if (!home || !found) co_return KnownKeyPtr();
    KnownKey key{*home, *std::move(found), {}};
    if (!key.row.cidrs && !key.row.uses_left) key.introspection = json::encode(introspected(told_of(key.row, {})));
    co_return std::make_shared<const KnownKey>(std::move(key));
}

Task<KnownKeyPtr> KeyDoor::read_anew(const Ctx& ctx, const Caller& caller, const std::string& public_id) const {
    const KeyMoment moment = known_.moment();
    KnownKeyPtr key;
    std::exception_ptr away;
    try {
        key = co_await read(ctx, caller, public_id);
    } catch (const Refusal& refusal) {
        if (refusal.problem().status != 503) throw;
        away = std::current_exception();
    }
    if (away) {
        KnownKeyPtr known = known_.find_unheard(public_id);
        if (!known) std::rethrow_exception(away);
        co_return known;
    }
    if (key) known_.put(public_id, key, moment);
    co_return key;
}

bool KeyDoor::may_know(const Caller& caller, const KnownKey& key) const {
    return key.home == caller.project || key.row.project_id == caller.project || operator_ == caller.project;
}

Task<KeyDoor::Found> KeyDoor::find_good(Ctx& ctx, const Caller& caller, const std::string& text, const std::optional<Network>& network) const {
    const auto public_id = key_text::public_id_of(text);
    if (!public_id) co_return Found{}; // no key of ours, as anybody can see
    KnownKeyPtr key = known_.find(*public_id);
    if (!key) key = co_await read_anew(ctx, caller, *public_id);
    const Bytes hash = key_text::hash_of(text);
    const bool good = is_good(key ? &key->row : nullptr, hash, network, now());
    if (!good && is_key(key ? &key->row : nullptr, hash)) log_reason(key->row, now());
    if (!good || !may_know(caller, *key)) co_return Found{};
    Found found{key, {}};
    if (key->row.uses_left) {
        pg::Scope of_use = pg::Scope::project(key->home, caller.subject);
        const ApiKeyId id = key->row.id;
        const std::optional<UsesLeft> left = co_await ctx.in_scope(std::move(of_use), counted, id);
        if (!left) co_return Found{}; // another one had the last of them
        found.uses_left = left->uses_left;
    }
    uses_.note(key->home, key->row.id, now());
    co_return found;
}

Task<Verification> KeyDoor::verify(Ctx& ctx, const Caller& caller, const std::string& text, const std::optional<Network>& network) const {
    const Found found = co_await find_good(ctx, caller, text, network);
    if (!found.key) co_return Verification{};
    Verification answer = told_of(found.key->row, network);
    answer.uses_left = found.uses_left;
    co_return answer;
}

Task<std::string> KeyDoor::introspect(Ctx& ctx, const Caller& caller, const std::string& text, const std::optional<Network>& network) const {
    const Found found = co_await find_good(ctx, caller, text, network);
    if (!found.key) co_return json::encode(Introspection{});
    if (!found.key->introspection.empty()) co_return found.key->introspection;
    Verification answer = told_of(found.key->row, network);
    answer.uses_left = found.uses_left;
    co_return json::encode(introspected(answer));
}

} // namespace gravity::project
