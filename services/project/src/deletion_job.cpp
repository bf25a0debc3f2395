#include "deletion_job.hpp"

#include "audit.hpp"
#include "audit_store.hpp"
#include "deletions_domain.hpp"
#include "deletions_store.hpp"
#include "known_keys.hpp"
#include "projects_store.hpp"
#include "registered_services.hpp"

#include <gravity/async/coroutine.hpp>
#include <gravity/base/clock.hpp>
#include <gravity/discovery/client.hpp>
#include <gravity/log/log.hpp>
#include <gravity/pg/database.hpp>

namespace gravity::project {
namespace {

constexpr int most_asked_at_once = 5; // times that one service is asked in a row, while it still finds something
constexpr std::chrono::minutes patience_for_purge{10}; // as long as the route may take: less than a claim holds

void note_end(Tx& tx, std::string_view action, const Project& project) {
    record(tx, service_itself(), {.action = action, .organization = project.organization_id, .project = project.id, .target = project.id.to_string()});
}

bool anything_pending(Tx& tx) { return tx.one(deletions_pending, tx.now()); }

// The first that is due: from here on there is no way back.
bool begin_next(Tx& tx) {
    const auto project = tx.maybe(next_due_project, tx.now());
    if (!project) return false;
    tx.exec(start_deletion, project->id, tx.now());
    tx.exec(delete_environments, project->id);
    forget_known_keys(tx);
    tx.emit(ProjectDeletionStarted{project->id});
    note_end(tx, "project.deletion_started", *project);
    return true;
}

void add_missing_tasks(Tx& tx, const std::vector<std::string>& services) { tx.exec(add_tasks, services, tx.now()); }
std::vector<DeletionTaskRow> claim(Tx& tx) { return tx.all(claim_tasks, tx.now()); }

void remove_measured(Tx& tx) {
    tx.exec(delete_meters);
    tx.exec(delete_seen);
    tx.one(forget_audit);
}

/// What came of asking a service.
struct Asked {
    DeletionTaskState state = DeletionTaskState::open;
    std::optional<PurgeAnswer> answer{};
    std::optional<std::string> problem{};
};

// The answer may be late: another run may have heard one too. What both heard is added up, for both removed what they tell.
void note(Tx& tx, const ProjectId& project, const std::string& service, const Asked& asked) {
    DeletionTaskRow task = tx.one(lock_task, project, service);
    ++task.attempts;
    task.tried_at = tx.now();
    task.problem = asked.problem;
    if (asked.answer) add_answer(task, *asked.answer);
    if (task.state == DeletionTaskState::open && asked.state != DeletionTaskState::open) {
        task.state = asked.state;
        task.answered_at = tx.now();
    }
    tx.exec(save_task, task);
}

// Confirmed is what answers that it found nothing: once more after the first time, so that what came in between is seen.
Asked judged(const discovery::Incoming& incoming) {
    if (!incoming.response) return {DeletionTaskState::open, {}, incoming.absence};
    const int status = incoming.response->status;
    if (status == 404 || status == 405) return {DeletionTaskState::keeps_nothing}; // there is no such route: the service has no rows of projects
    if (status != 200) return {DeletionTaskState::open, {}, "answered " + std::to_string(status)};
    PurgeAnswer answer;
    const std::string fault = discovery::read_answer(*incoming.response, meta::mutable_ref(answer));
    if (!fault.empty()) return {DeletionTaskState::open, {}, "answered what is no count of rows: " + fault};
    const auto state = rows_found(answer) == 0 ? DeletionTaskState::confirmed : DeletionTaskState::open;
    return {state, std::move(answer)};
}

Task<void> ask(JobCtx& job, DeletionTaskRow task) {
    auto& neighbours = job.get<discovery::Neighbours>();
    for (int i = 0; i < most_asked_at_once; ++i) {
        discovery::Neighbour neighbour;
        neighbour.service = task.service;
        neighbour.scope = "projects:purge";
        discovery::Outgoing call;
        call.method = http::Method::delete_;
        call.target = "/internal/projects/" + task.project_id.to_string();
        call.attempt_timeout = patience_for_purge;
        call.deadline = std::chrono::steady_clock::now() + patience_for_purge; // made for no request, it would end after some seconds
        call.traceparent = job.traceparent();
        const discovery::Incoming incoming = co_await neighbours.send(neighbour, std::move(call));
        const Asked asked = judged(incoming);
        co_await job.transaction(note, task.project_id, task.service, asked);
        if (asked.problem)
            log::warn("a service did not delete a project", {{"of", task.service}, {"project_id", task.project_id.to_string()}, {"reason", *asked.problem}});
        if (asked.problem || asked.state != DeletionTaskState::open) co_return;
    }
}

// What is kept here of the project itself, in its own scope (decision 67).
Task<void> remove_own(JobCtx& job, ProjectId project) {
    pg::Run run;
    run.scope = pg::Scope::project(project, "service:project");
    run.traceparent = job.traceparent();
    std::function<void(Tx&)> work = remove_measured;
    pg::Database& database = job.get<OwnDatabase>().database;
    co_await database.run(std::move(run), std::move(work));
}

void finish(Tx& tx) {
    for (const ProjectId& project : tx.all(finish_deletions, tx.now())) {
        tx.emit(ProjectDeleted{project, tx.one(rows_removed, project)});
        tx.exec(delete_members_of, project); // who saw to it until now
        tx.exec(delete_invitations_to, project);
        note_end(tx, "project.deleted", tx.one(get_project, project));
    }
}

} // namespace

Task<void> delete_projects(JobCtx& job, DeleteProjects) {
    const bool pending = co_await job.transaction(anything_pending);
    if (!pending) co_return;
    for (bool more = true; more;) more = co_await job.transaction(begin_next);
    auto& registered = job.get<RegisteredServices>();
    std::vector<std::string> services = co_await registered.names();
    services.emplace_back("project");
    co_await job.transaction(add_missing_tasks, services);
    const std::vector<DeletionTaskRow> open = co_await job.transaction(claim);
    const Asked removed{DeletionTaskState::confirmed};
    for (const DeletionTaskRow& task : open) {
        job.check();
        if (task.service == "project") {
            co_await remove_own(job, task.project_id);
            co_await job.transaction(note, task.project_id, task.service, removed);
        } else {
            co_await ask(job, task);
        }
    }
    co_await job.transaction(finish);
}

} // namespace gravity::project
