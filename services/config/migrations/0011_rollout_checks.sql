-- How the checks of instances stood in discovery before a rollout reached them: of one that it has not reached, as they were seen last; of one that it has, as
-- they were before, or when they were first seen.
create table rollout_check (
    rollout_id uuid not null references rollout (id) on delete cascade,
    instance   text not null,
    project    uuid,
    state      integer not null check (state between 0 and 2), -- passing, warning, critical
    reached    boolean not null,
    constraint rollout_check_pkey primary key (rollout_id, instance)
);
call gravity.isolate('rollout_check');
