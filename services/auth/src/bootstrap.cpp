#include "bootstrap.hpp"

#include "changes.hpp"
#include "clients_store.hpp"
#include "credentials_store.hpp"
#include "identities_store.hpp"
#include "login_names.hpp"
#include "opaque.hpp"
#include "passwords.hpp"
#include "roles_store.hpp"
#include "unicode.hpp"

#include <gravity/async/coroutine.hpp>
#include <gravity/async/sleep.hpp>
#include <gravity/base/encoding.hpp>
#include <gravity/log/log.hpp>

#include <algorithm>
#include <chrono>
#include <stdexcept>

namespace gravity::issuer {
namespace {

using namespace std::chrono_literals;

constexpr auto next_try = 1s;
constexpr std::size_t shortest_secret = 32; // characters: it is kept as a plain SHA-256, so nobody may be able to guess it

// One replica at a time: others find what the first has made.
const Sql<bool()> lock_bootstrap{"bootstrap.lock", "select pg_advisory_xact_lock(hashtextextended('gravity.auth.bootstrap', 0)) is not null"};

pg::Scope bootstrap_scope(const Settings& settings) { return pg::Scope::project(*settings.bootstrap_project, "bootstrap"); }

std::vector<LoginName> bootstrap_names(const Settings& settings) {
    return {LoginName{LoginKind::username, Text<1, 254>::parse(settings.bootstrap_username->view()).or_throw()}};
}

std::vector<ScopeName> listed_scopes(std::string_view text) {
    std::vector<ScopeName> scopes;
    while (!text.empty()) {
        const std::string_view word = text.substr(0, text.find(' '));
        text.remove_prefix(std::min(text.size(), word.size() + 1));
        if (word.empty()) continue;
        auto scope = ScopeName::parse(word);
        if (!scope) throw std::invalid_argument("AUTH_BOOTSTRAP_SCOPES has a scope that " + scope.why());
        scopes.push_back(*std::move(scope));
    }
    return scopes;
}

void check_client(const std::optional<ClientId>& id, const std::optional<Secret<>>& secret, const std::string& name) {
    if (id.has_value() != secret.has_value()) throw std::invalid_argument(name + "_ID and " + name + "_SECRET are set together or not at all");
    if (secret && secret->reveal().size() < shortest_secret) throw std::invalid_argument(name + "_SECRET must have at least 32 characters");
}

void check_bootstrap(const Settings& settings) {
    check_client(settings.bootstrap_client_id, settings.bootstrap_client_secret, "AUTH_BOOTSTRAP_CLIENT");
    check_client(settings.bootstrap_gateway_id, settings.bootstrap_gateway_secret, "AUTH_BOOTSTRAP_GATEWAY");
    check_client(settings.bootstrap_services_id, settings.bootstrap_services_secret, "AUTH_BOOTSTRAP_SERVICES");
    if (settings.bootstrap_client_id && settings.bootstrap_client_id == settings.bootstrap_gateway_id)
        throw std::invalid_argument("AUTH_BOOTSTRAP_CLIENT_ID and AUTH_BOOTSTRAP_GATEWAY_ID are two clients");
    if (settings.bootstrap_services_id &&
        (settings.bootstrap_services_id == settings.bootstrap_client_id || settings.bootstrap_services_id == settings.bootstrap_gateway_id))
        throw std::invalid_argument("AUTH_BOOTSTRAP_SERVICES_ID is a client of its own");
    if (bool(settings.bootstrap_username) != bool(settings.bootstrap_password))
        throw std::invalid_argument("AUTH_BOOTSTRAP_USERNAME and AUTH_BOOTSTRAP_PASSWORD are set together or not at all");
    if (!settings.bootstrap_client_id && !settings.bootstrap_username)
        throw std::invalid_argument("AUTH_BOOTSTRAP_PROJECT is set, but neither a client nor a user name to begin with");
    if (!settings.bootstrap_username) return;
    const auto canonical = canonical_name(LoginKind::username, settings.bootstrap_username->view());
    if (!canonical) throw std::invalid_argument("AUTH_BOOTSTRAP_USERNAME " + canonical.why());
    std::vector<std::string> own_words = words_of(bootstrap_names(settings));
    for (const std::string& word : settings.words()) own_words.push_back(word);
    const Secret<> normal(unicode::nfkc(settings.bootstrap_password->reveal()));
    if (const auto fault = password_fault(normal.reveal(), own_words))
        throw std::invalid_argument("AUTH_BOOTSTRAP_PASSWORD " + std::string(explained(*fault)));
}

RoleId ensure_role(Tx& tx, const std::vector<ScopeName>& scopes) {
    ListRoles by_name;
    by_name.name = RoleName::parse(administrator_role).or_throw();
    const auto found = tx.page(list_roles, by_name).items;
    RoleId id;
    if (found.empty()) {
        Role role;
        role.id = id = tx.new_id<RoleId>();
        role.name = *by_name.name;
        role.created_at = role.updated_at = tx.now();
        tx.exec(insert_role, role);
    } else {
        id = found.front().id;
    }
    tx.exec(keep_role_scopes, id, scopes);
    tx.exec(add_role_scopes, id, scopes);
    return id;
}

// One that an earlier release has made has fewer scopes. What somebody has given it besides stays.
void add_scopes(Tx& tx, const ClientId& id, const std::vector<ScopeName>& wanted) {
    Client client = tx.one(lock_client, id);
    const std::size_t before = client.scopes.size();
    for (const ScopeName& scope : wanted)
        if (std::find(client.scopes.begin(), client.scopes.end(), scope) == client.scopes.end()) client.scopes.push_back(scope);
    if (client.scopes.size() == before) return;
    client.updated_at = tx.now();
    tx.one(save_client, client);
    changes(tx, Changing::clients);
}

// The client with this secret and no other.
void ensure_client(Tx& tx, const ClientId& id, const Secret<>& secret, Client as) {
    const Bytes hash = opaque_hash(secret.reveal());
    const auto found = tx.maybe(client_at_door, id, tx.now());
    if (found) add_scopes(tx, id, as.scopes);
    if (found && found->secret_hashes == std::vector<std::string>{hex_encode(hash.view())}) return;
    if (!found) {
        as.id = id;
        as.created_at = as.updated_at = tx.now();
        tx.one(insert_client, as);
        tx.exec(list_in_directory, id);
        tx.after_commit([id = id.to_string()] { log::info("bootstrap client made", {{"client", id}}); });
    }
    for (const ClientSecret& before : tx.all(list_client_secrets, id)) tx.exec(delete_client_secret, id, before.id);
    ClientSecret row;
    row.id = tx.new_id<ClientSecretId>();
    row.client_id = id;
    row.created_at = tx.now();
    tx.one(insert_client_secret, row, hash);
    changes(tx, Changing::clients);
}

void ensure_clients(Tx& tx, const Settings& settings, const RoleId& role) {
    if (settings.bootstrap_client_id) {
        Client first;
        first.name = Text<1, 200>("Bootstrap");
        ensure_client(tx, *settings.bootstrap_client_id, *settings.bootstrap_client_secret, std::move(first));
        tx.exec(grant_to_client, role, *settings.bootstrap_client_id, tx.now());
    }
    if (settings.bootstrap_gateway_id) {
        Client gateway;
        gateway.name = Text<1, 200>("Gateway");
        gateway.grant_types = {GrantType::token_exchange};
        gateway.scopes = {ScopeName::parse("api-keys:verify").or_throw()}; // it says where a key was shown from
        ensure_client(tx, *settings.bootstrap_gateway_id, *settings.bootstrap_gateway_secret, std::move(gateway));
    }
    if (settings.bootstrap_services_id) {
        Client services;
        services.name = Text<1, 200>("Services");
        for (const char* scope : {"people:collect", "people:erase", "projects:purge"}) services.scopes.push_back(ScopeName::parse(scope).or_throw());
        ensure_client(tx, *settings.bootstrap_services_id, *settings.bootstrap_services_secret, std::move(services));
    }
}

std::optional<IdentityId> bootstrap_identity(Tx& tx, const Settings& settings) {
    const StoredName name = stored(bootstrap_names(settings)).front();
    const auto found = tx.maybe(password_at_door, name.kind, name.canonical);
    if (!found) return std::nullopt;
    return found->identity_id;
}

void ensure_identity(Tx& tx, const Settings& settings, const std::string& password_hash, const RoleId& role) {
    auto id = bootstrap_identity(tx, settings);
    if (!id) {
        if (password_hash.empty()) throw std::runtime_error("the identity was deleted meanwhile");
        id = tx.new_id<IdentityId>();
        tx.exec(insert_identity, *id, FirstState::active, tx.now());
        tx.exec(insert_login_names, *id, stored(bootstrap_names(settings)));
        const Credential password = tx.one(insert_password, fresh_password(tx, *id), password_hash);
        tx.emit(IdentityCreated{*id, IdentityState::active});
        tx.emit(CredentialAdded{password.id, password.identity_id, password.type});
        tx.after_commit([id = id->to_string()] { log::info("bootstrap identity made", {{"identity", id}}); });
    }
    tx.exec(grant_to_identity, role, *id, tx.now());
}

} // namespace

Bootstrap::Bootstrap(pg::Database& database, PasswordPool& passwords, const Settings& settings)
    : database_(database), passwords_(passwords), settings_(settings), scopes_(listed_scopes(settings.bootstrap_scopes)) {
    check_bootstrap(settings);
}

Task<bool> Bootstrap::person_is_missing() {
    if (!settings_.bootstrap_username) co_return false;
    bool missing = false;
    pg::Run read;
    read.scope = bootstrap_scope(settings_);
    read.read_only = true;
    read.deadline = std::chrono::steady_clock::now() + 5s;
    std::function<void(Tx&)> reading = [&](Tx& tx) { missing = !bootstrap_identity(tx, settings_); };
    co_await database_.run(std::move(read), std::move(reading));
    co_return missing;
}

// Hashed before there is a transaction, and only where it is needed.
Task<void> Bootstrap::establish() {
    const bool missing = co_await person_is_missing();
    std::string hash;
    if (missing) hash = co_await passwords_.hash(std::chrono::steady_clock::now() + 15s, *settings_.bootstrap_password);
    pg::Run write;
    write.scope = bootstrap_scope(settings_);
    write.deadline = std::chrono::steady_clock::now() + 15s;
    std::function<void(Tx&)> writing = [&](Tx& tx) {
        tx.one(lock_bootstrap);
        const RoleId role = ensure_role(tx, scopes_);
        ensure_clients(tx, settings_, role);
        if (settings_.bootstrap_username) ensure_identity(tx, settings_, hash, role);
    };
    co_await database_.run(std::move(write), std::move(writing));
}

Task<void> Bootstrap::run() {
    while (!reason_.empty()) {
        std::string reason;
        try {
            co_await establish();
        } catch (const Refusal& refusal) { // the store is away, or something else has the id
            reason = refusal.what();
        } catch (const std::runtime_error& error) {
            reason = error.what();
        }
        if (!reason.empty() && reason != reason_) log::warn("the bootstrap's client and identity are not there yet", {{"reason", reason}});
        reason_ = reason;
        if (!reason_.empty()) co_await sleep_for(next_try);
    }
}

Task<std::optional<std::string>> Bootstrap::probe() {
    std::optional<std::string> reason;
    if (!reason_.empty()) reason = reason_;
    co_return reason;
}

} // namespace gravity::issuer
