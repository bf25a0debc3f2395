#include "imports_job.hpp"

#include "csv.hpp"
#include "imports_domain.hpp"
#include "imports_rows.hpp"
#include "imports_store.hpp"
#include "problems.hpp"
#include "products_api.hpp"
#include "products_store.hpp"
#include "types_store.hpp"

#include <gravity/async/coroutine.hpp>
#include <gravity/base/testpoint.hpp>

#include <algorithm>

namespace gravity::product_catalog {
namespace {

constexpr int batch_rows = 100;
constexpr int whole_rows = 1'000;   // read at a time where all is one transaction
constexpr Writing both_ways[] = {Writing::together, Writing::one_by_one};
constexpr int published_at_once = 20; // products

// ---- batches

struct BatchDone {
    std::int64_t next = 0; // number of the row to go on from
    int rows = 0;          // 0: there are none left
};
BOOST_DESCRIBE_STRUCT(BatchDone, (), (next, rows))

/// Rolls back what a dry run has done, once it is known to be good.
struct RolledBack : std::exception {
    explicit RolledBack(std::vector<RowDone> done) : rows(std::move(done)) {}
    std::vector<RowDone> rows;
};

BatchDone apply_batch(Tx& tx, Settings* settings, Import import, std::int64_t from, int limit, Writing writing, bool keep) {
    const auto rows = tx.all(next_import_rows, import.id, from, limit);
    if (rows.empty()) return {from, 0};
    auto done = apply_rows(tx, *settings, import, rows, writing);
    GRAVITY_TESTPOINT("import.rows_applied");
    if (!keep) {
        for (RowDone& row : done) row.product_id.reset(); // what it named was rolled back
        throw RolledBack(std::move(done));
    }
    tx.exec(mark_rows_good, import.id, done);
    return {rows.back().number + 1, static_cast<int>(rows.size())};
}

void mark_bad(Tx& tx, ImportId id, RowFailed row) { tx.exec(mark_rows_bad, id, {row}); }
void mark_good(Tx& tx, ImportId id, std::vector<RowDone> rows) { tx.exec(mark_rows_good, id, rows); }
void mark_tried(Tx& tx, ImportId id, std::vector<RowDone> rows) { tx.exec(mark_rows_tried, id, rows); }

/// All waiting rows, batch by batch. A batch with a bad row is done again row by row, so that its good ones count and the bad ones are named.
Task<void> run_batches(JobCtx& job, Import import, bool keep) {
    Settings* settings = &job.get<Settings>();
    const auto mark = import.dry_run ? mark_good : mark_tried; // what was rolled back
    std::int64_t from = 0;
    std::int64_t single_until = 0; // rows before this number are taken one at a time
    for (;;) {
        const Writing writing = from < single_until ? Writing::one_by_one : Writing::together;
        const int limit = writing == Writing::one_by_one ? 1 : batch_rows;
        BatchDone done;
        std::optional<RowFailed> bad;
        std::optional<RolledBack> tried;
        try {
            done = co_await job.transaction(apply_batch, settings, import, from, limit, writing, keep);
        } catch (const BadRowFound& found) {
            bad = found.row;
        } catch (const RolledBack& rolled) {
            tried = rolled;
        }
        if (bad && writing == Writing::together) {
            single_until = from + batch_rows;
            continue;
        }
        if (bad) {
            const std::int64_t number = bad->number;
            co_await job.transaction(mark_bad, import.id, *bad);
            from = number + 1;
        } else if (tried) {
            const std::int64_t last = tried->rows.back().number;
            co_await job.transaction(mark, import.id, tried->rows);
            from = last + 1;
        } else if (done.rows == 0) {
            break;
        } else {
            from = done.next;
        }
        GRAVITY_TESTPOINT("import.batch_done");
        if (import.rows > 0) job.progress(std::min(0.99, static_cast<double>(from) / static_cast<double>(import.rows)));
    }
}

/// That a whole was applied, noted in the transaction of its effect.
struct Applied {
    bool applied = true;
};
BOOST_DESCRIBE_STRUCT(Applied, (), (applied))

Applied apply_whole(Tx& tx, Settings* settings, Import import, Writing writing) {
    tx.exec(unmark_tried_rows, import.id);
    for (std::int64_t from = 0;;) {
        const BatchDone done = apply_batch(tx, settings, import, from, whole_rows, writing, true);
        if (done.rows == 0) return {};
        GRAVITY_TESTPOINT("import.part_applied");
        from = done.next;
    }
}

void finish_import(Tx& tx, ImportId id, BulkState state, std::optional<std::string> problem) { tx.exec(set_import_state, id, state, problem); }
Import read_import(Tx& tx, ImportId id) { return tx.one(get_import, id); }

// ---- publishing what was imported

std::vector<ProductId> next_products(Tx& tx, ImportId id, Uuid after) { return tx.all(imported_products, id, after, published_at_once); }

void publish_products(Tx& tx, Settings* settings, ImportId import, std::vector<ProductId> ids) {
    std::int64_t published = 0;
    for (const ProductId id : ids) {
        try {
            products::publish_one(tx, Path<"id", ProductId>{id}, IfMatch{}, Given<Settings>{settings});
            ++published;
        } catch (const Refusal& refusal) { // before anything was written
            if (refusal.problem().slug != nothing_to_publish.slug) throw;
        }
    }
    tx.exec(count_import_published, import, published);
}

/// The first reason why a product could not be published, if any could not. Some go together; if one of them cannot, each by itself.
Task<std::optional<std::string>> publish_imported(JobCtx& job, Import import) {
    Settings* settings = &job.get<Settings>();
    std::optional<std::string> first;
    Uuid after;
    for (;;) {
        const std::vector<ProductId> ids = co_await job.transaction(next_products, import.id, after);
        if (ids.empty()) break;
        std::vector<std::vector<ProductId>> groups{ids};
        for (std::size_t i = 0; i < groups.size(); ++i) {
            const std::vector<ProductId> group = groups[i];
            std::optional<std::string> refused;
            try {
                co_await job.transaction(publish_products, settings, import.id, group);
                GRAVITY_TESTPOINT("import.products_published");
            } catch (const Refusal& refusal) {
                if (refusal.problem().status >= 500) throw;
                refused = refusal.what();
            }
            if (!refused) continue;
            if (group.size() > 1)
                for (const ProductId id : group) groups.push_back({id});
            else if (!first)
                first = "Not every product could be published: " + group.front().to_string() + ": " + *refused;
        }
        after = ids.back().uuid();
    }
    co_return first;
}

} // namespace

Task<void> run_import(JobCtx& job, RunImport input) {
    Import import = co_await job.transaction(read_import, input.import_id);
    if (import.state == BulkState::done || import.state == BulkState::failed) co_return;
    const bool whole = import.on_error == OnError::all_or_nothing && !import.dry_run;
    const bool keep = !import.dry_run && !whole;
    const bool applied = job.checkpoint<Applied>().has_value();
    if (!applied) co_await run_batches(job, import, keep);
    import = co_await job.transaction(read_import, input.import_id);
    std::optional<std::string> problem;
    BulkState state = BulkState::done;
    if (applied) {
        // An earlier attempt came this far; what is left is to publish and to say so.
    } else if (whole && import.bad > 0) {
        problem = "Some rows are bad, so none was kept";
        state = BulkState::failed;
    } else if (whole) {
        // Everything was tried and would do: now once more, all in one transaction; if a row proves bad there, again to tell which.
        Settings* settings = &job.get<Settings>();
        std::optional<RowFailed> bad;
        for (const Writing writing : both_ways) {
            bad.reset();
            try {
                co_await job.checkpointed(apply_whole, settings, import, writing);
                GRAVITY_TESTPOINT("import.whole_applied");
            } catch (const BadRowFound& found) {
                bad = found.row;
            }
            if (!bad) break;
        }
        if (bad) {
            problem = "Some rows are bad, so none was kept";
            state = BulkState::failed;
            co_await job.transaction(mark_bad, import.id, *bad);
        }
    }
    if (state == BulkState::done && import.publish && !import.dry_run) problem = co_await publish_imported(job, import);
    co_await job.transaction(finish_import, import.id, state, problem);
    GRAVITY_TESTPOINT("import.ended");
    const Import finished = co_await job.transaction(read_import, input.import_id);
    job.result(finished);
}

// ---- export

namespace {

/// Where an export goes on from.
struct ExportPlace {
    Uuid after;
    std::int64_t part = 0;
    bool finished = false;
};
BOOST_DESCRIBE_STRUCT(ExportPlace, (), (after, part, finished))

std::string csv_text(const std::vector<std::vector<std::string>>& rows) {
    std::string text;
    for (const auto& row : rows) text += csv::line(row);
    return text;
}

ExportPlace begin_export(Tx& tx, Settings* settings, Export of) {
    GRAVITY_TESTPOINT("export.begins");
    tx.exec(set_export_state, of.id, BulkState::running);
    if (of.format == BulkFormat::ndjson) return {Uuid(), 0, false};
    std::vector<std::string> langs;
    for (const Locale& lang : settings->langs.all())
        if (lang != settings->langs.base()) langs.push_back(lang.str());
    std::vector<AttributeDef> defs;
    for (const ProductType& type : tx.all(all_types))
        for (const AttributeDef& def : type.attributes)
            if (find_attribute(defs, def.name.view()) == nullptr) defs.push_back(def);
    const auto columns = bulk::export_columns(langs, tx.all(all_axes), defs);
    tx.exec(set_export_columns, of.id, columns);
    tx.exec(add_export_part, of.id, 0, csv_text({columns}), 0);
    return {Uuid(), 1, false};
}

ExportPlace export_batch(Tx& tx, Export of, ExportPlace from) {
    const auto rows = tx.all(products_after, from.after, of.status, batch_rows / 2);
    if (rows.empty()) {
        tx.exec(set_export_state, of.id, BulkState::done);
        return {from.after, from.part, true};
    }
    const auto columns = tx.one(get_export_columns, of.id).columns;
    std::string text;
    std::int64_t lines = 0;
    for (const ProductRow& row : rows) {
        std::string key;
        std::vector<AttributeDef> defs;
        if (row.type_id) {
            const ProductType type = tx.one(get_type, *row.type_id);
            key = type.key.str();
            defs = type.attributes;
        }
        const auto variants = tx.all(all_variants, row.id);
        const Product product = shown(row);
        if (of.format == BulkFormat::ndjson) {
            text += bulk::export_line(product, key, variants).dump() + "\n";
            ++lines;
        } else {
            const auto made = bulk::export_rows(columns, product, key, variants, defs);
            text += csv_text(made);
            lines += static_cast<std::int64_t>(made.size());
        }
    }
    tx.exec(add_export_part, of.id, from.part, text, lines);
    return {rows.back().id.uuid(), from.part + 1, false};
}

Export read_export(Tx& tx, ExportId id) { return tx.one(get_export, id); }

} // namespace

Task<void> run_export(JobCtx& job, RunExport input) {
    const Export of = co_await job.transaction(read_export, input.export_id);
    Settings* settings = &job.get<Settings>();
    std::optional<ExportPlace> place = job.checkpoint<ExportPlace>();
    if (!place) place = co_await job.checkpointed(begin_export, settings, of);
    while (!place->finished) place = co_await job.checkpointed(export_batch, of, *place);
    const Export finished = co_await job.transaction(read_export, input.export_id);
    job.result(finished);
}

} // namespace gravity::product_catalog
