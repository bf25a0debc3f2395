#include "deletions_store.hpp"

namespace gravity::project {

const Sql<bool(Timestamp)> deletions_pending{"deletion.pending", R"sql(
    select exists (select from project where delete_after <= $1))sql"};
const Sql<Project(Timestamp)> next_due_project{"deletion.next_due", R"sql(
    select * from project where delete_after <= $1 and deleting_at is null order by delete_after limit 1 for update)sql"};
const Sql<void(ProjectId, Timestamp)> start_deletion{"deletion.start", R"sql(
    update project set deleting_at = $2, version = version + 1, updated_at = $2 where id = $1)sql"};
const Sql<void(ProjectId)> delete_environments{"deletion.environments", "delete from environment where project_id = $1"};
const Sql<void(std::vector<std::string>, Timestamp)> add_tasks{"deletion.add_tasks", R"sql(
    insert into deletion_task (project_id, service, state, created_at)
    select p.id, s.name, 'open', $2::timestamptz from project p cross join unnest($1::text[]) as s (name)
    where p.deleting_at is not null and not exists (select from deletion_task t where t.project_id = p.id and t.service = s.name)
    order by p.id, s.name on conflict do nothing)sql"};
const Sql<DeletionTaskRow(Timestamp)> claim_tasks{"deletion.claim_tasks", R"sql(
    update deletion_task t set tried_at = $1::timestamptz
    from (select project_id, service from deletion_task where state = 'open' and (tried_at is null or tried_at <= $1::timestamptz - interval '11 minutes')
          order by tried_at nulls first, project_id, service limit 500 for update skip locked) c
    where t.project_id = c.project_id and t.service = c.service
    returning t.*)sql"};
const Sql<DeletionTaskRow(ProjectId, std::string)> lock_task{"deletion.lock_task", R"sql(
    select * from deletion_task where project_id = $1 and service = $2 for update)sql"};
const Sql<void(DeletionTaskRow)> save_task{"deletion.save_task", R"sql(
    update deletion_task set state = $state, attempts = $attempts, problem = $problem, removed = $removed, rows = $rows, tried_at = $tried_at,
           answered_at = $answered_at
    where project_id = $project_id and service = $service)sql"};
const Sql<DeletionTask(ProjectId)> tasks_of{"deletion.tasks", "select * from deletion_task where project_id = $1 order by service"};
const Sql<ProjectId(Timestamp)> finish_deletions{"deletion.finish", R"sql(
    update project p set deleted_at = $1, version = version + 1, updated_at = $1
    where p.deleting_at is not null and p.deleted_at is null and not exists (select from deletion_task t where t.project_id = p.id and t.state = 'open')
      and exists (select from deletion_task t where t.project_id = p.id)
    returning id)sql"};
const Sql<void(ProjectId)> delete_invitations_to{"deletion.invitations", "delete from invitation where project_id = $1"};
const Sql<void(ProjectId)> delete_members_of{"deletion.members", "delete from project_member where project_id = $1"};
const Sql<std::int64_t(ProjectId)> rows_removed{"deletion.rows_removed", "select coalesce(sum(rows), 0)::bigint from deletion_task where project_id = $1"};

const Sql<void()> delete_meters{"deletion.meters", "delete from meter"};
const Sql<void()> delete_seen{"deletion.seen", "delete from usage_seen"};

} // namespace gravity::project
