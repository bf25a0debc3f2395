#pragma once

#include "profile_schemas_model.hpp"

#include <gravity/pg/tx.hpp>

/// Statements of profile schemas, by name. Their text is in profile_schemas_store.cpp and nowhere else.
namespace gravity::user {

extern const Sql<ProfileSchema(PageQuery)> list_profile_schemas;
extern const Sql<ProfileSchema(Slug)> get_profile_schema;
/// For whoever changes it: nobody writes what it is about meanwhile.
extern const Sql<ProfileSchema(Slug)> lock_profile_schema;
/// Those of these names, as they stay until the transaction ends.
extern const Sql<ProfileSchema(std::vector<std::string>)> hold_profile_schemas;
extern const Sql<ProfileSchema()> all_profile_schemas;
/// Nothing where there is one of the name, or as many as there may be.
extern const Sql<ProfileSchema(ProfileSchema, int)> insert_profile_schema;
extern const Sql<ProfileSchema(ProfileSchema)> save_profile_schema;
extern const Sql<void(Slug)> delete_profile_schema;

/// Who has fields of the schema, by id, behind one of them.
extern const Sql<CustomOfUser(Slug, std::optional<UserId>, int)> users_with_custom;

} // namespace gravity::user
