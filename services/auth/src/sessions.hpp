#pragma once

#include "config.hpp"
#include "sign_in_model.hpp"

#include <gravity/base/network.hpp>
#include <gravity/http/ctx.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// Browsers in which somebody is signed in, and requests that wait for that.
namespace gravity::issuer {

/// A secret that names its project, so that it is known whose rows to look at: "<prefix><32 hexadecimal digits of the project><64 of the secret>".
struct ProjectSecret {
    ProjectId project;
    Bytes hash;
};
Secret<> fresh_project_secret(std::string_view prefix, ProjectId project);
std::optional<ProjectSecret> project_secret(std::string_view prefix, std::string_view text);

struct SignedInBrowser {
    ProjectId project;
    Session session;
};
/// Whose session the request's cookie is of; nothing for none, one that has ended, and one of a person who may sign in no more.
Task<std::optional<SignedInBrowser>> session_of(Ctx& ctx);

/// Ends a session with the refresh tokens that came of it, but for those that were asked for to be used offline.
void end_session_of(Tx& tx, SessionId id);
/// All that the identity has but this one, and all refresh tokens that came of them, those to be used offline too.
void end_other_sessions(Tx& tx, IdentityId identity, std::optional<SessionId> stays);

struct RunningFlow {
    ProjectId project;
    Bytes hash;
    FlowId id;
    FlowKind kind{};
    bool headless = false;
    Timestamp expires_at;
    AuthorizeRequest request;
    std::optional<IdentityId> identity; // whose password was typed, a short while ago: the code of their app is yet to come
};

/// Starts a session, of a new id each time; the one that the browser had ends. Where there is no browser, none does, and there is no cookie. Throws
/// Refusal: the identity was disabled, or deleted, meanwhile (409).
struct StartedSession {
    Session session;
    std::vector<std::string> cookies; // of it, and of a browser that is trusted from now on
};
Task<StartedSession> start_session(Ctx& ctx, const RunningFlow& flow, IdentityId identity, std::vector<std::string> amr);
/// The token of a flow that begins, and the cookie to set for it.
struct BegunFlow {
    std::string token;
    std::optional<std::string> cookie;
    RunningFlow flow;
};
/// `headless`: bound to no browser. Throws Refusal: too many were begun (429), counted by network and by project.
struct FlowWanted {
    AuthorizeRequest request;
    FlowKind kind = FlowKind::sign_in;
    bool headless = false;
};
Task<BegunFlow> begin_flow(Ctx& ctx, ProjectId project, FlowWanted wanted);

/// Nothing for a flow that has ended, that is of another browser, or that never was.
Task<std::optional<RunningFlow>> running_flow(Ctx& ctx, std::string token);
/// The same for a page: nothing either for a flow that is bound to no browser.
Task<std::optional<RunningFlow>> running_in_browser(Ctx& ctx, std::string token);

/// Of who sends the request; `::` for all who come without an address, by a UNIX socket: they are counted as one.
IpAddress address_of(const Ctx& ctx);

} // namespace gravity::issuer
