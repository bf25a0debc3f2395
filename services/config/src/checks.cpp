#include "checks.hpp"

#include "json_schema.hpp"
#include "problems.hpp"
#include "references.hpp"
#include "schemas_store.hpp"
#include "secrets.hpp"

#include <algorithm>
#include <stdexcept>

namespace gravity::config {
namespace {

struct ReadSchema {
    const ConfigSchema* row;
    JsonSchema schema;
};

std::vector<ReadSchema> read_all(const std::vector<ConfigSchema>& rows) {
    std::vector<ReadSchema> schemas;
    for (const ConfigSchema& row : rows) {
        meta::Errors errors;
        schemas.push_back({&row, JsonSchema::parse(row.schema, errors)});
        if (!errors.empty()) throw std::runtime_error("schema " + row.id.to_string() + " is not readable: " + errors.to_string());
    }
    return schemas;
}

bool is_about(const ConfigSchema& schema, const Layer& heir) {
    const bool of_all = schema.application.view() == shared_application;
    return (of_all || schema.application.view() == heir.application) && (!schema.profile || schema.profile->view() == heir.profile);
}

/// The schemas that settings of this heir have to hold.
std::vector<const ReadSchema*> schemas_about(const std::vector<ReadSchema>& schemas, const LabelSettings& label, const Layer& heir) {
    std::vector<const ReadSchema*> about;
    if (!label.lives_in(heir)) return about;
    for (const ReadSchema& one : schemas)
        if (is_about(*one.row, heir)) about.push_back(&one);
    return about;
}

bool any_reference(const LabelSettings& label) {
    return std::any_of(label.sets.begin(), label.sets.end(), [](const auto& entry) {
        return std::any_of(entry.second.begin(), entry.second.end(), [](const auto& item) { return has_reference(item.second); });
    });
}

ConfigName name_of(const std::string& text) { return ConfigName::parse(text).or_throw(); }

/// Refused before anybody has to look at them all.
std::vector<CheckFault> faults_of_number(const Relations& relations, const std::vector<Layer>& heirs) {
    std::vector<CheckFault> faults;
    std::string_view looked_at;
    for (const Layer& heir : heirs) {
        if (heir.application == looked_at || faults.size() >= most_check_faults) continue;
        looked_at = heir.application;
        if (relations.others_of(heir.application).size() <= most_others) continue;
        std::string detail = "refers to more than " + std::to_string(most_others) + " other applications";
        faults.push_back({CheckKind::reference, name_of(heir.application), name_of(heir.profile), {}, std::move(detail), std::nullopt});
    }
    return faults;
}

} // namespace

std::vector<CheckFault> faults_of(const LabelSettings& label, const std::vector<Layer>& heirs, const std::vector<ConfigSchema>& rows) {
    const std::vector<ReadSchema> schemas = read_all(rows);
    const bool references = any_reference(label);
    std::vector<CheckFault> faults;
    if (references) faults = faults_of_number(Relations(label), heirs);
    if (!faults.empty()) return faults;
    SchemaBudget budget;
    for (const Layer& heir : heirs) {
        const auto about = schemas_about(schemas, label, heir);
        if (about.empty() && !references) continue;
        // Of a secret, that it is there is all that counts.
        const Resolved resolved = resolve(mask(label.in_force(heir)), others_in(label, {heir.profile}, mask));
        for (const ReferenceFault& fault : resolved.faults)
            faults.push_back({CheckKind::reference, name_of(heir.application), name_of(heir.profile), fault.key, fault.detail, std::nullopt});
        const Json document = about.empty() ? Json() : to_tree(resolved.items);
        for (const ReadSchema* one : about)
            for (SchemaFault& fault : one->schema.check(document, budget))
                faults.push_back({CheckKind::schema, name_of(heir.application), name_of(heir.profile), std::move(fault.key), std::move(fault.detail),
                                  one->row->id});
        if (faults.size() >= most_check_faults) {
            faults.resize(most_check_faults);
            break;
        }
    }
    return faults;
}

std::vector<CheckFault> faults_with(Tx& tx, const ConfigSet& set, const Items& items) {
    const auto schemas = tx.all(schemas_of_label, set.label);
    const std::string_view whose = referred_applications(items).empty() ? set.application.view() : shared_application;
    const auto on = [&](RollingSide side) {
        const LabelSettings label = with_items(read_label(tx, set.label, whose, side), set, items);
        return faults_of(label, label.affected_by(set.application.view(), set.profile.view()), schemas);
    };
    auto faults = on(RollingSide::general);
    return faults.empty() && rolls(tx, set.label) ? on(RollingSide::candidate) : faults;
}

void refuse_faults(const std::vector<CheckFault>& faults) {
    if (faults.empty()) return;
    const bool references = std::any_of(faults.begin(), faults.end(), [](const CheckFault& fault) { return fault.check == CheckKind::reference; });
    std::vector<Refusal::Fault> shown;
    for (const CheckFault& fault : faults)
        shown.push_back({fault.key.empty() ? "/items" : pointer_to_item(fault.key),
                         fault.application.str() + " in " + fault.profile.str() + ": " + fault.detail});
    throw Refusal(references ? unresolved_reference : schema_violation).with_faults(std::move(shown));
}

} // namespace gravity::config
