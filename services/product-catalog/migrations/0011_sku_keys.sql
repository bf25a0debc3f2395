-- SKUs are looked for by what they are without regard to case, as a text: row-level security keeps every operator that is not leakproof, as those of
-- citext are not, out of the index, so a look-up would go through all rows of a project.
alter table variant_revision add column sku_key text not null generated always as (lower(sku::text)) stored;
drop index published_sku_key;
create unique index published_sku_key on variant_revision (project, sku_key) where until_revision is null;

alter table stock add column sku_key text not null generated always as (lower(sku::text)) stored;
alter table stock drop constraint stock_pkey, add constraint stock_pkey primary key (project, sku_key);
