#include "clients_api.hpp"

#include "changes.hpp"
#include "clients_domain.hpp"
#include "clients_store.hpp"
#include "opaque.hpp"
#include "problems.hpp"
#include "tokens_domain.hpp"

#include <gravity/http/problem.hpp>
#include <gravity/log/log.hpp>
#include <gravity/meta/errors.hpp>

namespace gravity::issuer::clients {
namespace {

MadeClientSecret add_secret(Tx& tx, const ClientId& client, const NewClientSecret& wanted) {
    if (wanted.expires_at && *wanted.expires_at <= tx.now()) throw Refusal(already_expired);
    const Secret<> text = fresh_opaque(client_secret_prefix);
    ClientSecret row;
    static_cast<NewClientSecret&>(row) = wanted;
    row.id = tx.new_id<ClientSecretId>();
    row.client_id = client;
    row.created_at = tx.now();
    MadeClientSecret made;
    static_cast<ClientSecret&>(made) = tx.one(insert_client_secret, row, opaque_hash(text.reveal()));
    made.client_secret = text.reveal();
    changes(tx, Changing::clients);
    tx.after_commit([client = client.to_string(), id = made.id.to_string()] { log::info("client secret made", {{"client", client}, {"secret", id}}); });
    return made;
}

// Whoever gives a client what it proves itself by could be the client: they must be allowed all that it is.
void check_may_be(Tx& tx, const Caller& caller, const ClientId& client) {
    for (const std::string& scope : scopes_of(tx.one(client_at_door, client, tx.now())))
        if (!caller.may(scope)) throw Refusal(scope_not_yours, "You lack the scope " + scope + ", which the client has");
}

} // namespace

MadeClient make(Tx& tx, const Caller& by, const NewClient& wanted) {
    check_scopes(by, wanted.scopes);
    Client row;
    static_cast<NewClient&>(row) = wanted;
    row.id = tx.new_id<ClientId>();
    row.created_at = row.updated_at = tx.now();
    MadeClient made;
    static_cast<Client&>(made) = tx.one(insert_client, row);
    tx.exec(list_in_directory, made.id);
    if (made.token_endpoint_auth_method == ClientAuth::client_secret) made.client_secret = add_secret(tx, made.id, {}).client_secret;
    tx.after_commit([client = made.id.to_string(), by = by.subject] { log::info("client registered", {{"client", client}, {"by", by}}); });
    return made;
}

Created<MadeClient> create(Tx& tx, Caller caller, Body<NewClient> in) { return make(tx, caller, *in); }

Page<Client> list(Tx& tx, Params<ListClients> query) { return tx.page(list_clients, *query); }
Client get(Tx& tx, Path<"id", ClientId> id) { return tx.one(get_client, *id); }

Client update(Tx& tx, Caller caller, Path<"id", ClientId> id, Patch<ClientEdit> patch, IfMatch expected) {
    Client client = expected.check(tx.one(lock_client, *id));
    const ClientEdit before = client;
    static_cast<ClientEdit&>(client) = patch.apply(client);
    meta::Errors errors;
    check(client, errors);
    if (!errors.empty()) throw http::refusal_of(errors);
    check_scopes(caller, client.scopes, before.scopes);
    if (client.jwks != before.jwks) check_may_be(tx, caller, client.id);
    client.updated_at = tx.now();
    changes(tx, Changing::clients);
    return tx.one(save_client, client);
}

NoContent remove(Tx& tx, Path<"id", ClientId> id, IfMatch expected) {
    expected.check(tx.one(lock_client, *id));
    tx.exec(delete_client, *id);
    changes(tx, Changing::clients);
    return {};
}

Created<MadeClientSecret> create_secret(Tx& tx, Caller caller, Path<"id", ClientId> id, Body<NewClientSecret> in) {
    const Client client = tx.one(lock_client, *id);
    if (client.token_endpoint_auth_method != ClientAuth::client_secret) throw Refusal(no_secrets);
    check_may_be(tx, caller, client.id);
    return add_secret(tx, client.id, *in);
}

ClientSecrets list_secrets(Tx& tx, Path<"id", ClientId> id) {
    const Client client = tx.one(get_client, *id);
    return {tx.all(list_client_secrets, client.id)};
}

NoContent remove_secret(Tx& tx, Path<"id", ClientId> id, Path<"secret_id", ClientSecretId> secret) {
    if (tx.exec(delete_client_secret, *id, *secret) == 0) throw Refusal(problems::not_found);
    changes(tx, Changing::clients);
    return {};
}

} // namespace gravity::issuer::clients
