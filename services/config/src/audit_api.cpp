#include "audit_api.hpp"

#include "audit_store.hpp"
#include "audit_text.hpp"

#include <gravity/async/coroutine.hpp>
#include <gravity/http/exchange.hpp>

namespace gravity::config::audit {
namespace {

Page<AuditEntry> read_entries(Tx& tx, const ListAudit& query) { return tx.page(list_audit, query); }

// A page is a transaction: however long the file, nothing is held while a slow client reads it.
Task<void> write_entries(Ctx& ctx, http::BodyWriter& out, ExportAudit asked) {
    ListAudit query;
    static_cast<AuditFilter&>(query) = asked;
    query.limit = 200;
    co_await out.write(audit_head(asked.format));
    for (bool more = true; more;) {
        const Page<AuditEntry> page = co_await ctx.transaction(read_entries, query);
        std::string text;
        for (const AuditEntry& entry : page.items) text += audit_line(entry, asked.format);
        co_await out.write(text);
        more = page.next_cursor.has_value();
        if (more) query.cursor = Text<1, 1000>::parse(*page.next_cursor).or_throw();
    }
}

} // namespace

Page<AuditEntry> list(Tx& tx, Params<ListAudit> query) { return tx.page(list_audit, *query); }

Task<Streamed> export_log(Ctx&, Params<ExportAudit> query) {
    const bool csv = query->format == AuditFormat::csv;
    co_return Streamed(csv ? "text/csv; charset=utf-8" : "application/x-ndjson", csv ? "audit.csv" : "audit.ndjson").by(write_entries, *query);
}

} // namespace gravity::config::audit
