-- A second person looks at what is published of a set, where it demands that.
alter table config_set
    add column review_required boolean not null default false,
    add column options_version bigint not null default 0;

-- Who has changed a draft since it began, and who has approved it as it is: any further change takes that away.
alter table draft
    add column editors text[] not null default '{}',
    add column approved_by text,
    add column approved_at timestamptz;

alter table release
    add column approver text,
    add column reviewed boolean not null default false,
    add constraint release_is_reviewed check (not reviewed or approver is not null),
    add constraint release_approver_is_another check (approver <> author);

-- Names of releases. One stays with its release until it is removed.
create table release_tag (
    set_id    uuid not null references config_set (id) on delete cascade,
    name      text not null check (name ~ '^[A-Za-z0-9._-]{1,64}$'),
    project   uuid,
    number    integer not null,
    tagged_by text not null,
    tagged_at timestamptz not null,
    constraint release_tag_pkey primary key (set_id, name)
);
call gravity.isolate('release_tag');
