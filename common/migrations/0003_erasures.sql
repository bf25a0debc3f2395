-- What was erased of people, by the request that it was done for: whoever asks again hears the same. Nothing here says whom it was about.
create table gravity.erasure (
    project   uuid not null,
    request   uuid not null,
    receipt   jsonb not null,
    erased_at timestamptz not null,
    primary key (project, request)
);
alter table gravity.erasure enable row level security;
alter table gravity.erasure force row level security;
create policy project_isolation on gravity.erasure using (project = gravity.current_project() or gravity.is_system());
