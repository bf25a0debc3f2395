-- Who did what, and from where: a row beside each change, in its transaction.
create table audit (
    id          uuid primary key,
    project     uuid,
    occurred_at timestamptz not null,
    action      text not null, -- "draft.changed"
    subject     text not null, -- the `sub` of the token; "service:config" for what a rollout does of itself
    actor       text,          -- `act.sub`: who acted for the subject
    address     text,
    set_id      uuid,          -- nothing: of a schema or a flag. No foreign key: what has been done outlives what it was done to
    target      text not null, -- the id or the name of what was changed
    details     jsonb not null
);
call gravity.isolate('audit');
create index audit_newest on audit (project, occurred_at desc, id desc);
create index audit_of_set on audit (project, set_id, occurred_at desc, id desc);

-- The oldest of those before a time, at most so many; how many there were. What is older than CONFIG_AUDIT_DAYS goes by this.
create function audit_forget_before(moment timestamptz, at_most integer) returns bigint language plpgsql as $$
declare forgotten bigint;
begin
    delete from audit where project = gravity.current_project() and id in (
        select id from audit where project = gravity.current_project() and occurred_at < moment order by occurred_at, id limit at_most);
    get diagnostics forgotten = row_count;
    return forgotten;
end $$;

-- Somebody who is erased stays as an id, and not as where they were.
create function audit_forget_person(who text) returns bigint language plpgsql as $$
declare forgotten bigint;
begin
    update audit set address = null where project = gravity.current_project() and subject = who and address is not null;
    get diagnostics forgotten = row_count;
    return forgotten;
end $$;

-- What has been done stays written. Rows go by age and with all others of their project: by the function above, and by the purge of the platform.
create function audit_stays() returns trigger language plpgsql as $$
declare calls text;
begin
    get diagnostics calls = pg_context;
    if tg_op = 'DELETE' and (calls like '%purge_some(text,bigint)%' or calls like '%audit_forget_before(timestamp with time zone,integer)%') then
        return old;
    end if;
    if tg_op = 'UPDATE' and calls like '%audit_forget_person(text)%' then
        return new;
    end if;
    raise exception 'the audit log is only added to' using errcode = 'check_violation', constraint = 'audit_stays';
end $$;
create trigger audit_stays before update or delete on audit for each row execute function audit_stays();
create trigger audit_stays_whole before truncate on audit for each statement execute function audit_stays();
