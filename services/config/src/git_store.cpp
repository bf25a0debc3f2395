#include "git_store.hpp"

namespace gravity::config {

const Sql<GitSource(GitSource, int)> insert_git_source{"git_source.insert", R"sql(
    insert into git_source (id, url, ref, directory, label, applications, mode, allowed_signers, created_by, created_at)
    select $id, $url, $ref, $directory, $label, $applications, $mode, $allowed_signers, $created_by, $created_at
    where (select count(*) from (select from git_source limit $17) counted) < $17
    returning *)sql"};
const Sql<GitSource(GitSourceId)> get_git_source{"git_source.get", "select * from git_source where id = $1"};
const Sql<GitSource(GitSourceId)> lock_git_source{"git_source.lock", "select * from git_source where id = $1 for update"};
const Sql<GitSource(ListGitSources)> list_git_sources{"git_source.list", "select * from git_source where $page(created_at desc, id desc)"};
const Sql<void(GitSourceId)> delete_git_source{"git_source.delete", "delete from git_source where id = $1"};
const Sql<GitSource(GitSourceId)> await_git_source{"git_source.await", R"sql(
    update git_source set state = 'waiting', detail = null, version = version + 1 where id = $1 returning *)sql"};
const Sql<void(PullEnd)> end_pull{"git_source.end_pull", R"sql(
    update git_source set state = $state, commit = coalesce($commit, commit), sets = coalesce($sets, sets), detail = $detail, pulled_at = $at,
           version = version + 1
    where id = $id)sql"};

} // namespace gravity::config
