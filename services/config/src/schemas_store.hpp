#pragma once

#include "schemas_model.hpp"

#include <gravity/pg/tx.hpp>

/// Statements of schemas, by name. Their text is in schemas_store.cpp and nowhere else.
namespace gravity::config {

/// Nothing where the project has as many as it may.
extern const Sql<ConfigSchema(ConfigSchema, int)> insert_schema;
extern const Sql<ConfigSchema(ConfigSchema)> save_schema;
extern const Sql<ConfigSchema(ConfigSchemaId)> get_schema, lock_schema;
extern const Sql<ConfigSchema(ListConfigSchemas)> list_schemas;
/// Those that are about settings under a label.
extern const Sql<ConfigSchema(LabelName)> schemas_of_label;
extern const Sql<void(ConfigSchemaId)> delete_schema;
/// The labels of the project.
extern const Sql<LabelName()> all_labels;

} // namespace gravity::config
