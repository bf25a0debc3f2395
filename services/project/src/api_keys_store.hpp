#pragma once

#include "api_keys_model.hpp"
#include "leaks_model.hpp"

#include <gravity/pg/tx.hpp>

/// Statements of API keys, by name. Their text is in api_keys_store.cpp and nowhere else.
namespace gravity::project {

extern const Sql<ApiKey(ApiKeyAtDoor)> insert_api_key;
extern const Sql<void(ApiKeyId, std::string)> list_in_directory;
extern const Sql<ApiKey(ApiKey)> save_api_key;
extern const Sql<ApiKey(ApiKeyId)> get_api_key, lock_api_key;
/// Those of projects in which somebody has a say.
extern const Sql<ApiKey(ListApiKeys, std::string)> list_api_keys;
extern const Sql<bool(ProjectId, EnvironmentName, Timestamp)> has_live_key;
/// Those of a project that are good and that no other takes the place of, oldest first; so many at most.
extern const Sql<ApiKey(ProjectId, Timestamp, int)> live_keys;
/// The same of one environment.
extern const Sql<ApiKey(ProjectId, EnvironmentName, Timestamp, int)> live_keys_in;

/// Whose rows the key of a public id is among, whoever asks: under Scope::system.
extern const Sql<ProjectId(std::string)> find_in_directory;
/// The same of many.
extern const Sql<DirectoryEntry(std::vector<std::string>)> find_all_in_directory;
extern const Sql<ApiKeyAtDoor(std::string)> api_key_at_door;
/// Where it was found and when, as it was first told.
extern const Sql<void(ApiKeyId, std::optional<std::string>, Timestamp)> note_leak;
/// Who is to hear of what becomes of a key, the one who made it first: a member, and the owners of the project; a hundred at most.
extern const Sql<std::string(ProjectId, std::string)> who_hears_of_key;
/// One use less, if there is one and it is good for one: nobody reads a number that somebody else is changing.
extern const Sql<UsesLeft(ApiKeyId, Timestamp)> count_use;
/// Keys and when each was used; what is less than a minute newer than what is known is left.
extern const Sql<void(std::vector<ApiKeyId>, std::vector<Timestamp>)> note_last_uses;
/// Keys and when each was used: those of which it is to be told that they were used although another one has taken their place.
extern const Sql<ApiKey(std::vector<ApiKeyId>, std::vector<Timestamp>)> find_old_uses;

} // namespace gravity::project
