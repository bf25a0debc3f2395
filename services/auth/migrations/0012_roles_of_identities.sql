-- Identities have roles as clients do (decision 52): a column of their own, with a reference of their own.
alter table role_member
    alter column client_id drop not null,
    add column identity_id uuid references identity (id) on delete cascade,
    add column member_id   uuid not null generated always as (coalesce(client_id, identity_id)) stored, -- whichever it is, for lists
    add constraint role_member_identity_key unique (role_id, identity_id),
    add constraint role_member_one_kind check (num_nonnulls(client_id, identity_id) = 1);
create index role_member_of_identity on role_member (identity_id, role_id);
