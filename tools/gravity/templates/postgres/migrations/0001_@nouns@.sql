create table @table@ (
    id      uuid primary key, -- of version 7: ordered by time
    project uuid,
    name    text not null,
    locked  boolean not null default false,
    version bigint not null default 1,
    constraint @table@_name_key unique (project, name)
);
call gravity.isolate('@table@');
create index @table@_newest on @table@ (project, id desc);
