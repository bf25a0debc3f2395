-- What a person has let clients have, as they are shown it: with an id of its own, by which they take it back.
alter table consent
    add column id uuid not null default gen_random_uuid(),
    add constraint consent_id_key unique (project, id);
