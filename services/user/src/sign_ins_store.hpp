#pragma once

#include "sign_ins.hpp"

#include <gravity/pg/tx.hpp>

/// Statements of who signs in, by name. Their text is in sign_ins_store.cpp and nowhere else.
namespace gravity::user {

extern const Sql<void(UserId)> mark_stub;
/// The stub of this subject; whoever fills it in holds it.
extern const Sql<UserId(std::string)> hold_stub;
extern const Sql<void(UserId, Timestamp)> see_user;
extern const Sql<UserActivity(UserId)> get_activity;
extern const Sql<void(UserId)> forget_activity;

} // namespace gravity::user
