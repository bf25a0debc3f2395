create table product (
    id                  uuid primary key,
    project             uuid,
    name                text not null,
    slug                text not null,
    description         text,
    list_price_amount   bigint,
    list_price_currency text,
    status              text not null default 'draft' check (status in ('draft', 'active', 'archived')),
    version             bigint not null default 1,
    created_at          timestamptz not null default now(),
    updated_at          timestamptz not null default now(),
    published_at        timestamptz,
    check ((list_price_amount is null) = (list_price_currency is null)),
    check ((status = 'active') = (published_at is not null)),
    constraint product_slug_key unique (project, slug)
);
call gravity.isolate('product');
create index product_newest on product (project, created_at desc, id desc);
