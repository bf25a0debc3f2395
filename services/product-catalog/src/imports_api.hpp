#pragma once

#include "imports_store.hpp"

#include <gravity/handlers.hpp>
#include <gravity/http/upload.hpp>

/// Handlers of bulk import and export.
namespace gravity::product_catalog::bulk {

Accepted<Import> start_import(Tx& tx, Params<StartImport> start, SpooledBody body);
Import get_import(Tx& tx, Path<"id", ImportId> id);
/// What it has kept stays; an import that keeps all or nothing keeps nothing.
Import cancel_import(Tx& tx, Path<"id", ImportId> id);
Page<Import> list_imports(Tx& tx, Params<ListImports> query);
Page<BadRowAt> bad_rows(Tx& tx, Path<"id", ImportId> id, Params<ListBadRows> query);
/// The bad rows as a CSV file.
Task<Streamed> report(Ctx& ctx, Path<"id", ImportId> id);

Accepted<Export> start_export(Tx& tx, Body<StartExport> start);
Export get_export(Tx& tx, Path<"id", ExportId> id);
Page<Export> list_exports(Tx& tx, Params<ListExports> query);
Task<Streamed> exported_file(Ctx& ctx, Path<"id", ExportId> id);

} // namespace gravity::product_catalog::bulk
