#pragma once

#include <gravity/pg/tx.hpp>

#include <string>

/// Statements of failed sign-ins, by name. Their text is in login_budgets_store.cpp and nowhere else.
namespace gravity::issuer {

struct BudgetUsed {
    int used = 0;
    Timestamp ends_at;
};
BOOST_DESCRIBE_STRUCT(BudgetUsed, (), (used, ends_at))

/// Counts one now; a count that has ended by then begins anew and is to end at the last moment given.
extern const Sql<BudgetUsed(std::string, Timestamp, Timestamp)> use_budget;
extern const Sql<void(std::string)> give_budget_back;
/// Up to so many that ended before then; how many they were.
extern const Sql<std::int64_t(Timestamp, int)> forget_budgets;

} // namespace gravity::issuer

GRAVITY_TABLES(issuer, BudgetUsed)
