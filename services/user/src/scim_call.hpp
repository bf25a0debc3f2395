#pragma once

#include "external_ids_model.hpp"
#include "scim_clients_seen.hpp"
#include "scim_error.hpp"
#include "sign_in_time.hpp"

#include <gravity/handlers.hpp>
#include <gravity/http/message.hpp>
#include <gravity/http/web.hpp>

#include <optional>
#include <string>
#include <vector>

/// A request of SCIM as its transaction sees it, and how it is answered.
namespace gravity::user::scim {

struct Call {
    Caller caller;
    std::string id; // of the path
    std::optional<std::vector<http::QueryParameter>> query; // nothing: it is malformed
    std::string body;
    std::string content_type, content_coding;
    IfMatch expected; // of the request's own field
    std::string base; // of locations
    ScimMode mode = ScimMode::strict;
    OnDelete on_delete = OnDelete::deactivate;
    Directory directory;              // whose external ids are seen, filtered by and written
    SeenClients* clients = nullptr;   // for who looks
    const Settings* settings = nullptr;
    SignInTime signed_in;             // of the person, where that matters
};

inline constexpr std::string_view media_type = "application/scim+json";

Web answer(int status, const Json& document);
/// A parameter of the query; empty if it is left out. Throws Refused for a query that is malformed.
std::string parameter(const Call& call, std::string_view name);
/// The same, where it matters whether it is there.
std::optional<std::string> maybe_parameter(const Call& call, std::string_view name);
/// The body of a request that has one: `application/scim+json` or `application/json`, not compressed.
Json document_of(const Call& call);

using Work = Web (*)(Tx&, Call);
/// A call of the request under way, yet without what is of its own.
Call call_of(Ctx& ctx);
/// Runs `work` in a transaction, as the client that asks for it; what it refuses, and what the platform does, is answered as an error of SCIM.
Task<Web> perform(Ctx& ctx, Work work, Call call);
/// The same of what only looks: without a transaction (reads.hpp).
Task<Web> answered(Ctx& ctx, Work work, std::string id, RawBody body);
Task<Web> changed(Ctx& ctx, Work work, std::string id, RawBody body);
/// The same of what describes the service to whoever asks: it takes no database.
Task<Web> described(Ctx& ctx, Work work, std::string id);
Web error_answer(const Refused& refused);

} // namespace gravity::user::scim
