-- What is kept of one person is shown in parts, each of which goes on behind the one before: the same indexes, with an order in them.
drop index session_of, refresh_family_of, device_of, auth_failure_of_identity;
create index session_of on session (identity_id, id);
create index refresh_family_of on refresh_family (identity_id, id);
create index device_of on device (identity_id, id);
create index auth_failure_of_identity on auth_failure (identity_id, id);
