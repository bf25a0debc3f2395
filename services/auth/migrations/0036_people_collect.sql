-- What services collect people's data with is called `people:collect` from now on: the client that services call as, which may erase people too, still may. Their
-- owner sees the rows of no project as long as the policies are for owners, too.
alter table client no force row level security;
update client set version = version + 1,
       scopes = case when 'people:collect' = any (scopes) then array_remove(scopes, 'people:read') else array_replace(scopes, 'people:read', 'people:collect') end
where scopes @> array['people:erase', 'people:read'];
alter table client force row level security;
