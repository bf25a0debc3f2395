-- Whom the service `user` knows an identity as: whoever is erased there is told of by that id alone.
create table user_of_identity (
    project     uuid,
    user_id     uuid primary key,
    identity_id uuid not null references identity (id) on delete cascade
);
call gravity.isolate('user_of_identity');
create index user_of_identity_of on user_of_identity (identity_id);
