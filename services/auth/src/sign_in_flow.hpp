#pragma once

#include "sessions.hpp"
#include "visits.hpp"

#include <gravity/http/web.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// A sign-in at a client, step by step: what its pages and the flow API have in common, whatever somebody signs in with, and how it ends.
namespace gravity::issuer::authorization {

inline constexpr std::string_view form_type = "application/x-www-form-urlencoded";
inline constexpr std::string_view flow_gone = "This sign-in has ended. Please go back to where you came from, and begin again.";

struct OpenFlow {
    RunningFlow flow;
    Visit visit;
};
/// At its client, if that is there still.
Task<std::optional<OpenFlow>> open_flow(Ctx& ctx, std::optional<RunningFlow> flow);

using FlowStep = Task<Web> (*)(Ctx&, const oauth::Form&, const OpenFlow&);
/// What a page of ours sends, or asks for by its address: of a flow that this browser runs.
Task<Web> with_flow(Ctx& ctx, std::string text, FlowStep go_on);
Task<WebSeeOther> sent_on(Task<Web> answer);

/// Where a flow has come to.
struct Arrived {
    std::optional<std::string> back;   // the client's address, with a code or an error; absent: the person is asked what it may know
    std::vector<std::string> cookies;  // of the session that has begun, and of its browser
};
/// Where the request names somebody else (id_token_hint): back at the client, and signed in nowhere.
std::optional<Arrived> somebody_else(Ctx& ctx, const OpenFlow& open, IdentityId identity);
/// Signed in by these methods (RFC 8176).
Task<Arrived> arrived(Ctx& ctx, const OpenFlow& open, IdentityId identity, std::vector<std::string> amr);
/// The same by a page.
Web page_of(const Arrived& arrived, std::string_view flow_token);

/// Of what the client asks for, what this person can give: pages and consent are about that.
Task<void> keep_what_is_had(Ctx& ctx, const Visit& visit, IdentityId identity, AuthorizeRequest& request);
Task<bool> needs_consent(Ctx& ctx, const Visit& visit, IdentityId identity, const AuthorizeRequest& request);
/// Whether this session is of a sign-in as the request wants it: whoever had to sign in anew does not come round it by the address of the next page.
bool is_what_was_asked(const Session& session, const AuthorizeRequest& request);

/// What ends with the flow.
struct Ending {
    std::optional<Bytes> flow;
    bool consented = false;
};
/// The client's address with a code, or that of the page that posts it there.
Task<std::string> answered_by_code(Ctx& ctx, ProjectId project, Session session, AuthorizeRequest request, Ending ending);
/// Where a client's answer goes, and how.
struct WayBack {
    std::string redirect, state;
    bool form_post = false;
};
WayBack way_back_of(const AuthorizeRequest& request);
/// The same with an error.
std::string refusal(Ctx& ctx, const WayBack& way, const AuthorizeError& error);

} // namespace gravity::issuer::authorization
