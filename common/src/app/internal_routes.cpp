#include "app/internal_routes.hpp"

#include <gravity/async/coroutine.hpp>
#include <gravity/events/consumers.hpp>

#include <algorithm>

namespace gravity::app {

/// What was removed of a project, by table.
struct ProjectDataDeleted {
    ProjectId project;
    std::map<std::string, std::int64_t> removed;
    std::int64_t rows = 0;
};
BOOST_DESCRIBE_STRUCT(ProjectDataDeleted, (), (project, removed, rows))

struct DeadLetters {
    std::vector<events::DeadLetter> items;
};
BOOST_DESCRIBE_STRUCT(DeadLetters, (), (items))

struct Replay {
    std::optional<std::string> id; // absent: all
};
BOOST_DESCRIBE_STRUCT(Replay, (), (id))

struct Replayed {
    std::int64_t count = 0;
};
BOOST_DESCRIBE_STRUCT(Replayed, (), (count))

namespace {

constexpr std::int64_t rows_a_step = 5'000;

struct Table {
    std::string name;
    bool refers_to_itself = false;
};
BOOST_DESCRIBE_STRUCT(Table, (), (name, refers_to_itself))

const Sql<Table()> isolated_tables{"gravity.purge.tables", "select name, refers_to_itself from gravity.isolated_tables()"};
const Sql<std::int64_t(std::string, std::optional<std::int64_t>)> purge_some{"gravity.purge.some", "select gravity.purge_some($1, $2)"};
// What was announced and not been published yet still has to be: without it the producer's numbers would have a gap.
const Sql<void()> purge_outbox{"gravity.purge.outbox", "delete from gravity.outbox where project = gravity.current_project() and published_at is not null"};
const Sql<void()> note_purge{"gravity.purge.note", R"sql(
    insert into gravity.project (id, purged_at) values (gravity.current_project(), now()) on conflict (id) do update set purged_at = excluded.purged_at)sql"};

std::vector<Table> list_tables(Tx& tx) { return tx.all(isolated_tables); }

std::int64_t remove_some(Tx& tx, Table table) {
    if (table.name == "gravity.outbox") return tx.exec(purge_outbox);
    // Rows that refer to rows of the same table can only go together.
    return tx.one(purge_some, table.name, table.refers_to_itself ? std::nullopt : std::optional<std::int64_t>(rows_a_step));
}

void announce(Tx& tx, ProjectDataDeleted deleted, std::string type) {
    tx.exec(note_purge);
    tx.emit_as(type, deleted, deleted.project.to_string());
}

// The tables are those that the policies protect, so none can be forgotten. May be called again: then it counts what has come since.
Task<ProjectDataDeleted> purge_project(Ctx& ctx, Path<"id", ProjectId> id) {
    const ProjectId project = *id;
    const pg::Scope scope = pg::Scope::project(project, ctx.caller()->subject);
    ProjectDataDeleted deleted{project, {}, 0};
    const std::vector<Table> tables = co_await ctx.in_scope(scope, list_tables);
    for (const Table& table : tables) {
        std::int64_t rows = 0, total = 0;
        do {
            rows = co_await ctx.in_scope(scope, remove_some, table);
            total += rows;
        } while (rows >= rows_a_step && !table.refers_to_itself && table.name != "gravity.outbox");
        if (total > 0) deleted.removed[table.name] = total;
        deleted.rows += total;
    }
    const std::string type = ctx.get<ServiceName>().event_type("project_data.deleted");
    co_await ctx.in_scope(scope, announce, deleted, type);
    co_return deleted;
}

constexpr Problem no_events{409, "no-events", "No events are heard here: EVENTS_URL is not set"};

events::Consumers& consumers_of(const Ctx& ctx) {
    if (auto* consumers = ctx.find<events::Consumers>()) return *consumers;
    throw Refusal(no_events);
}

Task<DeadLetters> list_dead_letters(Ctx& ctx) {
    DeadLetters letters;
    letters.items = co_await consumers_of(ctx).dead_letters(200);
    co_return letters;
}

Task<Replayed> replay_dead_letters(Ctx& ctx, Body<Replay> which) {
    std::string id = which->id.value_or("");
    const std::int64_t count = co_await consumers_of(ctx).replay(std::move(id));
    if (count == 0 && which->id) throw Refusal(problems::not_found);
    co_return Replayed{count};
}

} // namespace

std::string ServiceName::event_type(std::string_view what) const {
    std::string id = text;
    std::replace(id.begin(), id.end(), '-', '_');
    return "gravity." + id + "." + std::string(what);
}

void add_internal_routes(Router& router, const Definition& definition) {
    if (definition.uses_postgres)
        router.collection("/internal", "projects")
            .del<purge_project>("/projects/{id}", {.summary = "Remove all data of a project, with counts", .scope = "projects:purge", .timeout_ms = 600'000});
    if (definition.consumers.empty()) return;
    auto letters = router.collection("/internal/dead-letters", "dead-letters");
    letters.get<list_dead_letters>("", {.summary = "Events this service could not handle, oldest first", .problems = {no_events}, .scope = "events:admin"});
    letters.post<replay_dead_letters>(
        "/replay", {.summary = "Handle dead letters once more: one, or all", .problems = {no_events, problems::not_found}, .scope = "events:admin"});
}

} // namespace gravity::app
