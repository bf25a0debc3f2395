-- Trees of categories. `path` holds the ids from the root to the row itself (without hyphens: an ltree label), so names may be anything.
create table category (
    id           uuid primary key,
    project      uuid,
    tree         text not null,
    parent_id    uuid references category,
    path         ltree not null,
    position     integer not null default 0,
    name         text not null,
    slug         text not null,
    description  text,
    translations jsonb not null,
    version      bigint not null default 1,
    created_at   timestamptz not null default now(),
    updated_at   timestamptz not null default now(),
    check (parent_id <> id),
    check ((parent_id is null) = (nlevel(path) = 1))
);
call gravity.isolate('category');
create index category_path on category using gist (path gist_ltree_ops(siglen = 64));
create index category_children on category (parent_id, position, id);
create index category_roots on category (project, tree, position, id) where parent_id is null;

-- Published membership; drafts name their categories in `staged`.
create table product_category (
    project     uuid,
    product_id  uuid not null references product on delete cascade,
    category_id uuid not null references category,
    primary key (product_id, category_id)
);
call gravity.isolate('product_category');
create index product_category_members on product_category (category_id, product_id);
