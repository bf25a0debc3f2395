#include "leaks_api.hpp"

#include "api_keys.hpp"
#include "api_keys_domain.hpp"
#include "api_keys_store.hpp"
#include "key_text.hpp"
#include "leaks_domain.hpp"
#include "problems.hpp"

#include <gravity/async/coroutine.hpp>
#include <gravity/log/log.hpp>

#include <algorithm>
#include <map>

namespace gravity::project::leaks {
namespace {

/// What may be a key of ours: the one with which number of the report.
struct Suspect {
    std::size_t number = 0;
    std::string public_id;
    Bytes hash;
    std::optional<std::string> url, source;
};

/// Who reports, and whether that is known.
struct Reporter {
    Actor actor;
    bool verified = false;
};

std::vector<Suspect> suspects_of(const std::vector<FoundToken>& found) {
    std::vector<Suspect> suspects;
    for (std::size_t i = 0; i < found.size(); ++i)
        if (auto public_id = key_text::public_id_of(found[i].token))
            suspects.push_back({i, *std::move(public_id), key_text::hash_of(found[i].token), found[i].url, found[i].source});
    // In one order: two reports of the same keys wait for one another, and not in a ring.
    std::sort(suspects.begin(), suspects.end(),
              [](const Suspect& a, const Suspect& b) { return std::tie(a.public_id, a.number) < std::tie(b.public_id, b.number); });
    return suspects;
}

void revoke_leaked(Tx& tx, const ApiKeyId& id, const Suspect& suspect, const Reporter& by) {
    const ApiKey key = tx.one(lock_api_key, id);
    if (key.revoked_at) return; // nothing is left to be done, nor to be told
    const std::vector<std::string> owners = tx.all(who_hears_of_key, key.project_id, key.created_by);
    const ApiKeyLeaked leaked{key.id, key.project_id, key.env, suspect.url, suspect.source, by.verified, key.name.str(), owners};
    tx.exec(note_leak, key.id, suspect.url ? suspect.url : suspect.source, tx.now());
    tx.emit(leaked);
    record_of_key(tx, by.actor, "api_key.leaked", key,
                  Json::object({{"url", suspect.url ? Json(*suspect.url) : Json()},
                                {"source", suspect.source ? Json(*suspect.source) : Json()},
                                {"verified", by.verified}}));
    end_api_key(tx, key, by.actor);
    tx.after_commit([id = key.id.to_string()] { log::warn("API key found where it should not be", {{"key", id}}); });
}

/// Those that are keys, by their numbers: among the rows of one project that administers.
std::vector<std::size_t> revoke_all(Tx& tx, const std::vector<Suspect>& suspects, const Reporter& by) {
    std::vector<std::size_t> ours;
    for (const Suspect& suspect : suspects) {
        const auto found = tx.maybe(api_key_at_door, suspect.public_id);
        if (!is_key(found ? &*found : nullptr, suspect.hash)) continue;
        revoke_leaked(tx, found->id, suspect, by);
        ours.push_back(suspect.number);
    }
    return ours;
}

} // namespace

Task<std::vector<LeakVerdict>> report(Ctx& ctx, RawBody in, Header<"Github-Public-Key-Identifier"> identifier, Header<"Github-Public-Key-Signature"> signature,
                                      Given<KeyDoor> door, Given<ReportKeySource> keys, Given<TrustedProxies> proxies) {
    Reporter reporter{nobody(ctx.request(), *proxies)};
    if (identifier && signature) {
        const std::string name = *identifier;
        const auto key = co_await keys->find(name, ctx.deadline());
        if (key && !is_signed_by(*key, in.bytes, *signature)) throw Refusal(signature_wrong);
        reporter.verified = key.has_value();
    }
    const std::vector<FoundToken> found = found_tokens(in.content_type, in.bytes);
    std::vector<LeakVerdict> verdicts;
    for (const FoundToken& each : found) verdicts.push_back({each.token, each.type, LeakLabel::false_positive});

    std::vector<Suspect> suspects = suspects_of(found);
    std::vector<std::string> public_ids;
    for (const Suspect& each : suspects) public_ids.push_back(each.public_id);
    const std::map<std::string, ProjectId> homes = co_await door->homes_of(ctx, public_ids);
    std::map<ProjectId, std::vector<Suspect>> by_home;
    for (Suspect& each : suspects)
        if (const auto home = homes.find(each.public_id); home != homes.end()) by_home[home->second].push_back(std::move(each));
    for (const auto& [home, theirs] : by_home) {
        pg::Scope of_keys = pg::Scope::project(home, "leak-report");
        const std::vector<std::size_t> ours = co_await ctx.in_scope(std::move(of_keys), revoke_all, theirs, reporter);
        for (const std::size_t number : ours) verdicts[number].label = LeakLabel::true_positive;
    }
    co_return verdicts;
}

} // namespace gravity::project::leaks
