-- Where settings come from, and what became of the last time that they were asked for.
create table git_source (
    id              uuid primary key,
    project         uuid,
    url             text not null,
    ref             text not null,
    directory       text,
    label           text not null,
    applications    text[] not null,
    mode            text not null check (mode in ('merge', 'replace')),
    allowed_signers text, -- of OpenSSH: then the commit has to be signed by one of them
    state           text not null default 'idle' check (state in ('idle', 'waiting', 'pulled', 'failed')),
    commit          text,
    sets            integer,
    detail          text,
    pulled_at       timestamptz,
    version         bigint not null default 1,
    created_by      text not null,
    created_at      timestamptz not null
);
call gravity.isolate('git_source');
create index git_source_newest on git_source (project, created_at desc, id desc);
