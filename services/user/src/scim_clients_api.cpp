#include "scim_clients_api.hpp"

#include "external_ids_store.hpp"
#include "problems.hpp"
#include "scim_clients_store.hpp"

namespace gravity::user::scim_clients {
namespace {

void forget_seen(Tx& tx, const Given<SeenClients>& seen) {
    tx.after_commit([clients = &*seen] { clients->forget(); });
}

} // namespace

Page<ScimClient> list(Tx& tx, Params<PageQuery> query) { return tx.page(list_scim_clients, *query); }

Created<ScimClient> create(Tx& tx, Body<NewScimClient> in, Given<SeenClients> seen) {
    forget_seen(tx, seen);
    ScimClient client;
    static_cast<ScimClientEdit&>(client) = *in;
    client.id = tx.new_id<ScimClientId>();
    client.created_at = client.updated_at = tx.now();
    auto made = tx.maybe(insert_scim_client, client, most_scim_clients);
    if (!made) throw Refusal(too_many_scim_clients);
    if (in->adopt_external_ids) {
        tx.exec(adopt_user_external_ids, made->id);
        tx.exec(adopt_group_external_ids, made->id);
    }
    return *std::move(made);
}

ScimClient get(Tx& tx, Path<"id", ScimClientId> id) { return tx.one(get_scim_client, *id); }

ScimClient update(Tx& tx, Path<"id", ScimClientId> id, Patch<ScimClientEdit> patch, IfMatch expected, Given<SeenClients> seen) {
    forget_seen(tx, seen);
    ScimClient client = expected.check(tx.one(lock_scim_client, *id));
    const ScimClientEdit wanted = patch.apply(client);
    if (json::encode(static_cast<const ScimClientEdit&>(client)) == json::encode(wanted)) return client;
    static_cast<ScimClientEdit&>(client) = wanted;
    client.updated_at = tx.now();
    return tx.one(save_scim_client, client);
}

NoContent remove(Tx& tx, Path<"id", ScimClientId> id, IfMatch expected, Given<SeenClients> seen) {
    forget_seen(tx, seen);
    expected.check(tx.one(lock_scim_client, *id));
    tx.exec(delete_scim_client, *id);
    return {};
}

} // namespace gravity::user::scim_clients
