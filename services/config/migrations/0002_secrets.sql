-- Data keys of sets, sealed under CONFIG_MASTER_KEY: changing that seals these anew, and what they seal stays as it is. A secret is an object among the values
-- of items, which no other value is: what is not a secret is flattened.
create table data_key (
    id         uuid primary key,
    project    uuid,
    set_id     uuid not null references config_set (id) on delete cascade,
    sealed     text not null,
    created_at timestamptz not null,
    constraint data_key_of_set unique (set_id)
);
call gravity.isolate('data_key');

-- Who was shown a secret. Rows are added and, with their project, removed.
create table reveal (
    id          uuid primary key,
    project     uuid,
    set_id      uuid not null references config_set (id) on delete cascade,
    key         text not null,
    release     integer not null,
    subject     text not null,
    revealed_at timestamptz not null
);
call gravity.isolate('reveal');
create index reveal_newest on reveal (set_id, revealed_at desc, id desc);
create function reveal_is_immutable() returns trigger language plpgsql as $$
begin
    raise exception 'what was revealed stays so' using errcode = 'check_violation', constraint = 'reveal_is_immutable';
end $$;
create trigger reveal_is_immutable before update on reveal for each row execute function reveal_is_immutable();
