-- Replicas remember clients as they are at the door, and which access tokens are good, until they hear that something has changed.
create function tell_clients_changed() returns trigger language plpgsql as $$
begin
    perform pg_notify('auth_clients', '');
    return null;
end $$;
create trigger client_changed after update or delete on client for each statement execute function tell_clients_changed();
create trigger client_secret_changed after insert or update or delete on client_secret for each statement execute function tell_clients_changed();
create trigger role_changed after update or delete on role for each statement execute function tell_clients_changed();
create trigger role_scope_changed after insert or update or delete on role_scope for each statement execute function tell_clients_changed();
create trigger role_parent_changed after insert or update or delete on role_parent for each statement execute function tell_clients_changed();
create trigger role_member_changed after insert or update or delete on role_member for each statement execute function tell_clients_changed();

create function tell_tokens_changed() returns trigger language plpgsql as $$
begin
    perform pg_notify('auth_tokens', '');
    return null;
end $$;
create trigger revoked_token_added after insert on revoked_token for each statement execute function tell_tokens_changed();
