-- Whether the project whose rows a transaction sees is being deleted or has been, where it is administered here: nothing is made in it any more, whoever
-- still has a token of it. The row that says so belongs to who administers it, so it is looked up in the steps of plan_of_measured (migration 0017). Whoever
-- begins a deletion waits for those who were told that there is none: what they make is there when it is removed.
create function project_has_ended() returns boolean language plpgsql as $$
declare
    own constant text := current_setting('gravity.project');
    home uuid;
    ended boolean;
begin
    perform set_config('gravity.scope', 'system', true);
    select d.project into home from project_directory d where d.project_id = own::uuid;
    perform set_config('gravity.scope', 'project', true);
    if home is null then
        return false;
    end if;
    perform set_config('gravity.project', home::text, true);
    select p.deleting_at is not null into ended from project p where p.id = own::uuid for key share;
    perform set_config('gravity.project', own, true);
    return coalesce(ended, false);
end $$;
