-- What repositories are signed in to with, and pulls that come of themselves. What is secret is sealed under the master key, bound to its source.
alter table git_source
    add interval_minutes integer check (interval_minutes between 5 and 10080),
    add next_pull_at     timestamptz,
    add failures         integer not null default 0,
    add signs_in_by      text check (signs_in_by in ('password', 'private_key')),
    add username         text,
    add known_hosts      text;
create index git_source_due on git_source (project, next_pull_at) where next_pull_at is not null;

create table git_credentials (
    source_id uuid primary key references git_source (id) on delete cascade,
    project   uuid,
    sealed    text not null
);
call gravity.isolate('git_credentials');
