#include "roles_api.hpp"

#include "changes.hpp"
#include "clients_domain.hpp"
#include "clients_store.hpp"
#include "identities_store.hpp"
#include "problems.hpp"
#include "roles_store.hpp"

#include <gravity/http/problem.hpp>
#include <gravity/log/log.hpp>
#include <gravity/meta/errors.hpp>

#include <algorithm>

namespace gravity::issuer::roles {
namespace {

constexpr std::int64_t most_roles_of_one = 50;

bool among(const std::vector<RoleId>& roles, const RoleId& role) { return std::find(roles.begin(), roles.end(), role) != roles.end(); }

void check_known(Tx& tx, const std::vector<RoleId>& parents) {
    const auto unknown = tx.all(unknown_roles, parents);
    meta::Errors errors;
    {
        const meta::Errors::Step field(errors, "parents");
        for (std::size_t i = 0; i < parents.size(); ++i) {
            const meta::Errors::Step item(errors, i);
            if (among(unknown, parents[i])) errors.reject("", "does not exist");
        }
    }
    if (!errors.empty()) throw http::refusal_of(errors);
}

// What a role is given its members get, by inheritance too: who gives it must have all of that.
void give(Tx& tx, const Caller& caller, const Role& role, const RoleEdit& before) {
    check_scopes(caller, role.scopes, before.scopes);
    std::vector<RoleId> fresh;
    for (const RoleId& parent : role.parents)
        if (!among(before.parents, parent)) fresh.push_back(parent);
    check_known(tx, fresh);
    check_scopes(caller, tx.all(reach_of_roles, fresh));
    tx.exec(keep_role_scopes, role.id, role.scopes);
    tx.exec(add_role_scopes, role.id, role.scopes);
    tx.exec(keep_role_parents, role.id, role.parents);
    tx.exec(add_role_parents, role.id, fresh);
    changes(tx, Changing::clients); // those that have it, or one that inherits from it
}

void tell(Tx& tx, std::string what, const RoleId& role, const MemberId& member, const Caller& by) {
    changes(tx, Changing::clients);
    tx.after_commit([what = std::move(what), role = role.to_string(), member = member.to_string(), by = by.subject] {
        log::info(what, {{"role", role}, {"member", member}, {"by", by}});
    });
}

} // namespace

Created<Role> create(Tx& tx, Caller caller, Body<RoleEdit> in) {
    Role role;
    static_cast<RoleEdit&>(role) = *in;
    role.id = tx.new_id<RoleId>();
    role.created_at = role.updated_at = tx.now();
    tx.exec(insert_role, role);
    give(tx, caller, role, {});
    return tx.one(get_role, role.id);
}

Page<Role> list(Tx& tx, Params<ListRoles> query) { return tx.page(list_roles, *query); }
Role get(Tx& tx, Path<"id", RoleId> id) { return tx.one(get_role, *id); }

Role update(Tx& tx, Caller caller, Path<"id", RoleId> id, Patch<RoleEdit> patch, IfMatch expected) {
    const Role before = expected.check(tx.one(lock_role, *id));
    Role role = before;
    static_cast<RoleEdit&>(role) = patch.apply(before);
    role.updated_at = tx.now();
    tx.exec(save_role, role);
    give(tx, caller, role, before);
    return tx.one(get_role, *id);
}

NoContent remove(Tx& tx, Path<"id", RoleId> id, IfMatch expected) {
    expected.check(tx.one(lock_role, *id));
    tx.exec(delete_role, *id);
    changes(tx, Changing::clients);
    return {};
}

Page<RoleMember> list_members(Tx& tx, Path<"id", RoleId> id, Params<PageQuery> page) {
    tx.one(get_role, *id); // 404 rather than an empty list
    return tx.page(list_role_members, *page, *id);
}

NoContent add_member(Tx& tx, Caller caller, Path<"id", RoleId> id, Path<"member", MemberId> member) {
    const Role role = tx.one(get_role, *id);
    const ClientId client(member->uuid());
    const bool to_client = tx.maybe(lock_client, client).has_value(); // locked: of those who grant at once, each counts what the other gave
    const IdentityId identity(member->uuid());
    if (!to_client) tx.one(lock_identity, identity);
    check_scopes(caller, tx.all(reach_of_roles, std::vector<RoleId>{role.id}));
    const auto granted = to_client ? tx.exec(grant_to_client, role.id, client, tx.now()) : tx.exec(grant_to_identity, role.id, identity, tx.now());
    if (granted == 0) return {};
    if (tx.one(count_roles_of, *member) > most_roles_of_one) throw Refusal(too_many_roles);
    tell(tx, "role granted", role.id, *member, caller);
    return {};
}

NoContent remove_member(Tx& tx, Caller caller, Path<"id", RoleId> id, Path<"member", MemberId> member) {
    if (tx.exec(take_role, *id, *member) == 0) throw Refusal(problems::not_found);
    tell(tx, "role taken away", *id, *member, caller);
    return {};
}

} // namespace gravity::issuer::roles
