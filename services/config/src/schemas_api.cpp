#include "schemas_api.hpp"

#include "audit.hpp"
#include "audit_details.hpp"
#include "checks.hpp"
#include "json_schema.hpp"
#include "problems.hpp"
#include "releases_store.hpp"
#include "schemas_store.hpp"

#include <gravity/json/codec.hpp>

namespace gravity::config::schemas {
namespace {

constexpr int most_schemas_of_a_project = 100;

void check_readable(const Json& schema) {
    meta::Errors errors;
    const meta::Errors::Step at(errors, "schema");
    JsonSchema::parse(schema, errors);
    if (errors.empty()) return;
    std::vector<Refusal::Fault> faults;
    for (const auto& item : errors.items()) faults.push_back({item.pointer, item.detail});
    throw Refusal(problems::invalid).with_faults(std::move(faults));
}

/// What is in force holds it already, and nobody publishes meanwhile: so whatever is refused later is refused for what it brings.
void check_in_force(Tx& tx, const ConfigSchema& schema) {
    tx.one(hold_publications);
    const std::vector<LabelName> labels = schema.label ? std::vector<LabelName>{*schema.label} : tx.all(all_labels);
    const std::string_view profile = schema.profile ? schema.profile->view() : default_profile;
    for (const LabelName& name : labels) {
        for (const RollingSide side : {RollingSide::general, RollingSide::candidate}) {
            if (side == RollingSide::candidate && !rolls(tx, name)) continue;
            const LabelSettings label = read_label(tx, name, schema.application.view(), side);
            std::vector<CheckFault> faults = faults_of(label, label.heirs_of(schema.application.view(), profile), {schema});
            std::erase_if(faults, [](const CheckFault& fault) { return fault.check != CheckKind::schema; });
            refuse_faults(faults);
        }
    }
}

void record_schema(Tx& tx, const Actor& by, std::string_view action, const ConfigSchema& schema, Json details) {
    record(tx, by, {.action = action, .target = schema.id.to_string(), .details = std::move(details)});
}

/// Whose settings it is about, and the document: as it was, where it is gone.
Json whose(const ConfigSchema& schema) {
    Json details = json::to_document<NewConfigSchema>(schema);
    details["schema"] = brief(schema.schema);
    return details;
}

} // namespace

Created<ConfigSchema> create(Tx& tx, Actor by, Body<NewConfigSchema> in) {
    check_readable(in->schema);
    ConfigSchema schema;
    static_cast<NewConfigSchema&>(schema) = *in;
    schema.id = tx.new_id<ConfigSchemaId>();
    schema.version = Version(1);
    schema.created_by = by.subject;
    schema.created_at = schema.updated_at = tx.now();
    check_in_force(tx, schema);
    auto made = tx.maybe(insert_schema, schema, most_schemas_of_a_project);
    if (!made) throw Refusal(too_many_schemas, "There may be " + std::to_string(most_schemas_of_a_project));
    record_schema(tx, by, "schema.created", *made, whose(*made));
    return *std::move(made);
}

Page<ConfigSchema> list(Tx& tx, Params<ListConfigSchemas> query) { return tx.page(list_schemas, *query); }
ConfigSchema get(Tx& tx, Path<"id", ConfigSchemaId> id) { return tx.one(get_schema, *id); }

ConfigSchema update(Tx& tx, Actor by, Path<"id", ConfigSchemaId> id, Patch<ConfigSchemaEdit> patch, IfMatch expected) {
    ConfigSchema schema = expected.check(tx.one(lock_schema, *id));
    const Json before = json::to_document<ConfigSchemaEdit>(schema);
    static_cast<ConfigSchemaEdit&>(schema) = patch.apply(schema);
    schema.updated_at = tx.now();
    check_readable(schema.schema);
    check_in_force(tx, schema);
    record_schema(tx, by, "schema.changed", schema, changed_fields(before, json::to_document<ConfigSchemaEdit>(schema)));
    return tx.one(save_schema, schema);
}

NoContent remove(Tx& tx, Actor by, Path<"id", ConfigSchemaId> id, IfMatch expected) {
    const ConfigSchema schema = expected.check(tx.one(lock_schema, *id));
    tx.exec(delete_schema, *id);
    record_schema(tx, by, "schema.deleted", schema, whose(schema));
    return {};
}

} // namespace gravity::config::schemas
