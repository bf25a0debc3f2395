#pragma once

#include "config.hpp"
#include "sign_in_model.hpp"

#include <gravity/http/ctx.hpp>

#include <optional>
#include <string>
#include <string_view>

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

/// Starts a session, of a new id each time; the one that the browser had ends. The value of its cookie.
Task<std::string> start_session(Ctx& ctx, ProjectId project, IdentityId identity, std::vector<std::string> amr, Session& started);
/// Ends a session with the refresh tokens that came of it, but for those that were asked for to be used offline.
void end_session_of(Tx& tx, SessionId id);
/// All that the identity has but this one, and all refresh tokens that came of them, those to be used offline too.
void end_other_sessions(Tx& tx, IdentityId identity, std::optional<SessionId> stays);

/// The token of a flow that begins, and the cookies to set for it.
struct BegunFlow {
    std::string token;
    std::optional<std::string> cookie;
};
Task<BegunFlow> begin_flow(Ctx& ctx, ProjectId project, AuthorizeRequest request);

struct RunningFlow {
    ProjectId project;
    Bytes hash;
    AuthorizeRequest request;
    std::optional<IdentityId> identity; // whose password was typed, a short while ago: the code of their app is yet to come
};
/// Nothing for a flow that has ended, that is of another browser, or that never was.
Task<std::optional<RunningFlow>> running_flow(Ctx& ctx, std::string_view token);

} // namespace gravity::issuer
