#pragma once

#include "imports_model.hpp"
#include "types_model.hpp"

#include <gravity/pg/tx.hpp>

/// Statements of bulk import and export, by name. Their text is in imports_store.cpp and nowhere else.
namespace gravity::product_catalog {

// ---- import

struct ImportInsert {
    ImportId id;
    BulkFormat format = BulkFormat::csv;
    bool dry_run = false;
    bool publish = false;
    OnError on_error = OnError::keep_good;
    std::vector<std::string> columns; // of CSV
    JobId job_id;
};
BOOST_DESCRIBE_STRUCT(ImportInsert, (), (id, format, dry_run, publish, on_error, columns, job_id))

struct ImportColumns {
    std::vector<std::string> columns;
};
BOOST_DESCRIBE_STRUCT(ImportColumns, (), (columns))

extern const Sql<void(ImportInsert)> insert_import;
extern const Sql<Import(ImportId)> get_import;
extern const Sql<JobId(ImportId)> job_of_import;
struct ListImports : PageQuery {};
BOOST_DESCRIBE_STRUCT(ListImports, (PageQuery), ())
extern const Sql<Import(ListImports)> list_imports;
extern const Sql<ImportColumns(ImportId)> get_import_columns;
/// Counts what was added.
extern const Sql<void(ImportId, std::vector<ImportRow>)> add_import_rows;
extern const Sql<void(ImportId, std::int64_t)> set_import_rows;
/// The next rows that wait, from a number on; held until the end of the transaction.
extern const Sql<ImportRow(ImportId, std::int64_t, int)> next_import_rows;

struct RowDone {
    std::int64_t number = 0;
    std::optional<ProductId> product_id;
};
BOOST_DESCRIBE_STRUCT(RowDone, (), (number, product_id))
extern const Sql<void(ImportId, std::vector<RowDone>)> mark_rows_good;
struct RowFailed {
    std::int64_t number = 0;
    std::string pointer, detail, problem;
};
BOOST_DESCRIBE_STRUCT(RowFailed, (), (number, pointer, detail, problem))
extern const Sql<void(ImportId, std::vector<RowFailed>)> mark_rows_bad;
/// Of an import that keeps all or nothing: rows that would do, and all of them waiting again to be applied.
extern const Sql<void(ImportId, std::vector<RowDone>)> mark_rows_tried;
extern const Sql<void(ImportId)> unmark_tried_rows;
extern const Sql<void(ImportId, BulkState, std::optional<std::string>)> set_import_state;
extern const Sql<void(ImportId, std::int64_t)> count_import_published;
/// Products that the import touched, from an id on.
extern const Sql<ProductId(ImportId, Uuid, int)> imported_products;

struct ListBadRows : PageQuery {};
BOOST_DESCRIBE_STRUCT(ListBadRows, (PageQuery), ())
struct BadRowAt : BadRow {
    std::int64_t number = 0;
};
BOOST_DESCRIBE_STRUCT(BadRowAt, (BadRow), (number))
extern const Sql<BadRowAt(ListBadRows, ImportId)> list_bad_rows;
extern const Sql<BadRowAt(ImportId, std::int64_t, int)> bad_rows_from;

struct ProductAt {
    std::string slug;
    ProductId id;
    std::optional<ProductTypeId> type_id;
};
BOOST_DESCRIBE_STRUCT(ProductAt, (), (slug, id, type_id))
/// Whose drafts have these slugs, in the base language.
extern const Sql<ProductAt(std::string, std::vector<std::string>)> products_by_slugs;
struct VariantBySku : Variant {
    std::string wanted; // the SKU as it was asked for
};
BOOST_DESCRIBE_STRUCT(VariantBySku, (Variant), (wanted))
/// Of these SKUs, those that the product has.
extern const Sql<VariantBySku(ProductId, std::vector<std::string>)> variants_of_skus;
extern const Sql<ProductTypeId(std::string)> type_by_key;

// ---- export

extern const Sql<void(ExportId, StartExport, JobId)> insert_export;
extern const Sql<Export(ExportId)> get_export;
struct ListExports : PageQuery {};
BOOST_DESCRIBE_STRUCT(ListExports, (PageQuery), ())
extern const Sql<Export(ListExports)> list_exports;
extern const Sql<void(ExportId, BulkState)> set_export_state;
extern const Sql<void(ExportId, std::vector<std::string>)> set_export_columns;
extern const Sql<ImportColumns(ExportId)> get_export_columns;
extern const Sql<void(ExportId, std::int64_t, std::string, std::int64_t)> add_export_part;
extern const Sql<std::string(ExportId, std::int64_t)> get_export_part;
extern const Sql<ProductType()> all_types;
/// Names of the option axes of all products.
extern const Sql<std::string()> all_axes;
extern const Sql<ProductRow(Uuid, std::optional<Status>, int)> products_after;
/// Forgets imports and exports that ended more than a week ago, as their jobs are forgotten.
extern const Sql<void()> forget_old_imports;
extern const Sql<void()> forget_old_exports;

} // namespace gravity::product_catalog

GRAVITY_TABLES(product_catalog, ImportInsert, ImportColumns, ListImports, RowDone, RowFailed, ListBadRows, BadRowAt, ProductAt, VariantBySku, ListExports)
