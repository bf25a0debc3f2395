-- The report of duplicate titles looks texts up among all that is published: by a hash of each, for an expression on `body` is nothing that row-level
-- security lets an index be asked for (migrations/0011_sku_keys.sql).
alter table revision
    add column name_mark bigint generated always as (hashtextextended(body->>'name', 0)) stored,
    add column meta_title_mark bigint generated always as (hashtextextended(body->>'meta_title', 0)) stored,
    add column meta_description_mark bigint generated always as (hashtextextended(body->>'meta_description', 0)) stored;
drop index revision_name, revision_meta_title, revision_meta_description;
create index revision_name on revision (project, name_mark) where ended_at is null;
create index revision_meta_title on revision (project, meta_title_mark) where ended_at is null and meta_title_mark is not null;
create index revision_meta_description on revision (project, meta_description_mark) where ended_at is null and meta_description_mark is not null;
