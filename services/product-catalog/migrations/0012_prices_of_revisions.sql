-- What a published product's variants cost, by currency: a page shows some of 5,000 variants, and the range over all of them.
alter table revision add column prices jsonb not null default '[]';

-- The owner sees no project's rows while the policies hold for it.
alter table revision no force row level security;
alter table variant_revision no force row level security;
update revision r set prices = p.prices
from (select product_id, jsonb_agg(jsonb_strip_nulls(jsonb_build_object('currency', currency, 'lowest', lowest, 'highest', highest, 'variants', variants))
                                   order by variants desc, currency) as prices
      from (select product_id, list_price_currency as currency, min(list_price_amount) as lowest, max(list_price_amount) as highest, count(*) as variants
            from variant_revision where until_revision is null group by product_id, list_price_currency) by_currency
      group by product_id) p
where r.product_id = p.product_id and r.ended_at is null;
alter table variant_revision force row level security;
alter table revision force row level security;
