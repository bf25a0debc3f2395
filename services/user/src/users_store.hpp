#pragma once

#include "users_model.hpp"

#include <gravity/pg/tx.hpp>

/// Statements of users, by name. Their text is in users_store.cpp and nowhere else. Who was erased, or merged into somebody else, is found by none of them.
namespace gravity::user {

extern const Sql<void(StoredUser)> insert_user, save_user;
extern const Sql<User(UserId)> get_user;
/// For who.hpp: whoever changes them waits.
extern const Sql<UserId(UserId)> hold_user;
/// Whose tokens those are, or who that account was merged into.
extern const Sql<UserId(std::string)> id_of_subject;
extern const Sql<User(FindUsers)> list_users;
/// Of a group; neither a handle, an address nor a name is asked for.
extern const Sql<User(FindUsers)> list_users_of_group;
/// The nearest first; `name` is there.
extern const Sql<User(FindUsers)> list_users_by_name;
extern const Sql<void(UserId, Timestamp)> erase_user;
/// Somebody whose time has come, held; whom nothing keeps.
extern const Sql<UserId(Timestamp)> next_to_erase;

extern const Sql<StoredContact(UserId)> list_contacts;
extern const Sql<void(UserId, std::vector<StoredContact>)> insert_contacts;
extern const Sql<void(UserId)> delete_contacts;

/// What is so of somebody from now on; their row is locked. First the one, then the other.
extern const Sql<void(UserId)> end_present;
extern const Sql<void(UserId, Json, std::string)> begin_present;
extern const Sql<Json(UserId, Timestamp)> get_past;
extern const Sql<void(UserId)> forget_past;

} // namespace gravity::user
