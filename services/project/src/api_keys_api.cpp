#include "api_keys_api.hpp"

#include "access.hpp"
#include "api_keys.hpp"
#include "api_keys_domain.hpp"
#include "api_keys_store.hpp"
#include "audit.hpp"
#include "key_text.hpp"
#include "known_keys.hpp"
#include "problems.hpp"
#include "project_members_store.hpp"
#include "projects_store.hpp"

#include <gravity/async/coroutine.hpp>
#include <gravity/base/ascii.hpp>
#include <gravity/http/message.hpp>
#include <gravity/log/log.hpp>

namespace gravity::project::api_keys {
namespace {

ApiKey seen(Tx& tx, const Caller& caller, const ApiKeyId& id, Right right) {
    ApiKey key = tx.one(get_api_key, id);
    check_access(tx, caller, key.project_id, right);
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

void end_if_it_is(Tx& tx, const std::string& public_id, const Bytes& hash, const Actor& holder) {
    const auto found = tx.maybe(api_key_at_door, public_id);
    if (is_key(found ? &*found : nullptr, hash)) end_api_key(tx, tx.one(lock_api_key, found->id), holder);
}

/// A form as RFC 7662 section 2.1 and RFC 7009 section 2.1 have it; a hint of what the token may be (`token_type_hint`) tells nothing here.
struct TokenForm {
    std::string token;
    std::optional<Network> network; // beyond the standard, which lets a server take further parameters
};

Refusal bad_form(std::string why) { return Refusal(problems::malformed, std::move(why)).with("error", "invalid_request"); }

std::optional<std::string> only(const std::vector<http::QueryParameter>& fields, std::string_view name) {
    std::optional<std::string> value;
    for (const auto& field : fields) {
        if (field.name != name) continue;
        if (value) throw bad_form(std::string(name) + " is given twice");
        value = field.value;
    }
    return value;
}

TokenForm form_of(const RawBody& in) {
    if (!ascii::iequals(ascii::trim(std::string_view(in.content_type).substr(0, in.content_type.find(';'))), "application/x-www-form-urlencoded"))
        throw Refusal(problems::unsupported_media_type, "application/x-www-form-urlencoded is expected");
    const auto fields = http::parse_query(in.bytes, 16);
    if (!fields) throw bad_form("The form is malformed");
    auto token = only(*fields, "token");
    const auto network = only(*fields, "network");
    if (!token || token->empty()) throw bad_form("token is missing");
    TokenForm form{*std::move(token), {}};
    if (!network) return form;
    const auto parsed = Network::parse(*network);
    if (!parsed) throw bad_form("network " + parsed.why());
    form.network = *parsed;
    return form;
}

} // namespace

Created<MadeApiKey> create(Tx& tx, Actor caller, Body<NewApiKey> in) {
    const auto project = tx.maybe(get_project, in->project_id);
    const auto role = project ? tx.maybe(role_in_project, project->id, caller.subject) : std::nullopt;
    if (!role) throw Refusal(no_such_environment);
    check_right(*role, Right::develop);
    check_scopes(caller, in->scopes);
    if (project->state != ProjectState::active) throw Refusal(project_not_active);
    if (in->expires_at && *in->expires_at <= tx.now()) throw Refusal(already_expired);
    MadeApiKey made = make_api_key(tx, caller, *in);
    tx.emit(ApiKeyCreated{made.id, made.project_id, made.env});
    record_of_key(tx, caller, "api_key.created", made, json::to_document(*in));
    return made;
}

Page<ApiKey> list(Tx& tx, Caller caller, Params<ListApiKeys> query) { return tx.page(list_api_keys, *query, caller.subject); }
ApiKey get(Tx& tx, Caller caller, Path<"id", ApiKeyId> id) { return seen(tx, caller, *id, Right::see); }

ApiKey update(Tx& tx, Actor caller, Path<"id", ApiKeyId> id, Patch<ApiKeyEdit> patch, IfMatch expected) {
    ApiKey key = locked(tx, caller, *id, expected);
    const ApiKeyEdit before = key;
    static_cast<ApiKeyEdit&>(key) = patch.apply(key);
    const bool other_end = key.expires_at != before.expires_at;
    if (other_end && key.expires_at && *key.expires_at <= tx.now()) throw Refusal(already_expired);
    // Good for longer, from elsewhere or more often is as good as made anew.
    if (other_end || key.cidrs != before.cidrs || key.uses_left != before.uses_left) {
        check_scopes(caller, key.scopes);
        tx.emit(ApiKeyChanged{key.id, key.project_id, key.env});
    }
    key.updated_at = tx.now();
    forget_known_keys(tx);
    record_of_key(tx, caller, "api_key.changed", key, patch.document());
    return tx.one(save_api_key, key);
}

Created<MadeApiKey> rotate(Tx& tx, Actor caller, Path<"id", ApiKeyId> id, Body<RotateApiKey> in, IfMatch expected) {
    ApiKey old = locked(tx, caller, *id, expected);
    if (old.grace_until) throw Refusal(already_rotated);
    check_live(old, tx.now());
    if (old.uses_left && in->grace_seconds > 0) throw Refusal(uses_counted); // both would have them all
    check_scopes(caller, old.scopes);
    MadeApiKey made = make_api_key(tx, caller, old, old.id);
    if (old.uses_left) old.uses_left = 0; // they went with it: whoever began to use the old key before, and is counted after, finds none
    old.grace_until = tx.now() + Duration::seconds(in->grace_seconds);
    old.updated_at = tx.now();
    tx.one(save_api_key, old);
    forget_known_keys(tx);
    tx.emit(ApiKeyRotated{old.id, old.project_id, made.id, *old.grace_until});
    record_of_key(tx, caller, "api_key.rotated", old, Json::object({{"successor", made.id.to_string()}, {"grace_until", old.grace_until->to_string()}}));
    std::string location = "/api/v1/api-keys/" + made.id.to_string();
    return {std::move(made), std::move(location)};
}

NoContent revoke(Tx& tx, Actor caller, Path<"id", ApiKeyId> id, IfMatch expected) {
    end_api_key(tx, locked(tx, caller, *id, expected), caller);
    return {};
}

Task<Verification> verify(Ctx& ctx, Body<VerifyApiKey> in, Given<KeyDoor> door) {
    const Caller& caller = *ctx.caller(); // there is one, for the route asks for a scope
    const std::string text = in->key.str();
    const std::optional<Network> network = in->network;
    Verification answer = co_await door->verify(ctx, caller, text, network);
    co_return answer;
}

Task<IntrospectionText> introspect(Ctx& ctx, RawBody in, Given<KeyDoor> door) {
    const Caller& caller = *ctx.caller();
    const TokenForm form = form_of(in);
    std::string text = co_await door->introspect(ctx, caller, form.token, form.network);
    co_return IntrospectionText{std::move(text)};
}

Task<GivenBack> give_back(Ctx& ctx, RawBody in, Given<KeyDoor> door, Given<TrustedProxies> proxies) {
    const std::string text = form_of(in).token;
    const auto public_id = key_text::public_id_of(text);
    if (!public_id) co_return GivenBack{};
    const std::optional<ProjectId> home = co_await door->home_of(ctx, *public_id);
    if (home) {
        pg::Scope of_key = pg::Scope::project(*home, "api_key");
        const Actor holder = nobody(ctx.request(), *proxies);
        co_await ctx.in_scope(std::move(of_key), end_if_it_is, *public_id, key_text::hash_of(text), holder);
    }
    co_return GivenBack{};
}

} // namespace gravity::project::api_keys
