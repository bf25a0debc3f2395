#include "client_failures.hpp"

#include "client_login.hpp"
#include "failures.hpp"

#include <gravity/async/coroutine.hpp>

#include <optional>
#include <string_view>

namespace gravity::issuer {
namespace {

// Whoever it says that it is.
std::optional<ClientId> client_in(const Ctx& ctx, const RawBody& body) {
    try {
        const oauth::Form form = oauth::Form::parse(body.content_type, body.bytes);
        return client_proof(ctx.request().headers, form).client;
    } catch (const oauth::Refused&) { // which is what was refused
        return std::nullopt;
    }
}

// A device that asks again, a client that is told a nonce: it goes on.
bool goes_on(std::string_view code) { return code == "authorization_pending" || code == "slow_down" || code == "use_dpop_nonce"; }

Web away_for_client(Ctx& ctx, const Refusal& refusal) {
    if (refusal.problem().status != oauth::temporarily_unavailable.status) throw refusal;
    Web web = oauth::error_answer(oauth::Refused(oauth::temporarily_unavailable, std::string(refusal.problem().title)), trace_of(ctx));
    for (const auto& header : refusal.headers()) web.headers.push_back(header);
    return web;
}

Web refused_client(Ctx& ctx, const RawBody& body, const oauth::Refused& refused) {
    Web web = oauth::error_answer(refused, trace_of(ctx));
    if (goes_on(refused.code().name)) return web;
    FailedCheck check{std::string(refused.code().name), refused.why().empty() ? refused.description() : refused.why(), client_in(ctx, body), {}};
    std::optional<ProjectId> project;
    if (check.client_id) project = ctx.get<ClientLogin>().known_project(*check.client_id);
    ctx.get<Failures>().note(ctx, project, std::move(check));
    return web;
}

} // namespace

Task<Web> told_client(Ctx& ctx, RawBody body, Task<Web> (*endpoint)(Ctx&, const oauth::Form&)) {
    std::optional<oauth::Refused> refused;
    std::optional<Refusal> away;
    try {
        const oauth::Form form = oauth::Form::parse(body.content_type, body.bytes);
        Web web = co_await endpoint(ctx, form);
        co_return web;
    } catch (const oauth::Refused& error) {
        refused = error;
    } catch (const Refusal& refusal) {
        away = refusal;
    }
    if (away) co_return away_for_client(ctx, *away);
    co_return refused_client(ctx, body, *refused);
}

} // namespace gravity::issuer
