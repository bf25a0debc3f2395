-- When somebody was seen last: apart from their row, for it is nothing that was changed of them, and has no version.
create table user_activity (
    user_id      uuid primary key references users (id) on delete cascade,
    project      uuid,
    last_seen_at timestamptz not null
);
call gravity.isolate('user_activity');

-- Whose account was made because they signed up: nobody has said yet who they are.
alter table users add column stub boolean not null default false;
