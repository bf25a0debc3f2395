-- One person with two accounts becomes one. The row of the account that is given up stays: its id and its subject lead to the other one.
alter table users add column merged_into uuid references users (id) on delete set null;
alter table users add constraint users_merged check (merged_into <> id and (merged_into is null or state <> 'erased'));
-- Once a merge is for good its handle and its external id are free.
alter table users drop constraint users_deleted;
alter table users add constraint users_deleted check (deleted_at is null or state in ('deactivated', 'erased') or merged_into is not null);
create index users_merged on users (merged_into) where merged_into is not null;

-- A merge as it was proposed, with what would be lost; then as it was done, with what an undo needs.
create table user_merge (
    id          uuid primary key,
    project     uuid,
    winner_id   uuid not null references users (id) on delete cascade,
    loser_id    uuid not null references users (id) on delete cascade,
    reason      text,
    outcome     jsonb,                -- what moves and what is lost; null: forgotten
    fingerprint text,                 -- of both accounts, as they were proposed
    record      jsonb,                -- what an undo needs; null: there is none, or none any more
    created_by  text not null,
    created_at  timestamptz not null,
    merged_at   timestamptz,
    merged_by   text,
    undo_until  timestamptz,
    undone_at   timestamptz,
    undone_by   text,
    version     bigint not null default 1,
    constraint user_merge_two check (winner_id <> loser_id),
    constraint user_merge_steps check (num_nulls(merged_at, merged_by, undo_until) in (0, 3) and num_nulls(undone_at, undone_by) in (0, 2)
        and (undone_at is null or merged_at is not null) and (record is null or merged_at is not null))
);
call gravity.isolate('user_merge');
create unique index user_merge_in_force on user_merge (loser_id) where merged_at is not null and undone_at is null;
create index user_merge_newest on user_merge (project, created_at desc, id desc);
create index user_merge_of_winner on user_merge (winner_id);
create index user_merge_of_loser on user_merge (loser_id);
create index user_merge_undoable on user_merge (project, undo_until) where record is not null;
create index user_merge_proposed on user_merge (project, created_at) where merged_at is null;

-- A consent is of the same person whichever of two accounts that are one it is kept with: it moves with a merge that is in force, and back with one that was undone.
create or replace function consent_is_immutable() returns trigger language plpgsql as $$
begin
    if (new.id, new.project, new.purpose, new.text_sha256, new.given_at, new.actor)
           is distinct from (old.id, old.project, old.purpose, old.text_sha256, old.given_at, old.actor)
       or (new.user_id <> old.user_id and not exists (
               select from user_merge m
               where m.merged_at is not null and (m.winner_id, m.loser_id, m.undone_at is null) in ((new.user_id, old.user_id, true), (old.user_id, new.user_id, false))))
       or (new.evidence is not null and new.evidence is distinct from old.evidence)
       or (old.withdrawn_at is not null and (new.withdrawn_at, new.withdrawn_by, new.replaced_by) is distinct from (old.withdrawn_at, old.withdrawn_by, old.replaced_by))
       or (old.withdrawn_at is not null and new.withdrawal is not null and new.withdrawal is distinct from old.withdrawal) then
        raise exception 'consent % is not rewritten', old.id using errcode = 'check_violation', constraint = 'consent_is_immutable';
    end if;
    return new;
end $$;
