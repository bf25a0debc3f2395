#include "login_budgets_store.hpp"

namespace gravity::issuer {

const Sql<BudgetUsed(std::string, Timestamp, Timestamp)> use_budget{"login_budget.use", R"sql(
    insert into login_budget as b (key, used, ends_at) values ($1, 1, $3)
    on conflict on constraint login_budget_pkey do update
    set used = case when b.ends_at > $2 then b.used + 1 else 1 end, ends_at = case when b.ends_at > $2 then b.ends_at else $3 end
    returning used, ends_at)sql"};
const Sql<void(std::string)> give_budget_back{"login_budget.give_back", "update login_budget set used = used - 1 where key = $1 and used > 0"};

const Sql<std::int64_t(Timestamp, int)> forget_budgets{"login_budget.forget", R"sql(
    with gone as (delete from login_budget where key in (
        select key from login_budget where ends_at < $1 limit $2 for update skip locked) returning 1)
    select count(*) from gone)sql"};

} // namespace gravity::issuer
