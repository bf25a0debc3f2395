#pragma once

#include "external_ids_model.hpp"

#include <gravity/pg/tx.hpp>

/// Statements of what directories call people and groups, by name. Their text is in external_ids_store.cpp and nowhere else.
namespace gravity::user {

extern const Sql<KnownUser(ScimClientId, std::vector<UserId>)> user_external_ids;
extern const Sql<KnownGroup(ScimClientId, std::vector<GroupId>)> group_external_ids;
extern const Sql<UserExternalId(PageQuery, UserId)> list_user_external_ids;

/// Nothing is touched where it is so already.
extern const Sql<void(ScimClientId, UserId, ExternalId)> set_user_external_id;
extern const Sql<void(ScimClientId, GroupId, ExternalId)> set_group_external_id;
extern const Sql<void(ScimClientId, UserId)> unset_user_external_id;
extern const Sql<void(ScimClientId, GroupId)> unset_group_external_id;
/// Those of the project become the client's too.
extern const Sql<void(ScimClientId)> adopt_user_external_ids;
extern const Sql<void(ScimClientId)> adopt_group_external_ids;

/// Of somebody who is erased.
extern const Sql<void(UserId)> forget_external_ids;
extern const Sql<Json(UserId)> export_external_ids;

} // namespace gravity::user
