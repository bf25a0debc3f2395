#pragma once

#include "git_model.hpp"

#include <gravity/pg/tx.hpp>

/// Statements of git sources, by name. Their text is in git_store.cpp and nowhere else.
namespace gravity::config {

/// What became of a pull.
struct PullEnd {
    GitSourceId id;
    GitState state{};
    std::optional<std::string> commit;
    std::optional<int> sets;
    std::optional<std::string> detail;
    Timestamp at;
    std::optional<Timestamp> next_pull_at;
    int failures = 0;
};
BOOST_DESCRIBE_STRUCT(PullEnd, (), (id, state, commit, sets, detail, at, next_pull_at, failures))

/// Credentials as they are kept.
struct GitCredentialsRow {
    GitSourceId source_id;
    std::string sealed;
};
BOOST_DESCRIBE_STRUCT(GitCredentialsRow, (), (source_id, sealed))

/// Nothing where the project has as many as it may.
extern const Sql<GitSource(GitSource, int)> insert_git_source;
extern const Sql<GitSource(GitSourceId)> get_git_source, lock_git_source;
extern const Sql<GitSource(ListGitSources)> list_git_sources;
extern const Sql<GitSource()> all_git_sources;
extern const Sql<void(GitSourceId)> delete_git_source;
extern const Sql<GitSource(GitSourceId)> await_git_source;
/// What may be changed, when it is pulled next, and what is seen of its credentials.
extern const Sql<GitSource(GitSource)> save_git_source;
/// The commit that the drafts have stays where a pull fails.
extern const Sql<void(PullEnd)> end_pull;
/// The same where nothing has changed there: the source is as it was.
extern const Sql<void(PullEnd)> end_idle_pull;
/// Those that are to be pulled of themselves by then, at most so many.
extern const Sql<GitSourceId(Timestamp, int)> due_git_sources;
extern const Sql<void(GitCredentialsRow)> put_git_credentials;
extern const Sql<std::string(GitSourceId)> get_git_credentials;
extern const Sql<void(GitSourceId)> delete_git_credentials;
extern const Sql<GitCredentialsRow()> all_git_credentials;
/// Only if they are still those in the last place.
extern const Sql<void(GitSourceId, std::string, std::string)> reseal_git_credentials;

} // namespace gravity::config

GRAVITY_TABLES(config, PullEnd, GitCredentialsRow)
