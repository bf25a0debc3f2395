#pragma once

#include <gravity/base/caller.hpp>
#include <gravity/base/event.hpp>
#include <gravity/base/time.hpp>
#include <gravity/json/json.hpp>
#include <gravity/pg/copy.hpp>
#include <gravity/pg/job.hpp>
#include <gravity/pg/page.hpp>
#include <gravity/pg/sql.hpp>

#include <memory>
#include <span>
#include <type_traits>

namespace gravity {

class Tx;

namespace pg {

struct TxState; // src/pg/tx_state.hpp

/// Whose rows a transaction sees (row-level security).
class Scope {
public:
    static Scope project(ProjectId project, std::string caller = {});
    static Scope caller(const Caller& caller);
    /// Only the platform's own tables (outbox, jobs, leases): rows of services always need a project. The reason is logged.
    static Scope system(std::string_view reason);

    ProjectId project_id;
    std::string subject;
    bool is_system = false;
    std::string reason;
};

/// Refers to a function of a `Tx` that outlives it.
class WorkRef {
public:
    template <class F>
    WorkRef(const F& work) : object_(&work), call_([](const void* object, Tx& tx) { (*static_cast<const F*>(object))(tx); }) {}
    void operator()(Tx& tx) const { call_(object_, tx); }

private:
    const void* object_;
    void (*call_)(const void*, Tx&);
};

/// What waits for a commit.
struct AfterCommit {
    virtual ~AfterCommit() = default;
    virtual void run() = 0;
};

} // namespace pg

/// A unit of work on one database connection: opened at its first statement, committed after the handler returns, rolled back if it
/// throws. One thread at a time; never kept beyond the call it was passed to. There is no way to wait on a network or timer while holding one.
class Tx {
public:
    explicit Tx(pg::TxState& state) : state_(state) {}
    Tx(const Tx&) = delete;
    Tx& operator=(const Tx&) = delete;

    /// Exactly the row wanted; refuses with 404 if there is none.
    template <class Row, class... P>
    Row one(const Sql<Row(P...)>& sql, const std::type_identity_t<P>&... args) {
        Row row{};
        const meta::Ref refs[] = {meta::ref<P>(args)..., {}};
        if (!fetch(sql.statement(), std::span(refs, sizeof...(P)), meta::mutable_ref(row))) refuse_absent();
        return row;
    }
    template <class Row, class... P>
    std::optional<Row> maybe(const Sql<Row(P...)>& sql, const std::type_identity_t<P>&... args) {
        std::optional<Row> row{std::in_place};
        const meta::Ref refs[] = {meta::ref<P>(args)..., {}};
        if (!fetch(sql.statement(), std::span(refs, sizeof...(P)), meta::mutable_ref(*row))) row.reset();
        return row;
    }
    template <class Row, class... P>
    std::vector<Row> all(const Sql<Row(P...)>& sql, const std::type_identity_t<P>&... args) {
        std::vector<Row> rows;
        const meta::Ref refs[] = {meta::ref<P>(args)..., {}};
        fetch_all(sql.statement(), std::span(refs, sizeof...(P)), meta::mutable_ref(rows));
        return rows;
    }
    /// One page of a statement that ends in `$page(...)`.
    template <class Row, class... P>
    Page<Row> page(const Sql<Row(P...)>& sql, const std::type_identity_t<P>&... args) {
        Page<Row> page;
        const meta::Ref refs[] = {meta::ref<P>(args)..., {}};
        page.next_cursor = fetch_page(sql.statement(), std::span(refs, sizeof...(P)), meta::mutable_ref(page.items));
        return page;
    }
    /// Runs a statement without rows; how many rows it touched.
    template <class... P>
    std::int64_t exec(const Sql<void(P...)>& sql, const std::type_identity_t<P>&... args) {
        const meta::Ref refs[] = {meta::ref<P>(args)..., {}};
        return execute(sql.statement(), std::span(refs, sizeof...(P)));
    }

    /// Many rows at once (pg/copy.hpp); how many were inserted.
    template <class Row>
    std::int64_t copy(const Copy<Row>& copy, const std::vector<Row>& rows) {
        return copy_rows(copy.bulk(), rows.size(), meta::ref(rows));
    }

    /// Announces a change: an outbox row in this transaction. The event's `subject` is its `id` field unless one is given.
    template <class E>
    void emit(const E& event, std::string subject = {}) {
        emit_event(E::event.type, meta::ref(event), std::move(subject));
    }

    /// The same for a type that is only known at run time.
    template <class E>
    void emit_as(std::string_view type, const E& event, std::string subject = {}) {
        emit_event(type, meta::ref(event), std::move(subject));
    }

    /// Leaves work for later: it exists if, and only if, this transaction commits. P names its kind: `static constexpr JobKind job{"..."}`.
    template <class P>
    Job enqueue(const P& input, const Enqueue& how = {}) {
        return enqueue_job(P::job, meta::ref(input), how);
    }
    /// Once committed, the job runner of this process looks again: for whoever changed a job's row.
    void wake_jobs();

    template <class I>
    I new_id() {
        return I(Uuid::v7());
    }
    /// The time this transaction began, the same for the whole of it.
    Timestamp now() const;
    const pg::Scope& scope() const;
    ProjectId project() const { return scope().project_id; }
    /// `action()` runs when the commit has been acknowledged; not at all if it was not.
    template <class F>
    void after_commit(F action) {
        struct Held final : pg::AfterCommit {
            explicit Held(F held) : call(std::move(held)) {}
            void run() override { call(); }
            F call;
        };
        do_after_commit(std::make_unique<Held>(std::move(action)));
    }

private:
    bool fetch(const pg::Statement& statement, std::span<const meta::Ref> args, meta::MutableRef row);
    void fetch_all(const pg::Statement& statement, std::span<const meta::Ref> args, meta::MutableRef rows);
    std::optional<std::string> fetch_page(const pg::Statement& statement, std::span<const meta::Ref> args, meta::MutableRef rows);
    std::int64_t execute(const pg::Statement& statement, std::span<const meta::Ref> args);
    void emit_event(std::string_view type, meta::Ref event, std::string subject);
    std::int64_t copy_rows(const pg::BulkInsert& bulk, std::size_t count, meta::Ref rows);
    Job enqueue_job(const JobKind& kind, meta::Ref input, const Enqueue& how);
    void do_after_commit(std::unique_ptr<pg::AfterCommit> action);
    [[noreturn]] static void refuse_absent();

    pg::TxState& state_;
};

} // namespace gravity
