#include "client_login.hpp"

#include "client_keys.hpp"
#include "clients_store.hpp"

#include <gravity/async/coroutine.hpp>
#include <gravity/base/clock.hpp>

#include <algorithm>

namespace gravity::issuer {
namespace {

constexpr std::size_t most_remembered = 10'000;

oauth::Refused unknown_client(std::string_view why) {
    return oauth::Refused(oauth::invalid_client, "The client could not be authenticated").because(why);
}

bool note_assertion(Tx& tx, ClientId client, Assertion assertion) {
    return tx.exec(use_assertion, client, assertion.jti, Timestamp::from_unix_seconds(assertion.expires_at)) == 1;
}

} // namespace

pg::Scope scope_of(const KnownClient& known) { return pg::Scope::project(known.project, known.client.id.to_string()); }

void check_grant(const ClientAtDoor& client, GrantType grant) {
    if (std::find(client.grant_types.begin(), client.grant_types.end(), grant) == client.grant_types.end())
        throw oauth::Refused(oauth::unauthorized_client, "The client may not use this grant");
}

ClientLogin::ClientLogin(const Reads& reads, Changes& changes, const Settings& settings)
    : reads_(reads),
      changes_(changes),
      audiences_{settings.public_url.str(), settings.at("/oauth2/token"), settings.at("/oauth2/introspect"), settings.at("/oauth2/revoke"),
                 settings.at("/oauth2/par"), settings.at("/oauth2/device_authorization")} {}

void check_confidential(const ClientAtDoor& client) {
    if (client.token_endpoint_auth_method == ClientAuth::none)
        throw oauth::Refused(oauth::unauthorized_client, "A client that proves nothing may not do this");
}

Task<std::optional<ProjectId>> ClientLogin::project_of(Ctx& ctx, ClientId client) {
    if (const auto known = projects_.find(client); known != projects_.end()) co_return known->second;
    std::optional<ProjectId> project;
    std::function<void(Tx&)> work = [&](Tx& tx) { project = tx.maybe(find_in_directory, client); };
    pg::Scope scope = pg::Scope::system("client look-up");
    co_await reads_.run(ctx, std::move(scope), std::move(work));
    if (project) {
        if (projects_.size() >= most_remembered) projects_.clear();
        projects_.emplace(client, *project);
    }
    co_return project;
}

std::optional<ProjectId> ClientLogin::known_project(ClientId client) const {
    const auto known = projects_.find(client);
    return known == projects_.end() ? std::nullopt : std::optional(known->second);
}

// The primary key decides: of two requests with one assertion, one has it.
Task<void> ClientLogin::use(Ctx& ctx, const KnownClient& known, const Assertion& assertion) {
    pg::Scope scope = pg::Scope::project(known.project, known.client.id.to_string());
    const ClientId client = known.client.id;
    const bool first = co_await ctx.in_scope(std::move(scope), note_assertion, client, assertion);
    if (!first) throw unknown_client("the assertion was used before");
}

// The moment is that before it was read: what changes meanwhile is another.
Task<std::shared_ptr<const KnownClient>> ClientLogin::at_door(Ctx& ctx, ClientId id) {
    const auto moment = changes_.now(Changing::clients);
    if (const auto* const remembered = moment ? clients_.find(id, *moment) : nullptr) {
        const auto& until = (*remembered)->client.same_until;
        if (!until || now() < *until) co_return *remembered;
    }
    const auto project = co_await project_of(ctx, id);
    if (!project) throw unknown_client("there is no such client");
    std::optional<ClientAtDoor> found;
    std::function<void(Tx&)> work = [&](Tx& tx) { found = tx.maybe(client_at_door, id, now()); };
    pg::Scope scope = pg::Scope::project(*project, id.to_string());
    co_await reads_.run(ctx, std::move(scope), std::move(work));
    if (!found) throw unknown_client("there is no such client");
    auto known = std::make_shared<const KnownClient>(KnownClient{*std::move(found), *project});
    if (moment) clients_.put(id, known, *moment);
    co_return known;
}

Task<std::shared_ptr<const KnownClient>> ClientLogin::authenticate(Ctx& ctx, const oauth::Form& form) {
    const ClientProof proof = client_proof(ctx.request().headers, form);
    auto found = co_await at_door(ctx, proof.client);
    const KnownClient& known = *found;
    if (known.client.disabled) throw unknown_client("it is disabled");
    if (known.client.token_endpoint_auth_method == ClientAuth::none) {
        if (proof.kind != ClientProof::Kind::none) throw unknown_client("it has no secret, and came with one");
        co_return found;
    }
    if (known.client.token_endpoint_auth_method == ClientAuth::client_secret) {
        if (proof.kind != ClientProof::Kind::secret) throw unknown_client("it did not come with a secret");
        const auto& live = known.client.secret_hashes;
        const bool as_sent = proof.as_sent.is_set() && secret_matches(proof.as_sent, live); // by Basic
        if (!secret_matches(proof.text, live) && !as_sent) throw unknown_client("the secret is none of its live ones");
        co_return found;
    }
    if (proof.kind != ClientProof::Kind::assertion) throw unknown_client("it did not come with an assertion");
    const auto keys = client_keys(*known.client.jwks);
    if (!keys) throw unknown_client("its keys cannot be read");
    const Assertion assertion = check_assertion(proof.text.reveal(), known.client.id, *keys, audiences_, now().unix_seconds());
    co_await use(ctx, known, assertion);
    co_return found;
}

} // namespace gravity::issuer
