#pragma once

#include "heirs.hpp"
#include "schemas_model.hpp"

/// What is to hold of settings before they are in force.
namespace gravity::config {

enum class CheckKind {
    reference, // one that names no key, or one that refers back to it
    schema
};
BOOST_DESCRIBE_ENUM(CheckKind, reference, schema)

/// What would be wrong for an application in a profile.
struct CheckFault {
    CheckKind check{};
    ConfigName application;
    ConfigName profile;
    std::string key;
    std::string detail;
    std::optional<ConfigSchemaId> schema;
};
BOOST_DESCRIBE_STRUCT(CheckFault, (), (check, application, profile, key, detail, schema))

inline constexpr std::size_t most_check_faults = 50;

/// What is wrong for these heirs, as far as there is room for it.
std::vector<CheckFault> faults_of(const LabelSettings& label, const std::vector<Layer>& heirs, const std::vector<ConfigSchema>& schemas);

/// What would be, with these items in the set.
std::vector<CheckFault> faults_with(Tx& tx, const ConfigSet& set, const Items& items);

/// Refuses what is wrong, with a pointer to each key for each application and profile.
void refuse_faults(const std::vector<CheckFault>& faults);

} // namespace gravity::config

GRAVITY_TABLES(config, CheckKind, CheckFault)
