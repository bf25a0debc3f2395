-- Who did what, and from where: a row beside each change of what this service administers, in its transaction. Of organisations in the scope of who administers
-- them; of what is measured in that of the measured project.
create table audit (
    id              uuid primary key,
    project         uuid,
    occurred_at     timestamptz not null,
    action          text not null, -- "member.added"
    subject         text,          -- the `sub` of the token; nothing where none was asked for
    actor           text,          -- `act.sub`: who acted for the subject
    address         text,
    organization_id uuid,          -- nothing: of the project that `project` names. No foreign key: what has been done outlives what it was done to
    project_id      uuid,
    target          text not null, -- the id or the name of what was changed
    details         jsonb not null
);
call gravity.isolate('audit');
create index audit_of_organization on audit (project, organization_id, occurred_at desc, id desc);

-- The end of a project takes what is written of it along.
create function audit_forget() returns bigint language plpgsql as $$
declare forgotten bigint;
begin
    delete from audit where project = gravity.current_project();
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

-- What has been done stays written. Rows go with all others of their project alone: by the purge of the platform, or by the first function above.
create function audit_stays() returns trigger language plpgsql as $$
declare calls text;
begin
    get diagnostics calls = pg_context;
    if tg_op = 'DELETE' and (calls like '%purge_some(text,bigint)%' or calls like '%audit_forget()%') then
        return old;
    end if;
    if tg_op = 'UPDATE' and calls like '%audit_forget_person(text)%' then
        return new;
    end if;
    raise exception 'the audit log is only added to' using errcode = 'check_violation', constraint = 'audit_stays';
end $$;
create trigger audit_stays before update or delete on audit for each row execute function audit_stays();
create trigger audit_stays_whole before truncate on audit for each statement execute function audit_stays();
