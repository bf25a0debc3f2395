#include "git_store.hpp"

namespace gravity::config {

const Sql<GitSource(GitSource, int)> insert_git_source{"git_source.insert", R"sql(
    insert into git_source (id, url, ref, directory, label, applications, mode, allowed_signers, interval_minutes, next_pull_at, signs_in_by, username,
                            known_hosts, created_by, created_at)
    select $id, $url, $ref, $directory, $label, $applications, $mode, $allowed_signers, $interval_minutes, $next_pull_at, $signs_in_by, $username,
           $known_hosts, $created_by, $created_at
    where (select count(*) from (select from git_source limit $23) counted) < $23
    returning *)sql"};
const Sql<GitSource(GitSourceId)> get_git_source{"git_source.get", "select * from git_source where id = $1"};
const Sql<GitSource(GitSourceId)> lock_git_source{"git_source.lock", "select * from git_source where id = $1 for update"};
const Sql<GitSource(ListGitSources)> list_git_sources{"git_source.list", "select * from git_source where $page(created_at desc, id desc)"};
const Sql<GitSource()> all_git_sources{"git_source.all", "select * from git_source order by created_at, id"};
const Sql<void(GitSourceId)> delete_git_source{"git_source.delete", "delete from git_source where id = $1"};
const Sql<GitSource(GitSourceId)> await_git_source{"git_source.await", R"sql(
    update git_source set state = 'waiting', detail = null, version = version + 1 where id = $1 returning *)sql"};
const Sql<GitSource(GitSource)> save_git_source{"git_source.save", R"sql(
    update git_source set ref = $ref, directory = $directory, applications = $applications, mode = $mode, allowed_signers = $allowed_signers,
           interval_minutes = $interval_minutes, commit = $commit, next_pull_at = $next_pull_at, failures = $failures, signs_in_by = $signs_in_by,
           username = $username, known_hosts = $known_hosts, version = version + 1
    where id = $id returning *)sql"};
const Sql<void(PullEnd)> end_pull{"git_source.end_pull", R"sql(
    update git_source set state = $state, commit = coalesce($commit, commit), sets = coalesce($sets, sets), detail = $detail, pulled_at = $at,
           next_pull_at = $next_pull_at, failures = $failures, version = version + 1
    where id = $id)sql"};
const Sql<void(PullEnd)> end_idle_pull{"git_source.end_idle_pull", R"sql(
    update git_source set state = $state, detail = $detail, pulled_at = $at, next_pull_at = $next_pull_at, failures = $failures where id = $id)sql"};
const Sql<GitSourceId(Timestamp, int)> due_git_sources{"git_source.due", R"sql(
    select id from git_source where next_pull_at <= $1 order by next_pull_at, id limit $2)sql"};
const Sql<void(GitCredentialsRow)> put_git_credentials{"git_credentials.put", R"sql(
    insert into git_credentials (source_id, sealed) values ($source_id, $sealed)
    on conflict (source_id) do update set sealed = excluded.sealed)sql"};
const Sql<std::string(GitSourceId)> get_git_credentials{"git_credentials.get", "select sealed from git_credentials where source_id = $1"};
const Sql<void(GitSourceId)> delete_git_credentials{"git_credentials.delete", "delete from git_credentials where source_id = $1"};
const Sql<GitCredentialsRow()> all_git_credentials{"git_credentials.all", "select * from git_credentials order by source_id"};
const Sql<void(GitSourceId, std::string, std::string)> reseal_git_credentials{
    "git_credentials.reseal", "update git_credentials set sealed = $2 where source_id = $1 and sealed = $3"};

} // namespace gravity::config
