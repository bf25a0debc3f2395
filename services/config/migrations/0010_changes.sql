-- What servers remember is told to be forgotten: of flags whenever one changes (each change moves the row of flag_change), and of all when a project is purged.
-- Publications tell of themselves, with their number.
create function tell_flags_changed() returns trigger language plpgsql as $$
begin
    perform pg_notify('config', coalesce(new.project, old.project)::text || ':flags');
    return null;
end $$;
create trigger flags_changed after insert or update on flag_change for each row execute function tell_flags_changed();
create trigger flag_gone after delete on feature_flag for each row execute function tell_flags_changed();

create function tell_purged() returns trigger language plpgsql as $$
begin
    perform pg_notify('config', old.project::text || ':purged');
    return null;
end $$;
create trigger config_set_purged after delete on config_set for each row execute function tell_purged();
