#include "grants_api.hpp"

#include "grants_store.hpp"
#include "person_of.hpp"
#include "problems.hpp"
#include "sessions.hpp"
#include "sign_in_store.hpp"
#include "trusted_devices_store.hpp"

namespace gravity::issuer::grants {
namespace {

bool administers(const Caller& caller) { return caller.may("clients:admin"); }

std::optional<Grant> found(Tx& tx, const Caller& caller, GrantId id) {
    FindGrants find;
    find.id = id;
    find.now = tx.now();
    if (!administers(caller)) {
        find.identity_id = person_of(caller);
        if (!find.identity_id) return std::nullopt;
    }
    auto page = tx.page(list_grants, find);
    if (page.items.empty()) return std::nullopt;
    return page.items.front();
}

Grant found_or_absent(Tx& tx, const Caller& caller, GrantId id) {
    auto grant = found(tx, caller, id);
    if (!grant) throw Refusal(problems::not_found);
    return *std::move(grant);
}

} // namespace

Page<Grant> list(Tx& tx, Caller caller, Params<ListGrants> query) {
    FindGrants find;
    static_cast<PageQuery&>(find) = *query;
    const auto own = person_of(caller);
    find.identity_id = query->identity_id ? query->identity_id : own;
    find.kind = query->kind;
    find.now = tx.now();
    find.none = !find.identity_id || (find.identity_id != own && !administers(caller));
    return tx.page(list_grants, find);
}

Grant get(Tx& tx, Caller caller, Path<"id", GrantId> id) { return found_or_absent(tx, caller, *id); }

NoContent remove(Tx& tx, Caller caller, Path<"id", GrantId> id) {
    const Grant grant = found_or_absent(tx, caller, *id);
    switch (grant.kind) {
    case GrantKind::session: end_session_of(tx, *grant.session_id); break;
    case GrantKind::consent: revoke_application(tx, grant.identity_id, *grant.client_id); break;
    case GrantKind::trusted_device: tx.exec(untrust_device, TrustedDeviceId(grant.id.uuid()), grant.identity_id); break;
    case GrantKind::refresh_tokens: tx.exec(revoke_family, FamilyId(grant.id.uuid()), tx.now()); break;
    }
    return {};
}

// But those of the session that the token comes of.
NoContent end_others(Tx& tx, Caller caller) {
    const auto own = person_of(caller);
    if (!own) throw Refusal(no_person);
    std::optional<SessionId> stays;
    if (const auto session = SessionId::parse(caller.session)) stays = *session;
    end_other_sessions(tx, *own, stays);
    return {};
}

} // namespace gravity::issuer::grants

namespace gravity::issuer {

// Codes and devices before the refresh tokens that come of them: whoever redeems one at this moment is waited for, and what they got ends too.
void revoke_application(Tx& tx, IdentityId identity, ClientId client) {
    tx.exec(delete_consent, identity, client);
    tx.exec(delete_codes_of_client, identity, client);
    tx.exec(delete_devices_of_client, identity, client);
    tx.exec(revoke_families_of_client, identity, client, tx.now());
    tx.emit(GrantRevoked{identity, client}, identity.to_string());
}

} // namespace gravity::issuer
