-- What the plan of a project's organisation gives, for a transaction of the project that is measured: what counts the usage that other services announce has that
-- one and no other. These rows belong to who administers, so for the length of the look-up the scope is first nobody's and then theirs, as those of the two
-- transactions are that count what is reported; afterwards it is the caller's again. A project is told of the limits that it has, and of nothing else.
create function plan_of_measured() returns setof plan_quota language plpgsql as $$
declare
    measured constant text := current_setting('gravity.project');
    home uuid;
begin
    perform set_config('gravity.scope', 'system', true);
    select d.project into home from project_directory d where d.project_id = measured::uuid;
    perform set_config('gravity.scope', 'project', true);
    if home is null then
        return;
    end if;
    perform set_config('gravity.project', home::text, true);
    return query
        select q.* from project p join organization o on o.id = p.organization_id join plan_quota q on q.plan = o.plan where p.id = measured::uuid;
    perform set_config('gravity.project', measured, true);
end $$;
