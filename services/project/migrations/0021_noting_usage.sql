-- Notes events as counted, of these sources and ids, each of which is there once; gives back those that had been counted before. Mostly all are new, and then
-- they are inserted as they are: looking for a conflict with each first costs as much again. Where one is not, whether it was there or comes from a
-- transaction beside this one, what was inserted is taken back and all are looked at one by one. In the order of their keys both times: two batches side by
-- side wait for one another and never in a ring.
create function note_usage_seen(sources text[], ids text[], at timestamptz) returns table (known_source text, known_id text) language plpgsql as $$
begin
    begin
        insert into usage_seen (project, source, id, seen_at)
        select (select gravity.current_project()), e.source, e.id, at from unnest(sources, ids) as e (source, id) order by e.source, e.id;
        return;
    exception when unique_violation then
        null;
    end;
    return query
        with fresh as (
            insert into usage_seen (project, source, id, seen_at)
            select (select gravity.current_project()), e.source, e.id, at from unnest(sources, ids) as e (source, id) order by e.source, e.id
            on conflict do nothing returning source, id)
        select e.source, e.id from unnest(sources, ids) as e (source, id)
        where not exists (select from fresh f where f.source = e.source and f.id = e.id);
end $$;
