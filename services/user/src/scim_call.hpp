#pragma once

#include "scim_clients_model.hpp"
#include "scim_error.hpp"

#include <gravity/handlers.hpp>
#include <gravity/http/web.hpp>

/// A request of SCIM as its transaction sees it, and how it is answered.
namespace gravity::user::scim {

struct Call {
    Caller caller;
    std::string id; // of the path
    std::string query;
    std::string body;
    std::string content_type;
    IfMatch expected;
    std::string base; // of locations
    ScimMode mode = ScimMode::strict;
    OnDelete on_delete = OnDelete::deactivate;
};

inline constexpr std::string_view media_type = "application/scim+json";

Web answer(int status, const Json& document);
/// A parameter of the query; empty if it is left out. Throws Refused for a query that is malformed.
std::string parameter(const Call& call, std::string_view name);
/// The same, where it matters whether it is there.
std::optional<std::string> maybe_parameter(const Call& call, std::string_view name);
/// The body of a request that has one: `application/scim+json` or `application/json`.
Json document_of(const Call& call);

using Work = Web (*)(Tx&, Call);
/// A call of the request under way, yet without what is of its own.
Call call_of(Ctx& ctx);
/// Runs `work` in a transaction; what it refuses, and what the platform does, is answered as an error of SCIM.
Task<Web> perform(Ctx& ctx, Work work, Call call);
/// The same of what changes something, in the mode of the client that asks for it.
Task<Web> perform_change(Ctx& ctx, Work work, Call call);
Task<Web> answered(Ctx& ctx, Work work, std::string id, RawBody body);
Task<Web> changed(Ctx& ctx, Work work, std::string id, RawBody body, IfMatch expected);
Web error_answer(const Refused& refused);

} // namespace gravity::user::scim
