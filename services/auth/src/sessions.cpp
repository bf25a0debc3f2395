#include "sessions.hpp"

#include "cookies.hpp"
#include "login_budgets.hpp"
#include "logout_tokens.hpp"
#include "opaque.hpp"
#include "problems.hpp"
#include "reads.hpp"
#include "regain.hpp"
#include "sign_in_store.hpp"
#include "trusted_devices.hpp"

#include <gravity/async/coroutine.hpp>
#include <gravity/base/clock.hpp>
#include <gravity/base/encoding.hpp>
#include <gravity/http/origin.hpp>
#include <gravity/json/codec.hpp>

namespace gravity::issuer {
namespace {

constexpr std::string_view flow_prefix = "glf_", session_prefix = "gss_", browser_prefix = "gbr_";
constexpr std::size_t project_digits = 32, secret_digits = 64;
const Duration flow_life = Duration::minutes(15);
const Duration code_patience = Duration::minutes(5); // between password and code

// The identity before its sessions, as whoever ends them does: who comes second finds that it may sign in no more, and leaves no session behind.
void store_session(Tx& tx, Session session, Bytes hash, std::optional<SessionId> before, std::optional<DeviceToTrust> device) {
    if (!tx.maybe(hold_active_identity, session.identity_id)) throw Refusal(problems::conflict);
    if (before) end_session_of(tx, *before);
    tx.exec(insert_session, session, hash);
    regain::cancel(tx, session.identity_id); // whoever can sign in has lost nothing
    if (device) trust(tx, *device);
    tx.emit(SessionStarted{session.id, session.identity_id, session.amr});
}

void store_flow(Tx& tx, LoginFlow flow, Bytes hash, Bytes binding) {
    if (tx.exec(insert_flow, flow, hash, binding) != 1) throw Refusal(problems::conflict);
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

Task<StartedSession> start_session(Ctx& ctx, const RunningFlow& flow, IdentityId identity, std::vector<std::string> amr) {
    std::optional<SignedInBrowser> before;
    if (!flow.headless) before = co_await session_of(ctx);
    const Secret<> secret = fresh_project_secret(session_prefix, flow.project);
    StartedSession started;
    started.session.id = SessionId(Uuid::v7());
    started.session.identity_id = identity;
    started.session.amr = std::move(amr);
    started.session.auth_time = now();
    started.session.expires_at = now() + Duration::hours(ctx.get<Settings>().session_hours);
    std::optional<SessionId> ended = before && before->project == flow.project ? std::optional(before->session.id) : std::nullopt;
    pg::Scope scope = pg::Scope::project(flow.project, identity.to_string());
    std::optional<DeviceToTrust> device;
    if (!flow.headless) device = device_to_trust(ctx, identity);
    if (!flow.headless) started.cookies.push_back(cookies::set(ctx.get<Settings>(), cookies::session, secret.reveal()));
    if (device) started.cookies.push_back(device->cookie);
    co_await ctx.in_scope(std::move(scope), store_session, started.session, opaque_hash(secret.reveal()), ended, std::move(device));
    co_return started;
}

void end_session_of(Tx& tx, SessionId id) {
    tell_clients(tx, id);
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

namespace {

RunningFlow running_of(ProjectId project, Bytes hash, const LoginFlow& row) {
    RunningFlow flow;
    flow.project = project;
    flow.hash = std::move(hash);
    flow.id = row.id;
    flow.kind = row.kind;
    flow.headless = row.headless;
    flow.expires_at = row.expires_at;
    flow.request = json::decode<AuthorizeRequest>(row.request.dump()).or_throw();
    if (row.identity_id && row.first_at && now() - *row.first_at <= code_patience) flow.identity = row.identity_id;
    return flow;
}

} // namespace

Task<BegunFlow> begin_flow(Ctx& ctx, ProjectId project, FlowWanted wanted) {
    BegunFlow begun;
    const Secret<> token = fresh_project_secret(flow_prefix, project);
    std::optional<std::string> binding;
    if (!wanted.headless) binding = browser_cookie(ctx);
    if (!wanted.headless && !binding) {
        binding = fresh_opaque(browser_prefix).reveal();
        begun.cookie = cookies::set(ctx.get<Settings>(), cookies::browser, *binding);
    }
    begun.token = token.reveal();
    LoginFlow flow;
    flow.id = FlowId(Uuid::v4()); // of people who are not known yet: an id that tells no time
    flow.kind = wanted.kind;
    flow.headless = wanted.headless;
    flow.client_id = wanted.request.client_id;
    flow.request = json::to_document(wanted.request);
    flow.begun_at = now();
    flow.expires_at = now() + flow_life;
    const Bytes hash = opaque_hash(begun.token);
    pg::Scope scope = pg::Scope::project(project, "browser");
    LoginBudgets& budgets = ctx.get<LoginBudgets>();
    LoginBudgets::Keys keys = budgets.keys_of_flows(project, address_of(ctx));
    std::optional<Bytes> shown;
    if (!wanted.headless) shown = device_of(ctx);
    const auto device = co_await trusted_for_anybody(ctx, scope, std::move(shown));
    if (device) keys = budgets.keys_of_flows_by(project, *device);
    co_await budgets.take(ctx, scope, std::move(keys));
    const Bytes bound_to = binding ? opaque_hash(*binding) : hash;
    co_await ctx.in_scope(std::move(scope), store_flow, flow, hash, bound_to);
    begun.flow = running_of(project, hash, flow);
    co_return begun;
}

Task<std::optional<RunningFlow>> running_flow(Ctx& ctx, std::string token) {
    std::optional<RunningFlow> found;
    const auto secret = project_secret(flow_prefix, token);
    if (!secret) co_return found;
    std::optional<Bytes> bound_to;
    if (const auto cookie = browser_cookie(ctx)) bound_to = opaque_hash(*cookie);
    std::optional<LoginFlow> flow;
    std::function<void(Tx&)> work = [&](Tx& tx) { flow = tx.maybe(get_flow, secret->hash, bound_to, now()); };
    pg::Scope scope = pg::Scope::project(secret->project, "browser");
    co_await ctx.get<Reads>().run(ctx, std::move(scope), std::move(work));
    if (flow) found = running_of(secret->project, secret->hash, *flow);
    co_return found;
}

Task<std::optional<RunningFlow>> running_in_browser(Ctx& ctx, std::string token) {
    auto flow = co_await running_flow(ctx, std::move(token));
    if (flow && flow->headless) flow.reset();
    co_return flow;
}

IpAddress address_of(const Ctx& ctx) { return ctx.get<http::TrustedProxies>().origin(ctx.request()).value_or(IpAddress("::")); }

} // namespace gravity::issuer
