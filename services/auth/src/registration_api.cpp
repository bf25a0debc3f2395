#include "registration_api.hpp"

#include "changes.hpp"
#include "client_login.hpp"
#include "client_proof.hpp"
#include "clients_api.hpp"
#include "clients_store.hpp"
#include "failures.hpp"
#include "oauth.hpp"
#include "opaque.hpp"
#include "registration_domain.hpp"
#include "registration_store.hpp"

#include <gravity/async/coroutine.hpp>
#include <gravity/auth/dpop.hpp>
#include <gravity/base/crypto.hpp>
#include <gravity/http/ctx.hpp>

#include <optional>

namespace gravity::issuer::registration {
namespace {

// RFC 7592 section 2: whatever is wrong, a client that is gone too.
Refusal not_let_in() { return Refusal(problems::unauthenticated).with_header("WWW-Authenticate", "Bearer error=\"invalid_token\""); }

// RFC 6750 section 3.1: without a word of errors where nothing came that could be wrong.
Refusal token_missing() { return Refusal(problems::unauthenticated).with_header("WWW-Authenticate", "Bearer realm=\"gravity\""); }

// Once its registration token opens it.
std::optional<Registered> open(Tx& tx, const ClientId& id, const Bytes& hash) {
    const auto registration = tx.maybe(get_registration, id);
    if (!registration || !constant_time_equal(registration->hash.view(), hash.view())) return std::nullopt;
    return Registered{tx.one(lock_client, id), registration->auth_method, registration->about};
}

struct Door {
    pg::Scope scope;
    Bytes hash; // of the token that was sent
};

Task<Door> door_of(Ctx& ctx, ClientId client) {
    const auto presented = auth::presented_token(ctx.request());
    if (ctx.request().headers.count("Authorization") == 0) throw token_missing();
    if (!presented || presented->by_dpop) throw not_let_in();
    Bytes hash = opaque_hash(presented->token);
    const auto project = co_await ctx.get<ClientLogin>().project_of(ctx, client);
    if (!project) throw not_let_in();
    Door door{pg::Scope::project(*project, client.to_string()), std::move(hash)};
    co_return door;
}

using Change = std::optional<Registered> (*)(Tx&, ClientId, Bytes, RawBody);

std::optional<Registered> look(Tx& tx, ClientId id, Bytes hash, RawBody) { return open(tx, id, hash); }

// RFC 7592 section 2.2: a client sends the one that it has, and chooses none.
void check_secret(Tx& tx, const ClientId& id, const Registration& wanted) {
    if (wanted.secret && !secret_matches(Secret<>(*wanted.secret), tx.one(client_at_door, id, tx.now()).secret_hashes))
        throw oauth::Refused(oauth::invalid_request, "client_secret must be the client's own");
}

// What cannot be kept throws oauth::Refused, and nothing has been changed.
std::optional<Registered> change(Tx& tx, ClientId id, Bytes hash, RawBody body) {
    auto opened = open(tx, id, hash);
    if (!opened) return opened;
    const Registration wanted = changed_registration(body.content_type, body.bytes, *opened);
    check_secret(tx, id, wanted);
    static_cast<NewClient&>(opened->client) = wanted.client;
    opened->client.updated_at = tx.now();
    opened->client = tx.one(save_client, opened->client);
    opened->auth_method = wanted.auth_method;
    opened->about = wanted.about;
    tx.exec(save_registration, id, wanted.auth_method, wanted.about);
    changes(tx, Changing::clients);
    return opened;
}

std::optional<Registered> take_away(Tx& tx, ClientId id, Bytes hash, RawBody) {
    auto opened = open(tx, id, hash);
    if (!opened) return opened;
    tx.exec(delete_client, id);
    changes(tx, Changing::clients);
    return opened;
}

Task<Registered> changed(Ctx& ctx, ClientId client, Change how, RawBody body) {
    Door door = co_await door_of(ctx, client);
    pg::Scope scope = std::move(door.scope);
    std::optional<Registered> opened = co_await ctx.in_scope(std::move(scope), how, client, door.hash, body);
    if (!opened) throw not_let_in();
    co_return *std::move(opened);
}

// The token is told again, as section 3 of RFC 7592 demands: whoever reads this has it.
Task<Web> answered(Ctx& ctx, ClientId client, Change how, RawBody body) {
    std::optional<oauth::Refused> refused;
    try {
        const Registered opened = co_await changed(ctx, client, how, std::move(body));
        Json document = registered(ctx.get<Settings>(), opened);
        document["registration_access_token"] = auth::presented_token(ctx.request())->token;
        co_return oauth::answer(document);
    } catch (const oauth::Refused& error) {
        refused = error;
    }
    FailedCheck check{std::string(refused->code().name), refused->description(), client, {}};
    ctx.get<Failures>().note(ctx, ctx.get<ClientLogin>().known_project(client), std::move(check));
    co_return oauth::error_answer(*refused, trace_of(ctx));
}

} // namespace

WebCreated register_client(Tx& tx, Caller caller, RawBody body, Given<Settings> settings) {
    std::optional<Registration> wanted;
    try {
        wanted = registration_of(body.content_type, body.bytes, caller);
    } catch (const oauth::Refused& refused) {
        return {oauth::error_answer(refused)};
    }
    const MadeClient made = clients::make(tx, caller, wanted->client);
    const Secret<> token = fresh_opaque(registration_token_prefix);
    tx.exec(insert_registration, made.id, opaque_hash(token.reveal()), wanted->auth_method, wanted->about);
    Json document = registered(*settings, {made, wanted->auth_method, wanted->about});
    document["registration_access_token"] = token.reveal();
    if (made.client_secret) {
        document["client_secret"] = *made.client_secret;
        document["client_secret_expires_at"] = 0; // it does not
    }
    Web web = oauth::answer(document);
    web.status = 201;
    return {std::move(web)};
}

Task<Web> read(Ctx& ctx, Path<"client_id", ClientId> client) { return answered(ctx, *client, look, {}); }
Task<Web> update(Ctx& ctx, Path<"client_id", ClientId> client, RawBody body) { return answered(ctx, *client, change, std::move(body)); }

Task<NoContent> remove(Ctx& ctx, Path<"client_id", ClientId> client) {
    RawBody none;
    co_await changed(ctx, *client, take_away, std::move(none));
    co_return NoContent{};
}

} // namespace gravity::issuer::registration
