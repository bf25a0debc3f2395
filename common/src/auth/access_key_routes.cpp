#include "auth/access_key_rows.hpp"

#include <gravity/async/coroutine.hpp>
#include <gravity/auth/access_keys.hpp>
#include <gravity/base/clock.hpp>
#include <gravity/base/scope.hpp>
#include <gravity/http/ctx.hpp>
#include <gravity/http/router.hpp>
#include <gravity/log/log.hpp>

namespace gravity::auth {
namespace {

struct ServiceKeys {
    const AccessKeys& all; // of what any thread may ask
};

} // namespace
} // namespace gravity::auth

template <>
struct gravity::http::Extractor<gravity::auth::ServiceKeys> {
    static auth::ServiceKeys read(Input& in) { return {in.resources()->get<auth::AccessKeys>()}; }
    static void describe(Route&) {}
};

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
const Sql<AccessKeyInfo(AccessKeyId)> lock_key{"gravity.access_key.lock", "select * from gravity.access_key where id = $1 for update"};
const Sql<void(AccessKeyId)> revoke_key{"gravity.access_key.revoke", R"sql(
    update gravity.access_key set revoked_at = now(), version = version + 1 where id = $1)sql"};
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

Created<MadeAccessKey> make(Tx& tx, ServiceKeys keys, Caller maker, Body<NewAccessKey> in) {
    check_scopes(maker, *in);
    if (in->expires_at && *in->expires_at <= now()) throw Refusal(already_expired);
    const AccessKey key = AccessKey::generate(in->kind);
    MadeAccessKey made;
    static_cast<AccessKeyInfo&>(made) = tx.one(insert_key, row_of(maker, *in, key, keys.all));
    made.key = key.text().reveal();
    tx.after_commit([id = made.id.to_string(), by = maker.subject] { log::info("access key made", {{"key", id}, {"by", by}}); });
    return made;
}

Page<AccessKeyInfo> list(Tx& tx, Params<PageQuery> query) { return tx.page(list_keys, *query); }
AccessKeyInfo get(Tx& tx, Path<"id", AccessKeyId> id) { return tx.one(get_key, *id); }

AccessKeyInfo set_revoked(Tx& tx, AccessKeyId id, IfMatch expected) {
    AccessKeyInfo key = expected.check(tx.one(lock_key, id));
    if (!key.revoked_at) tx.exec(revoke_key, id);
    return key;
}
// A coroutine: what is remembered of keys belongs to the I/O thread.
Task<NoContent> revoke(Ctx& ctx, Caller caller, Path<"id", AccessKeyId> id, IfMatch expected) {
    const AccessKeyId which = *id;
    const AccessKeyInfo revoked = co_await ctx.transaction(set_revoked, which, std::move(expected));
    ctx.get<AccessKeys>().forget(revoked.key_id);
    log::info("access key revoked", {{"key", which.to_string()}, {"by", caller.subject}});
    co_return NoContent{};
}

} // namespace

void access_key_routes(Router& router, std::string_view service) {
    auto keys = router.collection("/api/v1/" + std::string(service) + "/access-keys", "access-keys");
    keys.post<make>("", {.summary = "Make an access key; it is shown this once",
                         .problems = {scope_not_yours, publishable_reads_only, already_expired},
                         .shows_secret = true});
    keys.get<list>("", {.summary = "List access keys, newest first"});
    keys.get<get>("/{id}", {.summary = "Read what is known of an access key"});
    keys.del<revoke>("/{id}", {.summary = "Revoke an access key"});
}

} // namespace gravity::auth
