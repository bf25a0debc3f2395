#include "auth/access_key_rows.hpp"

#include <gravity/auth/access_keys.hpp>
#include <gravity/base/clock.hpp>
#include <gravity/base/scope.hpp>
#include <gravity/http/ctx.hpp>
#include <gravity/http/router.hpp>
#include <gravity/log/log.hpp>

namespace gravity::auth {
namespace {

constexpr Problem scope_not_yours{403, "scope-not-yours", "A key can do no more than who makes it"};
constexpr Problem publishable_reads_only{422, "publishable-key-reads-only", "A publishable key takes scopes that end in :read"};
constexpr Problem already_expired{422, "already-expired", "The key would have expired already"};

const Sql<AccessKeyInfo(KeyRow)> insert_key{"gravity.access_key.insert", R"sql(
    insert into gravity.access_key (id, project, key_id, name, kind, scopes, requests_per_minute, hash, sealed, created_by, created_at, expires_at)
    values ($id, gravity.current_project(), $key_id, $name, $kind, $scopes, $requests_per_minute, $hash, $sealed, $created_by, $created_at, $expires_at)
    returning *)sql"};
const Sql<AccessKeyInfo(AccessKeyId)> get_key{"gravity.access_key.get", "select * from gravity.access_key where id = $1"};
const Sql<AccessKeyInfo(AccessKeyId)> revoke_key{"gravity.access_key.revoke", R"sql(
    update gravity.access_key set revoked_at = coalesce(revoked_at, now()) where id = $1 returning *)sql"};
const Sql<AccessKeyInfo(PageQuery)> list_keys{"gravity.access_key.list", R"sql(
    select * from gravity.access_key where $page(created_at desc, id desc))sql"};

void check_scopes(const Caller& maker, const NewAccessKey& wanted) {
    for (const auto& scope : wanted.scopes) {
        if (!parse_scopes(scope.view()) || scope.view().find(' ') != std::string_view::npos)
            throw Refusal(problems::invalid, "'" + scope.str() + "' is no scope");
        if (!maker.may(scope.view())) throw Refusal(scope_not_yours, "You lack the scope " + scope.str());
        if (wanted.kind == KeyKind::publishable && !scope.view().ends_with(":read"))
            throw Refusal(publishable_reads_only, scope.str() + " is more than reading");
    }
}

KeyRow row_of(const Caller& maker, const NewAccessKey& wanted, const AccessKey& key, const AccessKeys& keys) {
    KeyRow row;
    row.id = AccessKeyId::fresh();
    row.project = maker.project;
    row.key_id = key.id();
    row.name = wanted.name;
    row.kind = key.kind();
    for (const auto& scope : wanted.scopes) row.scopes.push_back(scope.str());
    row.requests_per_minute = wanted.requests_per_minute;
    row.hash = Bytes(key.hash());
    if (keys.keeps_secrets() && key.kind() == KeyKind::secret) row.sealed = keys.seal(key, row.id.to_string());
    row.created_by = maker.subject;
    row.created_at = now();
    row.expires_at = wanted.expires_at;
    return row;
}

AccessKeyInfo insert(Tx& tx, KeyRow row) { return tx.one(insert_key, row); }
AccessKeyInfo set_revoked(Tx& tx, AccessKeyId id) { return tx.one(revoke_key, id); }

// A coroutine, so that no idempotency record keeps the answer with the key in it.
Task<Created<MadeAccessKey>> make(Ctx& ctx, Caller maker, Body<NewAccessKey> in) {
    check_scopes(maker, *in);
    if (in->expires_at && *in->expires_at <= now()) throw Refusal(already_expired);
    const AccessKey key = AccessKey::generate(in->kind);
    MadeAccessKey made;
    KeyRow row = row_of(maker, *in, key, ctx.get<AccessKeys>());
    static_cast<AccessKeyInfo&>(made) = co_await ctx.transaction(insert, std::move(row));
    made.key = key.text().reveal();
    log::info("access key made", {{"key", made.id.to_string()}, {"by", maker.subject}});
    Created<MadeAccessKey> answer(std::move(made));
    co_return answer;
}

Page<AccessKeyInfo> list(Tx& tx, Params<PageQuery> query) { return tx.page(list_keys, *query); }
AccessKeyInfo get(Tx& tx, Path<"id", AccessKeyId> id) { return tx.one(get_key, *id); }

Task<NoContent> revoke(Ctx& ctx, Caller caller, Path<"id", AccessKeyId> id) {
    const AccessKeyId which = *id;
    const AccessKeyInfo revoked = co_await ctx.transaction(set_revoked, which);
    ctx.get<AccessKeys>().forget(revoked.key_id);
    log::info("access key revoked", {{"key", which.to_string()}, {"by", caller.subject}});
    co_return NoContent{};
}

} // namespace

void access_key_routes(Router& router, std::string_view service) {
    auto keys = router.collection("/api/v1/" + std::string(service) + "/access-keys", "access-keys");
    keys.post<make>("", {.summary = "Make an access key; it is shown this once",
                         .problems = {scope_not_yours, publishable_reads_only, already_expired}});
    keys.get<list>("", {.summary = "List access keys, newest first"});
    keys.get<get>("/{id}", {.summary = "Read what is known of an access key"});
    keys.del<revoke>("/{id}", {.summary = "Revoke an access key"});
}

} // namespace gravity::auth
