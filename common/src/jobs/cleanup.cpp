#include "jobs/cleanup.hpp"

#include <gravity/async/coroutine.hpp>
#include <gravity/base/clock.hpp>

namespace gravity::jobs {
namespace {

struct CleanUp {
    static constexpr JobKind job{"gravity.cleanup"};
    std::vector<std::string> tables; // none: all
};
BOOST_DESCRIBE_STRUCT(CleanUp, (), (tables))

struct Removed {
    std::int64_t rows = 0;
};
BOOST_DESCRIBE_STRUCT(Removed, (), (rows))

const Sql<void(Timestamp)> old_idempotency{"gravity.cleanup.idempotency", R"sql(
    delete from gravity.idempotency where ctid = any(array(select ctid from gravity.idempotency where created_at < $1 order by created_at limit 1000)))sql"};
const Sql<void(Timestamp)> old_outbox{"gravity.cleanup.outbox", R"sql(
    delete from gravity.outbox where ctid = any(array(select ctid from gravity.outbox where published_at < $1 order by published_at limit 1000)))sql"};
const Sql<void(Timestamp)> old_inbox{"gravity.cleanup.inbox", R"sql(
    delete from gravity.inbox where ctid = any(array(select ctid from gravity.inbox where received_at < $1 order by received_at limit 1000)))sql"};
const Sql<void(Timestamp)> old_jobs{"gravity.cleanup.jobs", R"sql(
    delete from gravity.job where ctid = any(array(select ctid from gravity.job where finished_at < $1 order by finished_at limit 1000)))sql"};

struct Rule {
    const Sql<void(Timestamp)>& statement;
    Duration keep;
};

std::int64_t remove_some(Tx& tx, const Rule* rule) { return tx.exec(rule->statement, tx.now() - rule->keep); }

Task<void> clean_up(JobCtx& ctx, CleanUp) {
    const Rule rules[] = {{old_idempotency, Duration::days(1)}, {old_outbox, Duration::days(1)}, {old_inbox, Duration::days(8)}, {old_jobs, Duration::days(7)}};
    Removed removed;
    for (const Rule& rule : rules) {
        const Rule* one = &rule;
        std::int64_t rows = 0;
        do {
            rows = co_await ctx.transaction(remove_some, one);
            removed.rows += rows;
        } while (rows > 0);
    }
    ctx.result(removed);
}

} // namespace

Function cleanup_function() { return function(&clean_up); }

Schedule cleanup_schedule(std::string_view service) {
    unsigned minute = 0;
    for (const char c : service) minute = (minute * 31 + static_cast<unsigned char>(c)) % 60;
    return schedule(Cron::parse(std::to_string(minute) + " * * * *").or_throw(), CleanUp{});
}

} // namespace gravity::jobs
