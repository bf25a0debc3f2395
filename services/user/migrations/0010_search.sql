-- A trusted extension: the owner of the database may create it where the launcher has not.
create extension if not exists pg_trgm;

-- What somebody is looked for by.
create function user_names(handle text, profile jsonb) returns text language sql immutable parallel safe as $$
    select concat_ws(' ', handle, profile ->> 'display_name', profile ->> 'nick_name', profile -> 'name' ->> 'formatted', profile -> 'name' ->> 'given_name',
                     profile -> 'name' ->> 'middle_name', profile -> 'name' ->> 'family_name')
$$;

-- The trigrams of it, a row each. Row-level security keeps the operators of pg_trgm out of an index, for they are not leakproof; that of equal texts is.
-- No foreign key: what there is of somebody is known from their row, and an index by user would be a third of all this.
create table user_gram (
    project uuid,
    gram    text collate "C" not null,
    user_id uuid not null,
    constraint user_gram_pkey primary key (project, gram, user_id)
);

-- Of whoever is there already: their owner sees the rows of no project as long as the policies are for owners, too.
alter table users no force row level security;
insert into user_gram (project, gram, user_id)
select u.project, g.gram, u.id from users u, unnest(show_trgm(user_names(u.handle, u.profile))) as g (gram) where u.merged_into is null;
alter table users force row level security;
call gravity.isolate('user_gram');

create function user_grams_follow() returns trigger language plpgsql as $$
declare
    before text[] := '{}';
    after  text[] := '{}';
begin
    if tg_op <> 'INSERT' and old.merged_into is null then before := show_trgm(user_names(old.handle, old.profile)); end if;
    if tg_op <> 'DELETE' and new.merged_into is null then after := show_trgm(user_names(new.handle, new.profile)); end if;
    if tg_op <> 'INSERT' then
        delete from user_gram where project = old.project and user_id = old.id and gram = any (before) and gram <> all (after);
    end if;
    if tg_op <> 'DELETE' then
        insert into user_gram (project, gram, user_id) select new.project, g.gram, new.id from unnest(after) as g (gram) on conflict do nothing;
    end if;
    return null;
end $$;
create trigger user_grams_insert after insert or delete on users for each row execute function user_grams_follow();
create trigger user_grams_update after update on users for each row
    when ((old.handle, old.profile, old.merged_into) is distinct from (new.handle, new.profile, new.merged_into)) execute function user_grams_follow();
