#include "sessions.hpp"

#include "cookies.hpp"
#include "opaque.hpp"
#include "reads.hpp"
#include "sign_in_store.hpp"

#include <gravity/async/coroutine.hpp>
#include <gravity/base/clock.hpp>
#include <gravity/base/encoding.hpp>
#include <gravity/json/codec.hpp>

namespace gravity::issuer {
namespace {

constexpr std::string_view flow_prefix = "glf_", session_prefix = "gss_", browser_prefix = "gbr_";
constexpr std::size_t project_digits = 32, secret_digits = 64;
const Duration flow_life = Duration::minutes(15);
const Duration code_patience = Duration::minutes(5); // between password and code

void store_session(Tx& tx, Session session, Bytes hash, std::optional<SessionId> before) {
    if (before) end_session_of(tx, *before);
    tx.exec(insert_session, session, hash);
    tx.emit(SessionStarted{session.id, session.identity_id, session.amr});
}

void store_flow(Tx& tx, Bytes hash, Bytes binding, ClientId client, Json request) {
    tx.exec(insert_flow, hash, binding, client, request, tx.now() + flow_life);
}

// One for all flows of a browser, so that two tabs do not hinder one another.
std::optional<std::string> browser_cookie(Ctx& ctx) {
    auto cookie = cookies::read(ctx.request(), ctx.get<Settings>(), cookies::browser);
    if (!cookie || !cookie->starts_with(browser_prefix) || cookie->size() != browser_prefix.size() + secret_digits) return std::nullopt;
    return cookie;
}

} // namespace

Secret<> fresh_project_secret(std::string_view prefix, ProjectId project) {
    const auto& bytes = project.uuid().bytes();
    return fresh_opaque(std::string(prefix) + hex_encode({reinterpret_cast<const char*>(bytes.data()), bytes.size()}));
}

std::optional<ProjectSecret> project_secret(std::string_view prefix, std::string_view text) {
    if (!text.starts_with(prefix) || text.size() != prefix.size() + project_digits + secret_digits) return std::nullopt;
    std::string uuid(text.substr(prefix.size(), project_digits));
    for (const std::size_t at : {20u, 16u, 12u, 8u}) uuid.insert(at, "-");
    const auto project = ProjectId::parse(uuid);
    if (!project) return std::nullopt;
    return ProjectSecret{*project, opaque_hash(text)};
}

Task<std::optional<SignedInBrowser>> session_of(Ctx& ctx) {
    std::optional<SignedInBrowser> browser;
    const auto cookie = cookies::read(ctx.request(), ctx.get<Settings>(), cookies::session);
    const auto secret = cookie ? project_secret(session_prefix, *cookie) : std::nullopt;
    if (!secret) co_return browser;
    std::function<void(Tx&)> work = [&](Tx& tx) {
        if (auto session = tx.maybe(live_session, secret->hash, now())) browser = SignedInBrowser{secret->project, *std::move(session)};
    };
    pg::Scope scope = pg::Scope::project(secret->project, "browser");
    co_await ctx.get<Reads>().run(ctx, std::move(scope), std::move(work));
    co_return browser;
}

Task<std::string> start_session(Ctx& ctx, ProjectId project, IdentityId identity, std::vector<std::string> amr, Session& started) {
    const auto before = co_await session_of(ctx);
    const Secret<> secret = fresh_project_secret(session_prefix, project);
    started.id = SessionId(Uuid::v7());
    started.identity_id = identity;
    started.amr = std::move(amr);
    started.auth_time = now();
    started.expires_at = now() + Duration::hours(ctx.get<Settings>().session_hours);
    std::optional<SessionId> ended = before && before->project == project ? std::optional(before->session.id) : std::nullopt;
    pg::Scope scope = pg::Scope::project(project, identity.to_string());
    co_await ctx.in_scope(std::move(scope), store_session, started, opaque_hash(secret.reveal()), ended);
    co_return cookies::set(ctx.get<Settings>(), cookies::session, secret.reveal());
}

void end_session_of(Tx& tx, SessionId id) {
    const auto ended = tx.maybe(end_session, id);
    if (!ended) return;
    tx.exec(revoke_families_of_session, id, tx.now());
    tx.emit(SessionEnded{ended->id, ended->identity_id});
}

void end_other_sessions(Tx& tx, IdentityId identity, std::optional<SessionId> stays) {
    for (const SessionId& id : tx.all(sessions_of, identity))
        if (!stays || id != *stays) end_session_of(tx, id);
    tx.exec(revoke_other_families, identity, stays, tx.now());
}

Task<BegunFlow> begin_flow(Ctx& ctx, ProjectId project, AuthorizeRequest request) {
    BegunFlow begun;
    const Secret<> token = fresh_project_secret(flow_prefix, project);
    auto binding = browser_cookie(ctx);
    if (!binding) {
        binding = fresh_opaque(browser_prefix).reveal();
        begun.cookie = cookies::set(ctx.get<Settings>(), cookies::browser, *binding);
    }
    begun.token = token.reveal();
    Json document = json::to_document(request);
    pg::Scope scope = pg::Scope::project(project, "browser");
    co_await ctx.in_scope(std::move(scope), store_flow, opaque_hash(begun.token), opaque_hash(*binding), request.client_id, std::move(document));
    co_return begun;
}

Task<std::optional<RunningFlow>> running_flow(Ctx& ctx, std::string_view token) {
    std::optional<RunningFlow> running;
    const auto secret = project_secret(flow_prefix, token);
    const auto binding = browser_cookie(ctx);
    if (!secret || !binding) co_return running;
    std::optional<LoginFlow> flow;
    const Bytes bound_to = opaque_hash(*binding);
    std::function<void(Tx&)> work = [&](Tx& tx) { flow = tx.maybe(get_flow, secret->hash, bound_to, now()); };
    pg::Scope scope = pg::Scope::project(secret->project, "browser");
    co_await ctx.get<Reads>().run(ctx, std::move(scope), std::move(work));
    if (!flow) co_return running;
    running = RunningFlow{secret->project, secret->hash, json::decode<AuthorizeRequest>(flow->request.dump()).or_throw(), std::nullopt};
    if (flow->identity_id && flow->first_at && now() - *flow->first_at <= code_patience) running->identity = flow->identity_id;
    co_return running;
}

} // namespace gravity::issuer
