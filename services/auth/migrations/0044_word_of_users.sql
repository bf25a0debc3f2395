-- What the service `user` announced of an identity last, by the place of that event in its stream: what is older and comes later changes nothing. And what an identity
-- was before such an event disabled it, so that another one can undo it; null where somebody here disabled it, whose word stands.
alter table identity
    add column user_epoch bigint not null default 0,
    add column user_sequence bigint not null default 0,
    add column state_before text check (state_before in ('pending', 'active'));

-- Of an account that others were merged into there are several identities.
alter table user_of_identity
    drop constraint user_of_identity_pkey,
    add constraint user_of_identity_pkey primary key (user_id, identity_id);
