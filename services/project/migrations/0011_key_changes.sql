-- What verification remembers is told to be forgotten: by the public id of a key, or, with an empty text, of all of them. When a key was last used and how many
-- uses it has left change all the time: neither is believed from memory, so only uses that were added are told.
create function tell_key_changed() returns trigger language plpgsql as $$
begin
    perform pg_notify('project_keys', old.public_id);
    return null;
end $$;
create trigger api_key_changed after update of scopes, expires_at, cidrs, uses_left, grace_until, revoked_at on api_key for each row
    when ((old.scopes, old.expires_at, old.cidrs, old.uses_left is null, old.grace_until, old.revoked_at) is distinct from
          (new.scopes, new.expires_at, new.cidrs, new.uses_left is null, new.grace_until, new.revoked_at)
          or new.uses_left > old.uses_left)
    execute function tell_key_changed();
create trigger api_key_gone after delete on api_key for each row execute function tell_key_changed();

create function tell_keys_changed() returns trigger language plpgsql as $$
begin
    perform pg_notify('project_keys', '');
    return null;
end $$;
create trigger project_changed after update of suspended_at, delete_after, deleting_at, deleted_at, organization_id on project
    for each statement execute function tell_keys_changed();
create trigger organization_changed after update of plan on organization for each statement execute function tell_keys_changed();
