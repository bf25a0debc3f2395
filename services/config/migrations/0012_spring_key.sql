-- The key of a Spring Cloud Config server whose ciphers a project takes over, sealed under the master key.
create table spring_key (
    project    uuid primary key,
    salt       text not null,
    sealed     text not null,
    version    bigint not null default 1,
    updated_by text not null,
    updated_at timestamptz not null
);
call gravity.isolate('spring_key');
