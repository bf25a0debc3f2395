#include "audit_api.hpp"

#include "access.hpp"
#include "audit_store.hpp"
#include "audit_text.hpp"

#include <gravity/async/coroutine.hpp>
#include <gravity/http/exchange.hpp>

namespace gravity::project::audit {
namespace {

/// Whose entries: an organisation's, or those of the project itself.
struct Book {
    ProjectId project;
    std::string subject;
    std::optional<OrganizationId> organization;
};

Page<AuditEntry> read(Tx& tx, const std::optional<OrganizationId>& organization, const ListAudit& query) {
    return organization ? tx.page(list_audit_of_organization, query, *organization) : tx.page(list_audit_of_project, query);
}

void check_reader(Tx& tx, const Caller& caller, const OrganizationId& organization) { check_access(tx, caller, organization, Right::administer); }

// A page is a transaction: however long the file, nothing is held while a slow client reads it.
Task<void> write_entries(Ctx& ctx, http::BodyWriter& out, Book book, ExportAudit asked) {
    ListAudit query;
    static_cast<AuditFilter&>(query) = asked;
    query.limit = 200;
    co_await out.write(audit_head(asked.format));
    for (bool more = true; more;) {
        pg::Scope scope = pg::Scope::project(book.project, book.subject);
        const Page<AuditEntry> page = co_await ctx.in_scope(std::move(scope), read, book.organization, query);
        std::string text;
        for (const AuditEntry& entry : page.items) text += audit_line(entry, asked.format);
        co_await out.write(text);
        more = page.next_cursor.has_value();
        if (more) query.cursor = Text<1, 1000>::parse(*page.next_cursor).or_throw();
    }
}

Streamed as_file(Book book, const ExportAudit& asked) {
    const bool csv = asked.format == AuditFormat::csv;
    return Streamed(csv ? "text/csv; charset=utf-8" : "application/x-ndjson", csv ? "audit.csv" : "audit.ndjson").by(write_entries, std::move(book), asked);
}

} // namespace

Page<AuditEntry> of_organization(Tx& tx, Caller caller, Path<"id", OrganizationId> id, Params<ListAudit> query) {
    check_reader(tx, caller, *id);
    return read(tx, *id, *query);
}

Task<Streamed> export_of_organization(Ctx& ctx, Caller caller, Path<"id", OrganizationId> id, Params<ExportAudit> query) {
    co_await ctx.transaction(check_reader, caller, *id);
    Book book{caller.project, caller.subject, *id};
    co_return as_file(std::move(book), *query);
}

Task<Page<AuditEntry>> of_project(Ctx& ctx, Caller caller, Path<"id", ProjectId> id, Params<ListAudit> query, Given<ProjectDoor> door) {
    const ProjectId project = *id;
    co_await door->enter(ctx, caller, project, Access::administer);
    pg::Scope measured = pg::Scope::project(project, caller.subject);
    const std::optional<OrganizationId> none;
    Page<AuditEntry> page = co_await ctx.in_scope(std::move(measured), read, none, *query);
    co_return page;
}

Task<Streamed> export_of_project(Ctx& ctx, Caller caller, Path<"id", ProjectId> id, Params<ExportAudit> query, Given<ProjectDoor> door) {
    const ProjectId project = *id;
    co_await door->enter(ctx, caller, project, Access::administer);
    Book book{project, caller.subject, {}};
    co_return as_file(std::move(book), *query);
}

} // namespace gravity::project::audit
