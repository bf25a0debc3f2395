#include "events/outbox.hpp"

namespace gravity::events {
namespace {

struct Taking {
    std::string name;
    Uuid holder;
    double seconds = 0;
};
BOOST_DESCRIBE_STRUCT(Taking, (), (name, holder, seconds))

const Sql<std::int64_t(Taking)> take_lease{"gravity.lease.take", R"sql(
    update gravity.lease set holder = $holder, token = token + 1, until = clock_timestamp() + make_interval(secs => $seconds), wanted = false
    where name = $name and (holder is null or holder = $holder or until < clock_timestamp()) returning token)sql"};
const Sql<void(std::string)> want_lease{"gravity.lease.want", "update gravity.lease set wanted = true where name = $1 and not wanted"};
const Sql<void(std::string, std::int64_t, double)> renew_lease{"gravity.lease.renew", R"sql(
    update gravity.lease set until = clock_timestamp() + make_interval(secs => $3) where name = $1 and token = $2)sql"};
const Sql<bool(std::string, std::int64_t)> lock_lease{"gravity.lease.lock", R"sql(
    select wanted from gravity.lease where name = $1 and token = $2 for update)sql"};
const Sql<void(std::string, std::int64_t)> return_lease{"gravity.lease.give_back", R"sql(
    update gravity.lease set holder = null, until = '-infinity', wanted = false where name = $1 and token = $2)sql"};

// The lease's row is locked by this transaction, so the numbers follow one another without a gap and in the order of the positions.
const Sql<void(std::int64_t)> number_events{"gravity.outbox.number", R"sql(
    with next as (select position from gravity.outbox where sequence is null order by position limit $1),
    numbered as (select position, row_number() over (order by position) as n from next),
    state as (update gravity.outbox_state set sequence = sequence + (select count(*) from next) returning sequence, epoch)
    update gravity.outbox o set epoch = state.epoch, sequence = state.sequence - (select count(*) from next) + numbered.n
    from numbered, state where o.position = numbered.position)sql"};

// `sequence` as the CloudEvents extension of that name wants it: its texts order as the numbers do.
const Sql<Outgoing(std::string, std::int64_t)> load_events{"gravity.outbox.load", R"sql(
    select epoch, sequence, id::text as id, type, project::text as project,
           (jsonb_build_object('specversion', '1.0', 'id', id, 'source', $1::text, 'type', type, 'subject', subject,
                'time', to_char(time at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), 'datacontenttype', 'application/json',
                'project', project, 'sequence', lpad(sequence::text, 16, '0'), 'epoch', epoch::text, 'data', data)
            || case when traceparent is null then '{}'::jsonb else jsonb_build_object('traceparent', traceparent) end)::text as document
    from gravity.outbox where published_at is null and sequence is not null order by sequence limit $2)sql"};

const Sql<void(Place, std::int64_t)> mark_events{"gravity.outbox.mark", R"sql(
    update gravity.outbox set published_at = now() where published_at is null and epoch = $epoch and sequence between $sequence and $3)sql"};
const Sql<void(Place)> unmark_events{"gravity.outbox.unmark", R"sql(
    update gravity.outbox set published_at = null
    where (select (epoch, sequence) > ($epoch, $sequence) from gravity.outbox_state) and published_at is not null
       and epoch = (select epoch from gravity.outbox_state) and (epoch > $epoch or sequence > $sequence))sql"};
const Sql<void(std::int64_t)> next_epoch{"gravity.outbox.next_epoch", R"sql(
    update gravity.outbox_state set sequence = 0, epoch = greatest((extract(epoch from clock_timestamp()) * 1000)::bigint, epoch + 1, $1::bigint + 1))sql"};
const Sql<void()> forget_numbers{"gravity.outbox.forget_numbers", R"sql(
    update gravity.outbox set epoch = null, sequence = null where published_at is null and sequence is not null)sql"};
const Sql<Backlog()> read_backlog{"gravity.outbox.backlog", R"sql(
    select (select count(*) from (select from gravity.outbox where published_at is null limit 10001) bounded) as count,
           (select time from gravity.outbox where published_at is null order by sequence limit 1) as oldest)sql"};

} // namespace

std::optional<std::int64_t> Lease::take(Tx& tx, Uuid holder, Duration length) const {
    auto token = tx.maybe(take_lease, Taking{name_, holder, length.as_seconds()});
    if (!token) tx.exec(want_lease, name_);
    return token;
}
bool Lease::renew(Tx& tx, std::int64_t token, Duration length) const { return tx.exec(renew_lease, name_, token, length.as_seconds()) == 1; }
bool Lease::give_back(Tx& tx, std::int64_t token) const {
    const bool wanted = tx.maybe(lock_lease, name_, token).value_or(false);
    tx.exec(return_lease, name_, token);
    return wanted;
}

std::vector<Outgoing> next_batch(Tx& tx, const std::string& source, std::int64_t limit) {
    tx.exec(number_events, limit);
    return tx.all(load_events, source, limit);
}
void mark_published(Tx& tx, const Place& first, std::int64_t last) { tx.exec(mark_events, first, last); }
std::int64_t publish_again_after(Tx& tx, const Place& top) { return tx.exec(unmark_events, top); }
void begin_epoch(Tx& tx, std::int64_t above) {
    tx.exec(next_epoch, above);
    tx.exec(forget_numbers);
}
Backlog backlog(Tx& tx) { return tx.one(read_backlog); }

} // namespace gravity::events
