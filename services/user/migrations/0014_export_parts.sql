-- An answer to an export that is more than one request holds: its parts in their order, and behind them the answer itself. `place` is where the next one begins
-- with a holder that is asked by call.
create table privacy_task_part (
    request_id uuid not null,
    holder     text not null,
    part       integer not null check (part >= 1),
    project    uuid,
    rows       bigint not null,
    data       jsonb not null,
    constraint privacy_task_part_pkey primary key (request_id, holder, part),
    constraint privacy_task_part_task foreign key (request_id, holder) references privacy_task (request_id, holder) on delete cascade
);
call gravity.isolate('privacy_task_part');
alter table privacy_task add column place text;
