-- Plane -1 of facet_bits: any variant of the product has the value. Where no other filter is on variants a facet is counted from it alone, instead of from
-- each plane. `any` in facet_set: has variants or is one itself, which is all that is packed; segments without it have no plane -1.
alter table facet_set drop constraint facet_set_kind_check;
alter table facet_set add constraint facet_set_kind_check check (kind in ('channel', 'category', 'plane', 'any'));

-- The owner sees no project's rows while the policies hold for it.
alter table facet_bits no force row level security;
alter table facet_set no force row level security;
insert into facet_bits (project, value_id, plane, segment, bits)
select project, value_id, -1, segment, bit_or(bits) from facet_bits where plane > 0 group by project, value_id, segment;
insert into facet_set (project, kind, key, segment, bits)
select project, 'any', '', segment, bits from facet_set where kind = 'plane' and key = '1';
alter table facet_set force row level security;
alter table facet_bits force row level security;
