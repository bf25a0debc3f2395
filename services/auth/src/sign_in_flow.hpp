#pragma once

#include "networks.hpp"
#include "sessions.hpp"
#include "visits.hpp"

#include <gravity/http/web.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// A sign-in at a client, step by step: what its pages have in common, whatever somebody signs in with, and how it ends.
namespace gravity::issuer::authorization {

inline constexpr std::string_view form_type = "application/x-www-form-urlencoded";
inline constexpr std::string_view flow_gone = "This sign-in has ended. Please go back to where you came from, and begin again.";

struct OpenFlow {
    RunningFlow flow;
    Visit visit;
};
using FlowStep = Task<Web> (*)(Ctx&, const oauth::Form&, const OpenFlow&);
/// What a page of ours sends, or asks for by its address: of a flow that this browser runs.
Task<Web> with_flow(Ctx& ctx, std::string text, FlowStep go_on);
Task<WebSeeOther> sent_on(Task<Web> answer);

/// Signed in by these methods (RFC 8176): to the client, or to the question what it may know.
Task<Web> went_on(Ctx& ctx, const oauth::Form& form, const OpenFlow& open, IdentityId identity, std::vector<std::string> amr);

/// Of what the client asks for, what this person can give: pages and consent are about that.
Task<void> keep_what_is_had(Ctx& ctx, const Visit& visit, IdentityId identity, AuthorizeRequest& request);
Task<bool> needs_consent(Ctx& ctx, const Visit& visit, IdentityId identity, const AuthorizeRequest& request);

/// What ends with the flow.
struct Ending {
    std::optional<Bytes> flow;
    bool consented = false;
};
/// To the client, with a code.
Task<Web> answered_by_code(Ctx& ctx, ProjectId project, Session session, AuthorizeRequest request, Ending ending);
/// To the client, with an error.
Web refusal(Ctx& ctx, std::string_view redirect, std::string_view state, const AuthorizeError& error);

/// Of who is at the page.
IpAddress address_of(const Ctx& ctx);

} // namespace gravity::issuer::authorization
