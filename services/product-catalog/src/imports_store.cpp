#include "imports_store.hpp"

namespace gravity::product_catalog {

// ---- import

// Counts are taken where rows are marked, so that looking at an import costs one row.
const Sql<void(ImportInsert)> insert_import{"import.insert", R"sql(
    insert into import_job (id, format, dry_run, publish, on_error, columns, job_id)
    values ($id, $format, $dry_run, $publish, $on_error, $columns, $job_id))sql"};

namespace {

// What its job came to where it did not come to its own end: cancelled, or given up.
const std::string as_its_job = R"sql(
    case when b.finished_at is null and j.state in ('failed', 'cancelled') then j.state else b.state end as state,
    coalesce(b.finished_at, case when j.state in ('failed', 'cancelled') then j.finished_at end) as finished_at)sql";

const std::string imports = "select b.id, b.format, b.dry_run, b.publish, b.on_error, b.rows, b.good, b.bad, b.published, b.created_at," + as_its_job + R"sql(,
    case when b.state = 'done' then 1 else coalesce(j.progress, 0) end as progress,
    coalesce(b.problem, j.error->>'detail', j.error->>'title') as problem
    from import_job b left join gravity.job j on j.id = b.job_id where )sql";
const std::string one_import = imports + "b.id = $1";
const std::string page_of_imports = imports + "$page(b.created_at desc, b.id desc)";

const std::string exports = "select b.id, b.format, b.status, b.rows, b.bytes, b.created_at," + as_its_job + R"sql(,
    coalesce(j.error->>'detail', j.error->>'title') as problem
    from export_job b left join gravity.job j on j.id = b.job_id where )sql";
const std::string one_export = exports + "b.id = $1";
const std::string page_of_exports = exports + "$page(b.created_at desc, b.id desc)";

} // namespace

const Sql<Import(ImportId)> get_import{"import.get", one_import};
const Sql<Import(ListImports)> list_imports{"import.list", page_of_imports};
const Sql<JobId(ImportId)> job_of_import{"import.job", "select job_id from import_job where id = $1 and job_id is not null"};

const Sql<ImportColumns(ImportId)> get_import_columns{"import.columns", "select columns from import_job where id = $1"};

const Sql<void(ImportId, std::vector<ImportRow>)> add_import_rows{"import_row.add", R"sql(
    insert into import_row (import_id, number, line, body)
    select $1, r.number, r.line, r.body from jsonb_to_recordset($2::jsonb) as r (number bigint, line bigint, body jsonb))sql"};

const Sql<void(ImportId, std::int64_t)> set_import_rows{"import.rows", "update import_job set rows = $2 where id = $1"};

const Sql<ImportRow(ImportId, std::int64_t, int)> next_import_rows{"import_row.next", R"sql(
    select number, line, body from import_row
    where import_id = $1 and number >= $2 and state = 'waiting' order by number limit $3 for update)sql"};

const Sql<void(ImportId, std::vector<RowDone>)> mark_rows_good{"import_row.good", R"sql(
    with marked as (
        update import_row i set state = 'good', product_id = r.product_id
        from jsonb_to_recordset($2::jsonb) as r (number bigint, product_id uuid)
        where i.import_id = $1 and i.number = r.number and i.state = 'waiting' returning 1)
    update import_job set good = good + (select count(*) from marked), state = 'running' where id = $1)sql"};

const Sql<void(ImportId, std::vector<RowFailed>)> mark_rows_bad{"import_row.bad", R"sql(
    with marked as (
        update import_row i set state = 'bad', pointer = r.pointer, detail = r.detail, problem = r.problem
        from jsonb_to_recordset($2::jsonb) as r (number bigint, pointer text, detail text, problem text)
        where i.import_id = $1 and i.number = r.number and i.state in ('waiting', 'tried') returning 1)
    update import_job set bad = bad + (select count(*) from marked), state = 'running' where id = $1)sql"};

const Sql<void(ImportId, std::vector<RowDone>)> mark_rows_tried{"import_row.tried", R"sql(
    with marked as (
        update import_row i set state = 'tried' from jsonb_to_recordset($2::jsonb) as r (number bigint)
        where i.import_id = $1 and i.number = r.number and i.state = 'waiting')
    update import_job set state = 'running' where id = $1)sql"};

const Sql<void(ImportId)> unmark_tried_rows{"import_row.untried", "update import_row set state = 'waiting' where import_id = $1 and state = 'tried'"};

const Sql<void(ImportId, BulkState, std::optional<std::string>)> set_import_state{"import.state", R"sql(
    update import_job set state = $2, problem = $3, finished_at = case when $2 in ('done', 'failed') then now() end where id = $1)sql"};

const Sql<void(ImportId, std::int64_t)> count_import_published{"import.published", "update import_job set published = published + $2 where id = $1"};

const Sql<ProductId(ImportId, Uuid, int)> imported_products{"import_row.products", R"sql(
    select distinct product_id from import_row where import_id = $1 and product_id > $2 order by product_id limit $3)sql"};

const Sql<BadRowAt(ListBadRows, ImportId)> list_bad_rows{"import_row.list_bad", R"sql(
    select number, line, pointer, detail, problem from import_row
    where import_id = $3 and state = 'bad' and $page(number))sql"};

const Sql<BadRowAt(ImportId, std::int64_t, int)> bad_rows_from{"import_row.bad_from", R"sql(
    select number, line, pointer, detail, problem from import_row
    where import_id = $1 and state = 'bad' and number > $2 order by number limit $3)sql"};

const Sql<ProductAt(std::string, std::vector<std::string>)> products_by_slugs{"import.products_by_slugs", R"sql(
    select s.slug, p.id, p.type_id from slug s join product p on p.id = s.target
    where s.lang = $1 and s.slug = any ($2::text[]) and s.kind = 'product' and p.staged->>'slug' = s.slug)sql"};

const Sql<VariantBySku(ProductId, std::vector<std::string>)> variants_of_skus{"import.variants_of_skus", R"sql(
    select v.*, wanted.sku as wanted from unnest($2::text[]) as wanted (sku) join variant v on v.product_id = $1 and v.sku = wanted.sku::citext)sql"};

const Sql<ProductTypeId(std::string)> type_by_key{"import.type_by_key", "select id from product_type where key = $1"};

// ---- export

const Sql<void(ExportId, StartExport, JobId)> insert_export{"export.insert", R"sql(
    insert into export_job (id, format, status, job_id) values ($1, $2, $3, $4))sql"};

const Sql<Export(ExportId)> get_export{"export.get", one_export};
const Sql<Export(ListExports)> list_exports{"export.list", page_of_exports};

const Sql<void(ExportId, BulkState)> set_export_state{"export.state", R"sql(
    update export_job set state = $2, finished_at = case when $2 in ('done', 'failed') then now() end where id = $1)sql"};

const Sql<void(ExportId, std::vector<std::string>)> set_export_columns{"export.set_columns", "update export_job set columns = $2 where id = $1"};

const Sql<ImportColumns(ExportId)> get_export_columns{"export.columns", "select columns from export_job where id = $1"};

const Sql<void(ExportId, std::int64_t, std::string, std::int64_t)> add_export_part{"export.add_part", R"sql(
    with part as (insert into export_part (export_id, number, content) values ($1, $2, $3))
    update export_job set rows = rows + $4, bytes = bytes + octet_length($3) where id = $1)sql"};

const Sql<std::string(ExportId, std::int64_t)> get_export_part{"export.part", "select content from export_part where export_id = $1 and number = $2"};

const Sql<ProductType()> all_types{"export.types", "select * from product_type order by key"};

const Sql<std::string()> all_axes{"export.axes", R"sql(
    select distinct o->>'name' from product, jsonb_array_elements(staged->'options') o order by 1)sql"};

const Sql<ProductRow(Uuid, std::optional<Status>, int)> products_after{"export.products", R"sql(
    select * from product where id > $1 and ($2::text is null or status = $2) order by id limit $3)sql"};

const Sql<void()> forget_old_imports{"import.forget", R"sql(
    delete from import_job b where finished_at < now() - interval '7 days' or not exists (select from gravity.job j where j.id = b.job_id))sql"};
const Sql<void()> forget_old_exports{"export.forget", R"sql(
    delete from export_job b where finished_at < now() - interval '7 days' or not exists (select from gravity.job j where j.id = b.job_id))sql"};

} // namespace gravity::product_catalog
