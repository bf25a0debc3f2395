#include "jobs/scheduler.hpp"

#include <gravity/log/log.hpp>

#include <algorithm>

namespace gravity::jobs {
namespace {

constexpr auto late = Duration::minutes(1); // a time noticed later than this was missed: nobody was there

struct Row {
    std::string name;
    std::string cron;
    std::string zone;
    Timestamp next_at;
};
BOOST_DESCRIBE_STRUCT(Row, (), (name, cron, zone, next_at))

struct Firing {
    std::string kind;
    std::string name;
    Json input;
    int max_attempts = 0;
    Timestamp now;
};
BOOST_DESCRIBE_STRUCT(Firing, (), (kind, name, input, max_attempts, now))

const Sql<Row(std::vector<std::string>)> list_schedules{"gravity.schedule.list", "select * from gravity.schedule where name = any($1)"};
// Whoever holds the row decides for all replicas; the others pass by.
const Sql<Row(std::string)> lock_schedule{"gravity.schedule.lock", "select * from gravity.schedule where name = $1 for update skip locked"};
const Sql<void(Row)> insert_schedule{"gravity.schedule.insert", R"sql(
    insert into gravity.schedule (name, cron, zone, next_at) values ($name, $cron, $zone, $next_at) on conflict do nothing)sql"};
const Sql<void(Row)> save_schedule{"gravity.schedule.save", "update gravity.schedule set cron = $cron, zone = $zone, next_at = $next_at where name = $name"};

const Sql<void(Firing)> leave_for_platform{"gravity.schedule.leave", R"sql(
    insert into gravity.job (id, project, kind, key, payload, caller, due_at, max_attempts, created_at)
    values (gen_random_uuid(), '00000000-0000-0000-0000-000000000000', $kind, 'schedule:' || $name, $input, 'schedule:' || $name, $now, $max_attempts, $now)
    on conflict (project, kind, key) where state in ('waiting', 'running') and key is not null do nothing)sql"};
const Sql<void(Firing)> leave_for_each{"gravity.schedule.leave_each", R"sql(
    insert into gravity.job (id, project, kind, key, payload, caller, due_at, max_attempts, created_at)
    select gen_random_uuid(), p.id, $kind, 'schedule:' || $name, $input, 'schedule:' || $name, $now, $max_attempts, $now from gravity.project p
    where p.purged_at is null
    on conflict (project, kind, key) where state in ('waiting', 'running') and key is not null do nothing)sql"};

bool settled(const Row& row, const Row& wanted, Timestamp now) {
    // Later than the next time by our clock: the expression was changed, or the clock has been set back.
    return row.cron == wanted.cron && row.zone == wanted.zone && row.next_at > now && row.next_at <= wanted.next_at;
}

} // namespace

std::optional<Timestamp> run_schedules(Tx& tx, const std::vector<Schedule>& schedules, Timestamp now) {
    if (schedules.empty()) return std::nullopt;
    std::vector<std::string> names;
    for (const Schedule& schedule : schedules) names.push_back(schedule.name());
    const std::vector<Row> rows = tx.all(list_schedules, names);
    std::optional<Timestamp> next;
    for (const Schedule& schedule : schedules) {
        const auto upcoming = schedule.cron.next_after(now, schedule.options.zone);
        if (!upcoming) continue;
        const Row wanted{schedule.name(), schedule.cron.to_string(), schedule.options.zone.to_string(), *upcoming};
        next = next ? std::min(*next, *upcoming) : *upcoming;
        const auto known = std::find_if(rows.begin(), rows.end(), [&](const Row& row) { return row.name == wanted.name; });
        if (known == rows.end()) {
            tx.exec(insert_schedule, wanted);
            continue;
        }
        if (settled(*known, wanted, now)) continue;
        const auto row = tx.maybe(lock_schedule, wanted.name);
        if (!row || settled(*row, wanted, now)) continue; // another replica is at it, or has been
        const bool same = row->cron == wanted.cron && row->zone == wanted.zone;
        const bool missed = now - row->next_at > late;
        if (same && row->next_at <= now && (!missed || schedule.options.missed == Missed::once)) {
            const Firing firing{schedule.kind, wanted.name, schedule.input, schedule.max_attempts, now};
            tx.exec(schedule.options.each_project ? leave_for_each : leave_for_platform, firing);
            log::debug("a schedule is due", {{"schedule", wanted.name}, {"was_due", row->next_at}});
        }
        tx.exec(save_schedule, wanted);
    }
    return next;
}

} // namespace gravity::jobs
