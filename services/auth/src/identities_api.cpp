#include "identities_api.hpp"

#include "credentials_store.hpp"
#include "departures.hpp"
#include "identities_store.hpp"
#include "links_store.hpp"
#include "login_names.hpp"
#include "password_hash.hpp"
#include "problems.hpp"
#include "user_events_store.hpp"

#include <gravity/http/problem.hpp>
#include <gravity/meta/errors.hpp>

namespace gravity::issuer::identities {
namespace {

void check_hash(const std::string& hash) {
    const std::string fault = hash.size() <= 512 ? import_fault(hash) : "must have at most 512 characters";
    if (fault.empty()) return;
    meta::Errors errors;
    errors.reject("password_hash", fault);
    throw http::refusal_of(errors);
}

} // namespace

Created<Identity> create(Tx& tx, Body<NewIdentity> in) {
    const auto id = tx.new_id<IdentityId>();
    tx.exec(insert_identity, id, in->state, tx.now());
    tx.exec(insert_login_names, id, stored(in->login_names));
    Identity made = tx.one(get_identity, id);
    tx.emit(IdentityCreated{id, made.state});
    return made;
}

Page<Identity> list(Tx& tx, Params<ListIdentities> query) {
    FindIdentities find;
    static_cast<PageQuery&>(find) = *query;
    find.state = query->state;
    if (query->login_name) {
        auto name = sought(query->login_name->view());
        if (!name) return {};
        find.kind = name->kind;
        find.canonical = std::move(name->canonical);
    }
    return tx.page(list_identities, find);
}

Identity get(Tx& tx, Path<"id", IdentityId> id) { return tx.one(get_identity, *id); }

Identity update(Tx& tx, Path<"id", IdentityId> id, Patch<IdentityEdit> patch, IfMatch expected) {
    const Identity before = expected.check(tx.one(lock_identity, *id));
    const IdentityEdit after = patch.apply(before);
    tx.exec(delete_login_names, before.id);
    tx.exec(insert_login_names, before.id, stored(after.login_names));
    tx.exec(forget_confirmed, before.id);
    tx.exec(save_identity, before.id, before.state, tx.now());
    return tx.one(get_identity, before.id);
}

// Whoever was disabled by an event before is so by this now.
Identity disable(Tx& tx, Path<"id", IdentityId> id, IfMatch expected) {
    const Identity before = expected.check(tx.one(lock_identity, *id));
    disable_identity(tx, before);
    tx.exec(forget_state_before, before.id);
    return tx.one(get_identity, before.id);
}

Identity enable(Tx& tx, Path<"id", IdentityId> id, IfMatch expected) {
    const Identity before = expected.check(tx.one(lock_identity, *id));
    if (before.state == IdentityState::active) return before;
    tx.exec(save_identity, before.id, IdentityState::active, tx.now());
    return tx.one(get_identity, before.id);
}

// Names and credentials go with the row.
NoContent remove(Tx& tx, Path<"id", IdentityId> id, IfMatch expected) {
    const Identity identity = expected.check(tx.one(lock_identity, *id));
    erase_identity(tx, identity.id);
    return {};
}

Created<Credential> import(Tx& tx, Path<"id", IdentityId> id, Body<ImportedPassword> in) {
    check_hash(in->password_hash.reveal());
    const Identity identity = tx.one(lock_identity, *id);
    const Credential made = tx.one(insert_password, fresh_password(tx, identity.id), in->password_hash.reveal());
    tx.emit(CredentialAdded{made.id, made.identity_id, made.type});
    return {made, "/api/v1/credentials/" + made.id.to_string()};
}

} // namespace gravity::issuer::identities
