#include "api_keys_api.hpp"

#include "access.hpp"
#include "api_keys_domain.hpp"
#include "api_keys_store.hpp"
#include "key_text.hpp"
#include "organizations_store.hpp"
#include "problems.hpp"
#include "projects_store.hpp"

#include <gravity/async/coroutine.hpp>
#include <gravity/base/ascii.hpp>
#include <gravity/http/message.hpp>
#include <gravity/log/log.hpp>

namespace gravity::project::api_keys {
namespace {

ApiKey seen(Tx& tx, const Caller& caller, const ApiKeyId& id, Right right) {
    ApiKey key = tx.one(get_api_key, id);
    check_access(tx, caller, tx.one(get_project, key.project_id).organization_id, right);
    return key;
}

// Access first: a stranger makes nobody wait.
ApiKey locked(Tx& tx, const Caller& caller, const ApiKeyId& id, const IfMatch& expected) {
    seen(tx, caller, id, Right::develop);
    return expected.check(tx.one(lock_api_key, id));
}

void check_live(const ApiKey& key, Timestamp now) {
    if (!is_live(key, now)) throw Refusal(key_ended);
}

void end(Tx& tx, ApiKey key, std::string by) {
    if (key.revoked_at) return;
    key.revoked_at = key.updated_at = tx.now();
    tx.one(save_api_key, key);
    tx.emit(ApiKeyRevoked{key.id, key.project_id, key.env});
    tx.after_commit([key = key.id.to_string(), by = std::move(by)] { log::info("API key revoked", {{"key", key}, {"by", by}}); });
}

void end_if_it_is(Tx& tx, std::string public_id, Bytes hash) {
    const auto found = tx.maybe(api_key_at_door, public_id);
    if (is_key(found, hash)) end(tx, tx.one(lock_api_key, found->id), "its holder");
}

/// Of a form as RFC 7662 section 2.1 and RFC 7009 section 2.1 have it; a hint of what it may be (`token_type_hint`) tells nothing here.
std::string token_of(const RawBody& in) {
    if (!ascii::iequals(ascii::trim(std::string_view(in.content_type).substr(0, in.content_type.find(';'))), "application/x-www-form-urlencoded"))
        throw Refusal(problems::unsupported_media_type, "application/x-www-form-urlencoded is expected");
    const auto fields = http::parse_query(in.bytes, 16);
    if (!fields) throw Refusal(problems::malformed, "The form is malformed").with("error", "invalid_request");
    const std::string* token = nullptr;
    for (const auto& field : *fields) {
        if (field.name != "token") continue;
        if (token != nullptr) throw Refusal(problems::malformed, "token is given twice").with("error", "invalid_request");
        token = &field.value;
    }
    if (token == nullptr || token->empty()) throw Refusal(problems::malformed, "token is missing").with("error", "invalid_request");
    return *token;
}

MadeApiKey make(Tx& tx, const Caller& caller, const NewApiKey& wanted, std::optional<ApiKeyId> in_place_of = {}) {
    const key_text::Fresh fresh = key_text::fresh(wanted.env.view());
    ApiKeyAtDoor row;
    static_cast<NewApiKey&>(row) = wanted;
    row.id = tx.new_id<ApiKeyId>();
    row.public_id = fresh.public_id;
    row.hash = key_text::hash_of(fresh.text.reveal());
    row.created_by = caller.subject;
    row.created_at = row.updated_at = tx.now();
    row.rotated_from = in_place_of;
    MadeApiKey made;
    static_cast<ApiKey&>(made) = tx.one(insert_api_key, row);
    tx.exec(list_in_directory, made.id, made.public_id);
    made.key = fresh.text.reveal();
    return made;
}

} // namespace

Created<MadeApiKey> create(Tx& tx, Caller caller, Body<NewApiKey> in) {
    const auto project = tx.maybe(get_project, in->project_id);
    const auto role = project ? tx.maybe(role_of, project->organization_id, caller.subject) : std::nullopt;
    if (!role) throw Refusal(no_such_environment);
    check_right(*role, Right::develop);
    check_scopes(caller, in->scopes);
    if (project->state != ProjectState::active) throw Refusal(project_not_active);
    if (in->expires_at && *in->expires_at <= tx.now()) throw Refusal(already_expired);
    MadeApiKey made = make(tx, caller, *in);
    tx.emit(ApiKeyCreated{made.id, made.project_id, made.env});
    return made;
}

Page<ApiKey> list(Tx& tx, Caller caller, Params<ListApiKeys> query) { return tx.page(list_api_keys, *query, caller.subject); }
ApiKey get(Tx& tx, Caller caller, Path<"id", ApiKeyId> id) { return seen(tx, caller, *id, Right::see); }

ApiKey update(Tx& tx, Caller caller, Path<"id", ApiKeyId> id, Patch<ApiKeyEdit> patch, IfMatch expected) {
    ApiKey key = locked(tx, caller, *id, expected);
    const auto ended_before = key.expires_at;
    static_cast<ApiKeyEdit&>(key) = patch.apply(key);
    if (key.expires_at != ended_before) {
        if (key.expires_at && *key.expires_at <= tx.now()) throw Refusal(already_expired);
        check_scopes(caller, key.scopes); // good for longer is as good as made anew
    }
    key.updated_at = tx.now();
    return tx.one(save_api_key, key);
}

Created<MadeApiKey> rotate(Tx& tx, Caller caller, Path<"id", ApiKeyId> id, Body<RotateApiKey> in, IfMatch expected) {
    ApiKey old = locked(tx, caller, *id, expected);
    if (old.grace_until) throw Refusal(already_rotated);
    check_live(old, tx.now());
    check_scopes(caller, old.scopes);
    MadeApiKey made = make(tx, caller, old, old.id);
    old.grace_until = tx.now() + Duration::seconds(in->grace_seconds);
    old.updated_at = tx.now();
    tx.one(save_api_key, old);
    tx.emit(ApiKeyRotated{old.id, old.project_id, made.id, *old.grace_until});
    std::string location = "/api/v1/api-keys/" + made.id.to_string();
    return {std::move(made), std::move(location)};
}

NoContent revoke(Tx& tx, Caller caller, Path<"id", ApiKeyId> id, IfMatch expected) {
    end(tx, locked(tx, caller, *id, expected), caller.subject);
    return {};
}

Task<Verification> verify(Ctx& ctx, Caller caller, Body<VerifyApiKey> in, Given<KeyDoor> door) {
    const std::string text = in->key.str();
    Verification answer = co_await door->verify(ctx, caller, text);
    co_return answer;
}

Task<Introspection> introspect(Ctx& ctx, Caller caller, RawBody in, Given<KeyDoor> door) {
    const std::string text = token_of(in);
    const Verification answer = co_await door->verify(ctx, caller, text);
    co_return introspected(answer);
}

Task<GivenBack> give_back(Ctx& ctx, RawBody in, Given<KeyDoor> door) {
    const std::string text = token_of(in);
    const auto public_id = key_text::public_id_of(text);
    if (!public_id) co_return GivenBack{};
    const std::optional<ProjectId> home = co_await door->home_of(ctx, *public_id);
    if (home) {
        pg::Scope of_key = pg::Scope::project(*home, "api_key");
        co_await ctx.in_scope(std::move(of_key), end_if_it_is, *public_id, key_text::hash_of(text));
    }
    co_return GivenBack{};
}

} // namespace gravity::project::api_keys
