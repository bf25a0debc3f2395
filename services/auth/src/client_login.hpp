#pragma once

#include "changes.hpp"
#include "client_proof.hpp"
#include "config.hpp"
#include "reads.hpp"

#include <gravity/http/ctx.hpp>

#include <memory>
#include <unordered_map>

/// Who a client is, once it has proven it.
namespace gravity::issuer {

struct KnownClient {
    ClientAtDoor client;
    ProjectId project;
};

/// What the client asks for is done among its project's rows, in its name.
pg::Scope scope_of(const KnownClient& known);

/// Throws oauth::Refused unless the client may get tokens this way.
void check_grant(const ClientAtDoor& client, GrantType grant);

/// Throws oauth::Refused for a public client: whoever knows its id may say that they are it.
void check_confidential(const ClientAtDoor& client);

/// I/O thread only. What it reads with outlives it.
class ClientLogin {
public:
    ClientLogin(const Reads& reads, Changes& changes, const Settings& settings);

    /// The client as it is remembered, which is not copied for each request. Throws oauth::Refused where the proof is missing or wrong, or the client disabled;
    /// Refusal where the store is away.
    Task<std::shared_ptr<const KnownClient>> authenticate(Ctx& ctx, const oauth::Form& form);
    /// Nothing for an id that no client has.
    Task<std::optional<ProjectId>> project_of(Ctx& ctx, ClientId client);

    /// The same without a look into the store: nothing either for a client that nobody has asked for here yet.
    std::optional<ProjectId> known_project(ClientId client) const;

private:
    /// As it is now. Throws oauth::Refused where there is no such client.
    Task<std::shared_ptr<const KnownClient>> at_door(Ctx& ctx, ClientId id);
    Task<void> use(Ctx& ctx, const KnownClient& known, const Assertion& assertion);

    const Reads& reads_;
    Changes& changes_;
    Remembered<ClientId, std::shared_ptr<const KnownClient>, Moment> clients_;
    std::vector<std::string> audiences_; // that an assertion may be for
    std::unordered_map<ClientId, ProjectId> projects_; // a client never moves; only those that exist, so nobody can fill it by guessing
};

} // namespace gravity::issuer
