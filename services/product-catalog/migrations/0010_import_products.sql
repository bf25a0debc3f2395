-- The products that an import touched are published in the order of their ids, some at a time.
create index import_row_products on import_row (import_id, product_id) where product_id is not null;
