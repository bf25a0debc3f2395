#include "profile_schemas_api.hpp"

#include "custom_fields.hpp"
#include "json_schema.hpp"
#include "problems.hpp"
#include "profile_schemas_store.hpp"

#include <gravity/meta/refuse.hpp>

namespace gravity::user::profile_schemas {
namespace {

void check_schema(const Json& schema) {
    meta::Errors errors;
    const meta::Errors::Step at(errors, "schema");
    JsonSchema::parse(schema, errors);
    refuse_if_any(errors);
}

Refusal breaks(std::int64_t offenders) {
    return Refusal(breaks_profiles, std::to_string(offenders) + " people have fields that it would not let through").with("offenders", offenders);
}

} // namespace

Page<ProfileSchema> list(Tx& tx, Params<PageQuery> query) { return tx.page(list_profile_schemas, *query); }

ProfileSchema get(Tx& tx, Path<"name", Slug> name) { return tx.one(get_profile_schema, *name); }

ProfileSchema put(Tx& tx, Path<"name", Slug> name, Body<ProfileSchemaEdit> in, IfMatch expected) {
    check_schema(in->schema);
    ProfileSchema wanted;
    wanted.name = *name;
    wanted.schema = in->schema;
    wanted.version = Version(1);
    wanted.created_at = wanted.updated_at = tx.now();
    auto before = tx.maybe(lock_profile_schema, *name);
    if (!before) {
        expected.check_version(0);
        if (auto made = tx.maybe(insert_profile_schema, wanted, most_profile_schemas)) return *std::move(made); // nobody has fields of it yet
        before = tx.maybe(lock_profile_schema, *name); // somebody else was quicker
        if (!before) throw Refusal(too_many_schemas);
    }
    expected.check(*before);
    if (before->schema == wanted.schema) return *before;
    if (const auto offenders = count_offenders(tx, *name, wanted.schema); offenders > 0) throw breaks(offenders);
    return tx.one(save_profile_schema, wanted);
}

NoContent remove(Tx& tx, Path<"name", Slug> name, IfMatch expected) {
    expected.check(tx.one(lock_profile_schema, *name));
    // What nothing lets through: whoever has any field of it.
    const Json nothing = Json::object({{"enum", Json::array({Json()})}});
    if (const auto offenders = count_offenders(tx, *name, nothing); offenders > 0) throw breaks(offenders);
    tx.exec(delete_profile_schema, *name);
    return {};
}

} // namespace gravity::user::profile_schemas
