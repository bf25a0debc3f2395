#pragma once

#include "products_model.hpp"

#include <gravity/handlers.hpp>

/// Bulk import and export.
namespace gravity::product_catalog {

using ImportId = Id<"product_import">;
using ExportId = Id<"product_export">;

enum class BulkFormat {
    csv,
    ndjson
};
BOOST_DESCRIBE_ENUM(BulkFormat, csv, ndjson)

/// What becomes of the good rows when others are bad.
enum class OnError {
    keep_good,
    all_or_nothing
};
BOOST_DESCRIBE_ENUM(OnError, keep_good, all_or_nothing)

enum class BulkState {
    waiting,
    running,
    done,
    failed,
    cancelled
};
BOOST_DESCRIBE_ENUM(BulkState, waiting, running, done, failed, cancelled)

struct StartImport {
    std::optional<BulkFormat> format; // absent: by the Content-Type, text/csv or application/x-ndjson
    Default<false> dry_run;           // everything is checked and nothing kept
    Default<false> publish;           // the products touched, when all rows are in
    Default<OnError::keep_good> on_error;
};
BOOST_DESCRIBE_STRUCT(StartImport, (), (format, dry_run, publish, on_error))

struct Import {
    ImportId id;
    BulkFormat format = BulkFormat::csv;
    bool dry_run = false;
    bool publish = false;
    OnError on_error = OnError::keep_good;
    BulkState state = BulkState::waiting;
    double progress = 0;         // 0 to 1
    std::int64_t rows = 0;
    std::int64_t good = 0;       // applied; of a dry run: would be
    std::int64_t bad = 0;
    std::int64_t published = 0;
    std::optional<std::string> problem; // why it failed as a whole
    Timestamp created_at;
    std::optional<Timestamp> finished_at;
};
BOOST_DESCRIBE_STRUCT(Import, (), (id, format, dry_run, publish, on_error, state, progress, rows, good, bad, published, problem, created_at, finished_at))

/// One thing that is wrong with one row.
struct BadRow {
    std::int64_t line = 0;  // of the file, where the row begins
    std::string pointer;    // a column of the CSV ("/sku"), a place in the NDJSON line
    std::string detail;
    std::string problem;    // the slug of its kind: "sku-taken"
};
BOOST_DESCRIBE_STRUCT(BadRow, (), (line, pointer, detail, problem))

struct StartExport {
    Default<BulkFormat::csv> format;
    std::optional<Status> status; // only products of it
};
BOOST_DESCRIBE_STRUCT(StartExport, (), (format, status))

struct Export {
    ExportId id;
    BulkFormat format = BulkFormat::csv;
    std::optional<Status> status;
    BulkState state = BulkState::waiting;
    std::int64_t rows = 0; // lines written so far, without the head
    std::int64_t bytes = 0;
    std::optional<std::string> problem; // why it failed
    Timestamp created_at;
    std::optional<Timestamp> finished_at;
};
BOOST_DESCRIBE_STRUCT(Export, (), (id, format, status, state, rows, bytes, problem, created_at, finished_at))

/// A row of an import as it waits.
struct ImportRow {
    std::int64_t number = 0;
    std::int64_t line = 0;
    Json body; // CSV: the fields; NDJSON: the object
};
BOOST_DESCRIBE_STRUCT(ImportRow, (), (number, line, body))

} // namespace gravity::product_catalog

GRAVITY_TABLES(product_catalog, ImportId, ExportId, BulkFormat, OnError, BulkState, StartImport, Import, BadRow, StartExport, Export, ImportRow)
