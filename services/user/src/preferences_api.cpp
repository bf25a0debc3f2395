#include "preferences_api.hpp"

#include "groups_store.hpp"
#include "preferences.hpp"
#include "preferences_store.hpp"
#include "problems.hpp"
#include "who.hpp"

namespace gravity::user::definitions {

Page<PreferenceDefinition> list(Tx& tx, Params<PageQuery> query) { return tx.page(list_definitions, *query); }

PreferenceDefinition get(Tx& tx, Path<"key", PreferenceKey> key) { return tx.one(get_definition, *key); }

PreferenceDefinition put(Tx& tx, Path<"key", PreferenceKey> key, Body<PreferenceDefinitionEdit> in, IfMatch expected) {
    check_definition(*in);
    PreferenceDefinition wanted;
    static_cast<PreferenceDefinitionEdit&>(wanted) = *in;
    wanted.key = *key;
    wanted.version = Version(1);
    wanted.created_at = wanted.updated_at = tx.now();
    auto before = tx.maybe(lock_definition, *key);
    if (!before) {
        expected.check_version(0);
        if (auto made = tx.maybe(insert_definition, wanted, most_definitions)) return *std::move(made); // nobody has set it yet
        before = tx.maybe(lock_definition, *key); // somebody else was quicker
        if (!before) throw Refusal(too_many_definitions);
    }
    expected.check(*before);
    if (json::encode(static_cast<const PreferenceDefinitionEdit&>(*before)) == json::encode(*in)) return *before;
    if (const auto broken = count_broken(tx, *key, wanted.json_schema); broken > 0)
        throw Refusal(breaks_values, std::to_string(broken) + " values are set that it would not let through").with("broken", broken);
    return tx.one(save_definition, wanted);
}

NoContent remove(Tx& tx, Path<"key", PreferenceKey> key, IfMatch expected) {
    expected.check(tx.one(lock_definition, *key));
    tx.exec(delete_definition, *key);
    return {};
}

} // namespace gravity::user::definitions

namespace gravity::user::preferences {
namespace {

// Who sets values waits for others who do: the row of the owner is what they wait for.
Preferences set_of_user(Tx& tx, const User& user, const Patch<LayerValues>& patch, Right right) {
    set_values(tx, PreferenceLayer::user, user.id.uuid(), patch, right);
    return in_force(tx, user.id);
}

} // namespace

Preferences get(Tx& tx, Path<"id", UserId> id) {
    return in_force(tx, find_person(tx, *id).user.id);
}

Preferences update(Tx& tx, Caller caller, Path<"id", UserId> id, Patch<LayerValues> patch) {
    return set_of_user(tx, lock_person(tx, *id), patch, right_of(caller));
}

Preferences get_own(Tx& tx, Caller caller) {
    return in_force(tx, find_me(tx, caller).id);
}

Preferences update_own(Tx& tx, Caller caller, Patch<LayerValues> patch) {
    return set_of_user(tx, lock_me(tx, caller), patch, Right::person);
}

LayerValues get_of_group(Tx& tx, Path<"id", GroupId> id) {
    tx.one(get_group, *id);
    return values_of(tx, PreferenceLayer::group, id->uuid());
}

LayerValues update_of_group(Tx& tx, Caller caller, Path<"id", GroupId> id, Patch<LayerValues> patch) {
    const Group group = tx.one(lock_group, *id);
    set_values(tx, PreferenceLayer::group, group.id.uuid(), patch, right_of(caller));
    return values_of(tx, PreferenceLayer::group, group.id.uuid());
}

LayerValues get_of_project(Tx& tx) { return values_of(tx, PreferenceLayer::project, tx.project().uuid()); }

LayerValues update_of_project(Tx& tx, Caller caller, Patch<LayerValues> patch) {
    set_values(tx, PreferenceLayer::project, tx.project().uuid(), patch, right_of(caller));
    return values_of(tx, PreferenceLayer::project, tx.project().uuid());
}

} // namespace gravity::user::preferences
