-- What people are asked to agree to, word for word.
create table consent_text (
    sha256     text not null check (sha256 ~ '^[0-9a-f]{64}$'),
    project    uuid,
    purpose    text not null,
    label      text not null, -- what this version is called
    language   text not null,
    text       text not null,
    version    bigint not null default 1 check (version = 1),
    created_at timestamptz not null,
    constraint consent_text_pkey primary key (project, sha256)
);
call gravity.isolate('consent_text');
create index consent_text_newest on consent_text (project, created_at desc, sha256 desc);

-- What was agreed to and taken back. `user_id` says nothing of whoever was erased.
create table consent (
    id            uuid primary key,
    project       uuid,
    user_id       uuid not null references users (id),
    purpose       text not null,
    text_sha256   text not null,
    given_at      timestamptz not null,
    evidence      jsonb,       -- how it was given; null: forgotten with the person
    actor         text not null,
    withdrawn_at  timestamptz,
    withdrawal    jsonb,       -- how it was taken back
    withdrawn_by  text,
    replaced_by   uuid,        -- the consent to another text that this one ended with
    version       bigint not null default 1,
    constraint consent_text_fkey foreign key (project, text_sha256) references consent_text (project, sha256),
    constraint consent_withdrawn check ((withdrawn_at is null) = (withdrawn_by is null) and (withdrawn_at is not null or num_nonnulls(withdrawal, replaced_by) = 0)
        and withdrawn_at >= given_at)
);
call gravity.isolate('consent');
create unique index consent_one_open on consent (user_id, purpose) where withdrawn_at is null;
create index consent_newest on consent (project, given_at desc, id desc);
create index consent_of_user on consent (user_id, given_at desc, id desc);

-- What was said is said: a text stays as it is, a consent ends once, and of one that is there only the evidence can go (with the person it is of).
create function consent_text_is_immutable() returns trigger language plpgsql as $$
begin
    raise exception 'consent text % is not changed', old.sha256 using errcode = 'check_violation', constraint = 'consent_text_is_immutable';
end $$;
create trigger consent_text_is_immutable before update on consent_text for each row execute function consent_text_is_immutable();

create function consent_is_immutable() returns trigger language plpgsql as $$
begin
    if (new.id, new.project, new.user_id, new.purpose, new.text_sha256, new.given_at, new.actor)
           is distinct from (old.id, old.project, old.user_id, old.purpose, old.text_sha256, old.given_at, old.actor)
       or (new.evidence is not null and new.evidence is distinct from old.evidence)
       or (old.withdrawn_at is not null and (new.withdrawn_at, new.withdrawn_by, new.replaced_by) is distinct from (old.withdrawn_at, old.withdrawn_by, old.replaced_by))
       or (old.withdrawn_at is not null and new.withdrawal is not null and new.withdrawal is distinct from old.withdrawal) then
        raise exception 'consent % is not rewritten', old.id using errcode = 'check_violation', constraint = 'consent_is_immutable';
    end if;
    return new;
end $$;
create trigger consent_is_immutable before update on consent for each row execute function consent_is_immutable();
