-- Addresses stand in the row of whoever has them, too, as they are answered: to read somebody is to read a row. Whoever changes them holds that row.
alter table users add column emails jsonb not null default '[]', add column phones jsonb not null default '[]';

create function user_addresses(whose uuid) returns table (emails jsonb, phones jsonb) language sql stable as $$
    select coalesce(jsonb_agg(jsonb_build_object('address', c.value, 'type', c.type, 'primary', c."primary", 'verified', c.verified_at is not null)
                              order by c.position) filter (where c.kind = 'email'), '[]'),
           coalesce(jsonb_agg(jsonb_build_object('number', c.value, 'type', c.type, 'primary', c."primary", 'verified', c.verified_at is not null)
                              order by c.position) filter (where c.kind = 'phone'), '[]')
    from user_contact c where c.user_id = whose
$$;

-- Their owner sees the rows of no project as long as the policies are for owners, too.
alter table users no force row level security;
alter table user_contact no force row level security;
update users u set emails = a.emails, phones = a.phones
from (select distinct user_id from user_contact) c, user_addresses(c.user_id) a where u.id = c.user_id;

-- Whose doing the state of somebody was may have been their own; an erased row keeps an id, a project and times.
alter table users disable trigger users_stay_erased;
update users set state_actor = '' where state = 'erased' and state_actor <> '';
alter table users enable trigger users_stay_erased;
alter table users force row level security;
alter table user_contact force row level security;
alter table users add constraint users_erased_wholly check (state <> 'erased' or (state_actor = '' and emails = '[]' and phones = '[]'));

-- Once for each statement, however many addresses it has changed.
create function user_addresses_follow() returns trigger language plpgsql as $$
begin
    update users u set emails = a.emails, phones = a.phones
    from (select distinct user_id from changed) c, user_addresses(c.user_id) a
    where u.id = c.user_id and (u.emails, u.phones) is distinct from (a.emails, a.phones);
    return null;
end $$;
create trigger user_contact_added after insert on user_contact referencing new table as changed
    for each statement execute function user_addresses_follow();
create trigger user_contact_changed after update on user_contact referencing new table as changed
    for each statement execute function user_addresses_follow();
create trigger user_contact_removed after delete on user_contact referencing old table as changed
    for each statement execute function user_addresses_follow();
