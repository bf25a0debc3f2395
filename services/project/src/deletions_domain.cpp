#include "deletions_domain.hpp"

#include <gravity/json/codec.hpp>

#include <algorithm>

namespace gravity::project {
namespace {

constexpr std::string_view announcements = "gravity.outbox";

Json moment_text(const std::optional<Timestamp>& moment) { return moment ? Json(moment->to_string()) : Json(); }

} // namespace

std::int64_t rows_found(const PurgeAnswer& answer) {
    std::int64_t rows = 0;
    for (const auto& [table, count] : answer.removed)
        if (table != announcements) rows += count;
    return rows;
}

void add_answer(DeletionTask& task, const PurgeAnswer& answer) {
    for (const auto& [table, count] : answer.removed) {
        if (table == announcements) continue;
        task.removed[table] += count;
        task.rows += count;
    }
}

Deletion deletion_of(const Project& project, std::vector<DeletionTask> tasks) {
    Deletion deletion;
    deletion.project_id = project.id;
    deletion.state = project.state;
    deletion.requested_at = project.deletion_requested_at.value_or(*project.delete_after);
    deletion.delete_after = *project.delete_after;
    deletion.started_at = project.deleting_at;
    deletion.finished_at = project.deleted_at;
    const auto done = std::count_if(tasks.begin(), tasks.end(), [](const DeletionTask& task) { return task.state != DeletionTaskState::open; });
    deletion.progress = tasks.empty() ? 0 : static_cast<double>(done) / static_cast<double>(tasks.size());
    deletion.tasks = std::move(tasks);
    return deletion;
}

std::string proof_of(const Deletion& deletion, const auth::Signer& signer) {
    Json services = Json::array();
    for (const DeletionTask& task : deletion.tasks) {
        if (task.state == DeletionTaskState::open) continue;
        Json removed = Json::object();
        for (const auto& [table, count] : task.removed) removed[table] = count;
        services.push_back(Json::object({{"service", task.service},
                                         {"keeps_nothing", task.state == DeletionTaskState::keeps_nothing},
                                         {"rows_before", task.rows},
                                         {"rows_after", 0},
                                         {"removed", std::move(removed)},
                                         {"confirmed_at", moment_text(task.answered_at)}}));
    }
    const Json payload = Json::object({{"sub", deletion.project_id.to_string()},
                                       {"iat", deletion.finished_at->unix_seconds()},
                                       {"requested_at", deletion.requested_at.to_string()},
                                       {"started_at", moment_text(deletion.started_at)},
                                       {"finished_at", moment_text(deletion.finished_at)},
                                       {"services", std::move(services)}});
    return signer.token(payload.dump(), "deletion-proof+jwt");
}

} // namespace gravity::project
