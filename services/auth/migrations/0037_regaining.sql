-- Whoever signs in by passkeys alone and has lost them sets up another way in, by a link and either a second factor or a time in which everybody who could mind
-- is told of it.
alter table link
    drop constraint link_purpose_check,
    add constraint link_purpose_check check (purpose in ('recovery', 'confirmation', 'regain', 'cancellation'));

create table regaining (
    identity_id uuid primary key references identity (id) on delete cascade,
    project     uuid,
    canonical   text not null,        -- the e-mail address that has asked for it
    begun_at    timestamptz not null,
    good_from   timestamptz not null, -- until then it waits
    ends_at     timestamptz not null,
    told        boolean not null default false -- that the time has come
);
call gravity.isolate('regaining');
create index regaining_ended on regaining (project, ends_at);

-- Recovery codes that somebody was given with a password set that way: beside those there were, instead of those of the time before.
alter table recovery_code add column regained boolean not null default false;

-- The same in a flow by the API: the code of an app, or of recovery, was right.
alter table mailed_code add column factor_at timestamptz;
