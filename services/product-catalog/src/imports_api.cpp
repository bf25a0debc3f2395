#include "imports_api.hpp"

#include "csv.hpp"
#include "imports_domain.hpp"
#include "imports_job.hpp"
#include "imports_store.hpp"
#include "problems.hpp"

#include <gravity/async/coroutine.hpp>
#include <gravity/base/ascii.hpp>
#include <gravity/base/utf8.hpp>
#include <gravity/service.hpp>

namespace gravity::product_catalog::bulk {
namespace {

constexpr std::size_t stored_at_once = 1'000;
constexpr std::int64_t max_rows = 1'000'000;

BulkFormat format_of(const StartImport& start, std::string_view content_type) {
    if (start.format) return *start.format;
    const auto type = ascii::trim(content_type.substr(0, content_type.find(';')));
    if (ascii::iequals(type, "text/csv")) return BulkFormat::csv;
    if (ascii::iequals(type, "application/x-ndjson") || ascii::iequals(type, "application/jsonl")) return BulkFormat::ndjson;
    throw Refusal(problems::unsupported_media_type, "Send text/csv or application/x-ndjson, or name the format");
}

/// Stores rows as they are read, some at a time.
class Rows {
public:
    Rows(Tx& tx, ImportId id) : tx_(tx), id_(id) {}
    void add(std::int64_t line, Json body) {
        if (count_ == max_rows) throw Refusal(file_unreadable, "The file has more than " + std::to_string(max_rows) + " rows");
        waiting_.push_back({count_++, line, std::move(body)});
        if (waiting_.size() == stored_at_once) store();
    }
    std::int64_t finish() {
        store();
        tx_.exec(set_import_rows, id_, count_);
        return count_;
    }

private:
    void store() {
        if (!waiting_.empty()) tx_.exec(add_import_rows, id_, waiting_);
        waiting_.clear();
    }
    Tx& tx_;
    ImportId id_;
    std::vector<ImportRow> waiting_;
    std::int64_t count_ = 0;
};

void take_csv(Tx& tx, ImportInsert import, const SpooledBody& body) {
    csv::Reader reader;
    std::optional<Rows> rows;
    const auto drain = [&] {
        while (auto record = reader.next()) {
            for (std::string& field : record->fields) {
                if (!utf8::valid(field)) throw Refusal(file_unreadable, "line " + std::to_string(record->line) + ": is not UTF-8");
                field = csv::unguarded(field);
            }
            if (!rows) {
                try {
                    import.columns = bulk::Columns(record->fields).names();
                } catch (const bulk::RowFault& fault) {
                    throw Refusal(file_unreadable, "line " + std::to_string(record->line) + ": " + fault.pointer.substr(1) + " " + fault.detail);
                }
                tx.exec(insert_import, import);
                rows.emplace(tx, import.id);
                continue;
            }
            Json fields = Json::array();
            for (std::string& field : record->fields) fields.push_back(Json(std::move(field)));
            rows->add(static_cast<std::int64_t>(record->line), std::move(fields));
        }
        if (reader.fault()) throw Refusal(file_unreadable, *reader.fault());
    };
    for (std::uint64_t at = 0;;) {
        const std::string piece = body.read(at, 64 * 1024);
        if (piece.empty()) break;
        at += piece.size();
        reader.feed(piece);
        drain();
    }
    reader.end();
    drain();
    if (!rows) throw Refusal(file_unreadable, "The file is empty: its first line names the columns");
    rows->finish();
}

void take_ndjson(Tx& tx, const ImportInsert& import, const SpooledBody& body) {
    constexpr std::size_t max_line = 16u << 20;
    tx.exec(insert_import, import);
    Rows rows(tx, import.id);
    std::string rest;
    std::int64_t number = 0;
    const auto take = [&](std::string_view line) {
        ++number;
        if (ascii::trim(line).empty()) return;
        auto document = Json::parse(line);
        if (!document) throw Refusal(file_unreadable, "line " + std::to_string(number) + ": " + document.why());
        rows.add(number, *std::move(document));
    };
    for (std::uint64_t at = 0;;) {
        const std::string piece = body.read(at, 64 * 1024);
        if (piece.empty()) break;
        at += piece.size();
        rest += piece;
        std::size_t begin = 0;
        for (auto end = rest.find('\n'); end != std::string::npos; end = rest.find('\n', begin)) {
            take(std::string_view(rest).substr(begin, end - begin));
            begin = end + 1;
        }
        rest.erase(0, begin);
        if (rest.size() > max_line) throw Refusal(file_unreadable, "line " + std::to_string(number + 1) + ": is longer than 16 MiB");
    }
    if (!rest.empty()) take(rest);
    rows.finish();
}

// ---- the report as a file

std::vector<BadRowAt> read_bad(Tx& tx, ImportId id, std::int64_t after) { return tx.all(bad_rows_from, id, after, 1'000); }

Task<void> write_report(Ctx& ctx, http::BodyWriter& out, ImportId id) {
    std::string text = csv::line({"line", "pointer", "problem", "detail"});
    for (std::int64_t after = -1;;) {
        const std::vector<BadRowAt> rows = co_await ctx.transaction(read_bad, id, after);
        for (const BadRowAt& row : rows) text += csv::line({std::to_string(row.line), row.pointer, row.problem, row.detail});
        co_await out.write(text);
        text.clear();
        if (rows.empty()) break;
        after = rows.back().number;
    }
}

Import look_at_import(Tx& tx, ImportId id) { return tx.one(product_catalog::get_import, id); }

// ---- export

std::optional<std::string> read_part(Tx& tx, ExportId id, std::int64_t number) { return tx.maybe(get_export_part, id, number); }

Task<void> write_file(Ctx& ctx, http::BodyWriter& out, ExportId id) {
    for (std::int64_t number = 0;; ++number) {
        const std::optional<std::string> part = co_await ctx.transaction(read_part, id, number);
        if (part) co_await out.write(*part);
        if (!part && number > 0) break; // NDJSON has no part 0 of its own if there is nothing to tell
        if (!part) break;
    }
}

Export look_at_export(Tx& tx, ExportId id) {
    Export found = tx.one(product_catalog::get_export, id);
    if (found.state != BulkState::done) throw Refusal(export_not_done);
    return found;
}

} // namespace

Accepted<Import> start_import(Tx& tx, Params<StartImport> start, SpooledBody body) {
    const BulkFormat format = format_of(*start, body.content_type());
    const ImportId id = tx.new_id<ImportId>();
    tx.exec(forget_old_imports);
    const ImportInsert import{id, format, start->dry_run, start->publish, start->on_error, {}, tx.enqueue(RunImport{id}).id};
    if (import.format == BulkFormat::csv)
        take_csv(tx, import, body);
    else
        take_ndjson(tx, import, body);
    return tx.one(product_catalog::get_import, id);
}

Import get_import(Tx& tx, Path<"id", ImportId> id) { return tx.one(product_catalog::get_import, *id); }

Import cancel_import(Tx& tx, Path<"id", ImportId> id) {
    if (!tx.one(product_catalog::get_import, *id).finished_at) jobs::cancel(tx, RunImport::job, tx.one(job_of_import, *id));
    return tx.one(product_catalog::get_import, *id);
}

Page<Import> list_imports(Tx& tx, Params<ListImports> query) { return tx.page(product_catalog::list_imports, *query); }

Page<BadRowAt> bad_rows(Tx& tx, Path<"id", ImportId> id, Params<ListBadRows> query) {
    tx.one(product_catalog::get_import, *id);
    return tx.page(list_bad_rows, *query, *id);
}

Task<Streamed> report(Ctx& ctx, Path<"id", ImportId> id) {
    co_await ctx.transaction(look_at_import, *id);
    co_return Streamed("text/csv; charset=utf-8", "import-report.csv").by(write_report, *id);
}

Accepted<Export> start_export(Tx& tx, Body<StartExport> start) {
    const ExportId id = tx.new_id<ExportId>();
    tx.exec(forget_old_exports);
    tx.exec(insert_export, id, *start, tx.enqueue(RunExport{id}).id);
    return tx.one(product_catalog::get_export, id);
}

Export get_export(Tx& tx, Path<"id", ExportId> id) { return tx.one(product_catalog::get_export, *id); }

Page<Export> list_exports(Tx& tx, Params<ListExports> query) { return tx.page(product_catalog::list_exports, *query); }

Task<Streamed> exported_file(Ctx& ctx, Path<"id", ExportId> id) {
    const Export of = co_await ctx.transaction(look_at_export, *id);
    const bool csv = of.format == BulkFormat::csv;
    co_return Streamed(csv ? "text/csv; charset=utf-8" : "application/x-ndjson", csv ? "products.csv" : "products.ndjson").by(write_file, *id);
}

} // namespace gravity::product_catalog::bulk
