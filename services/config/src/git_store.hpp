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
};
BOOST_DESCRIBE_STRUCT(PullEnd, (), (id, state, commit, sets, detail, at))

/// Nothing where the project has as many as it may.
extern const Sql<GitSource(GitSource, int)> insert_git_source;
extern const Sql<GitSource(GitSourceId)> get_git_source, lock_git_source;
extern const Sql<GitSource(ListGitSources)> list_git_sources;
extern const Sql<void(GitSourceId)> delete_git_source;
extern const Sql<GitSource(GitSourceId)> await_git_source;
/// The commit that the drafts have stays where a pull fails.
extern const Sql<void(PullEnd)> end_pull;

} // namespace gravity::config

GRAVITY_TABLES(config, PullEnd)
